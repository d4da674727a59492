"""All checks together against the slowest of them alone, and how long a pasted text is read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

import httpx

from helpers import failures
from helpers.doctor import checks
from helpers.doctor.recognise import read
from helpers.kit import Kit
from tests.bench.logins import rehearsed
from tests.bench.measuring import Row, alternately, percentile, ratio, timed
from tests.support.error_texts import FOREIGN, SURE

DISTANCE = 0.1  # seconds to a public address and back; stands for the network that one machine does not have


def rows() -> list[Row]:
    with rehearsed() as kit:
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        kit.logins.wait(timeout=10)
        near = _row(kit, "on one machine", "")

        def travel(request: httpx.Request) -> None:
            if str(request.url).startswith(kit.public_url):
                time.sleep(DISTANCE)

        kit.http.event_hooks["request"].append(travel)
        away = f"with {DISTANCE * 1000:.0f} ms of delay to the public address, as a real tunnel has"
        return [_row(kit, away, "at most 1.3x"), near, *_reading()]


def _row(kit: Kit, where: str, promise: str) -> Row:
    def measured(names: tuple[str, ...]) -> float:
        kit.changed()  # nothing that Strapi said before is believed
        return timed(partial(checks.run, kit, names))

    alone = {name: alternately(partial(measured, (name,)), rounds=5)[0] for name in checks.CHECKS}
    slowest = max(alone, key=lambda name: sorted(alone[name])[2])
    whole, one = alternately(partial(measured, tuple(checks.CHECKS)), partial(measured, (slowest,)))
    return Row(f"whole doctor / its slowest check ({slowest}), {where}", ratio(whole, one), promise)


def _reading() -> list[Row]:
    """Of every text that was ever tried; beside it, the same expressions searched one after the other."""
    texts = [text for _, text in (*SURE, *FOREIGN)]
    log = "\n".join(text for _, text in SURE)[:16_000]
    entries = failures.all_failures().values()
    told = [sign for each in entries for sign in (*each.signs, *each.words, *each.hints)]
    plain = [re.compile(each, re.I) for each in (*told, *(anchor.sign for anchor in failures.anchors()))]

    def all_of(read: Callable[[str], object]) -> Callable[[], float]:
        return lambda: timed(lambda: [read(text) for text in texts])

    read(log)  # compiles its expressions
    times = [timed(partial(read, text)) for text in texts]
    longest = timed(partial(read, log))
    ours, theirs = alternately(
        all_of(read), all_of(lambda text: [each.search(text) for each in plain]), rounds=5
    )
    value = (
        f"{percentile(times, 50):.2f} ms p50, {percentile(times, 99):.2f} ms p99; "
        f"{longest * 1000:.1f} ms for a log of 16,000 characters, all of them errors"
    )
    return [
        Row(f"a pasted text read, {len(texts)} texts", value, "at most 50 ms a text"),
        Row(f"{len(texts)} texts read / the same expressions all searched", ratio(ours, theirs), "below 1x"),
    ]
