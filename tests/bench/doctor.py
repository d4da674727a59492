"""All checks together against the slowest of them alone, over a network and on one machine."""

from __future__ import annotations

import time
from functools import partial

import httpx

from helpers.doctor import checks
from helpers.kit import Kit
from tests.bench.logins import rehearsed
from tests.bench.measuring import Row, alternately, ratio, timed

DISTANCE = 0.1  # seconds to a public address and back; stands for the network that one machine does not have


def rows() -> list[Row]:
    with rehearsed() as kit:
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        near = _row(kit, "on one machine", "")

        def travel(request: httpx.Request) -> None:
            if str(request.url).startswith(kit.public_url):
                time.sleep(DISTANCE)

        kit.http.event_hooks["request"].append(travel)
        away = f"with {DISTANCE * 1000:.0f} ms of delay to the public address, as a real tunnel has"
        return [_row(kit, away, "at most 1.3x"), near]


def _row(kit: Kit, where: str, promise: str) -> Row:
    def measured(names: tuple[str, ...]) -> float:
        kit.changed()  # nothing that Strapi said before is believed
        return timed(partial(checks.run, kit, names))

    alone = {name: alternately(partial(measured, (name,)), rounds=5)[0] for name in checks.CHECKS}
    slowest = max(alone, key=lambda name: sorted(alone[name])[2])
    whole, one = alternately(partial(measured, tuple(checks.CHECKS)), partial(measured, (slowest,)))
    return Row(f"whole doctor / its slowest check ({slowest}), {where}", ratio(whole, one), promise)
