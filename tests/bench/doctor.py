"""All checks together against the slowest of them alone, with a public address that is some way off."""

from __future__ import annotations

import time
from functools import partial

import httpx

from helpers import checks
from tests.bench.logins import rehearsed
from tests.bench.measuring import Row, alternately, ratio, timed

DISTANCE = 0.1  # seconds to a public address and back, which on this machine alone would be none


def rows() -> list[Row]:
    with rehearsed() as kit:
        public = kit.public_url

        def travel(request: httpx.Request) -> None:
            if str(request.url).startswith(public):
                time.sleep(DISTANCE)

        kit.http.event_hooks["request"].append(travel)
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)

        def measured(names: tuple[str, ...]) -> float:
            kit.changed()  # nothing that Strapi said before is believed
            return timed(partial(checks.run, kit, names))

        alone = {name: alternately(partial(measured, (name,)), rounds=5)[0] for name in checks.CHECKS}
        slowest = max(alone, key=lambda name: sorted(alone[name])[2])
        whole, one = alternately(partial(measured, tuple(checks.CHECKS)), partial(measured, (slowest,)))
    name = f"whole doctor / its slowest check ({slowest}, {DISTANCE * 1000:.0f} ms to the public address)"
    return [Row(name, ratio(whole, one), "at most 1.3x")]
