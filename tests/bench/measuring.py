"""Times taken in turns, and how they are told."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``promise`` is the bound that the kit sets itself, in words; a machine may break it, no test does."""

    what: str
    value: str
    promise: str = ""


def alternately(*jobs: Callable[[], float], rounds: int = 40) -> list[list[float]]:
    """Times of several jobs taken in turns, so that a busy moment hits all of them."""
    for job in jobs:
        job()
    return [list(column) for column in zip(*([job() for job in jobs] for _ in range(rounds)), strict=True)]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ratio(ours: list[float], theirs: list[float], unit: str = "ms") -> str:
    scale = 1000 if unit == "ms" else 1
    mine, other = statistics.median(ours) * scale, statistics.median(theirs) * scale
    return f"{mine:.2f} {unit} against {other:.2f} {unit}: {mine / other:.2f}x"


def percentile(times: list[float], percent: int) -> float:
    """In milliseconds."""
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)] * 1000
