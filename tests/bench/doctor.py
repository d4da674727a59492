"""All checks together against the slowest of them alone."""

from __future__ import annotations

from functools import partial

from helpers import checks
from tests.bench.logins import rehearsed
from tests.bench.measuring import Row, alternately, ratio, timed


def rows() -> list[Row]:
    with rehearsed() as kit:
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)

        def measured(names: tuple[str, ...]) -> float:
            kit.strapi.forget()  # every run asks anew
            return timed(partial(checks.run, kit, names))

        alone = {name: alternately(partial(measured, (name,)), rounds=5)[0] for name in checks.CHECKS}
        slowest = max(alone, key=lambda name: sorted(alone[name])[2])
        whole, one = alternately(partial(measured, tuple(checks.CHECKS)), partial(measured, (slowest,)))
    return [Row(f"whole doctor / its slowest check ({slowest})", ratio(whole, one), "at most 1.3x")]
