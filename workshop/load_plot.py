"""The growth curves of a load test as a small SVG that needs no library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]
_WIDTH, _HEIGHT, _LEFT, _TOP = 300, 200, 60, 40
_COLOURS = ("#0b5394", "#b45f06")


def draw(rows: Sequence[Row]) -> str:
    time: dict[str, Callable[[Row], float]] = {
        "all notebooks": lambda row: row["notebooks"],
        "servers up": lambda row: row["start"],
    }
    memory: dict[str, Callable[[Row], float]] = {
        "kernel and kit": lambda row: row["kernel"] + row["rest"],
        "bare kernel": lambda row: row["bare"],
    }
    panels = _panel(rows, "Seconds until all are done", time, 0) + _panel(
        rows, "Memory of each attendee, MB (PSS)", memory, _WIDTH + 2 * _LEFT
    )
    width, height = 2 * (_WIDTH + 2 * _LEFT), _HEIGHT + 2 * _TOP + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="13"><rect width="{width}" height="{height}" fill="#fff"/>{panels}</svg>\n'
    )


def _panel(rows: Sequence[Row], title: str, lines: dict[str, Callable[[Row], float]], at: int) -> str:
    highest = max(value(row) for value in lines.values() for row in rows)
    step = _round_step(highest)
    most = step * math.ceil(highest / step)
    people = max(row["attendees"] for row in rows)
    x = lambda row: at + _LEFT + _WIDTH * row["attendees"] / people  # noqa: E731 - two one-line scales
    y = lambda value: _TOP + _HEIGHT * (1 - value / most)  # noqa: E731
    parts = [f'<text x="{at + _LEFT}" y="{_TOP - 16}" font-weight="bold">{title}</text>']
    for tick in range(0, most + 1, step):
        parts.append(f'<path d="M{at + _LEFT} {y(tick):.0f}h{_WIDTH}" stroke="#ccc"/>')
        parts.append(f'<text x="{at + _LEFT - 6}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick}</text>')
    for row in rows:
        parts.append(
            f'<text x="{x(row):.0f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{row["attendees"]}</text>'
        )
    parts.append(
        f'<text x="{at + _LEFT + _WIDTH / 2:.0f}" y="{_TOP + _HEIGHT + 36}" '
        'text-anchor="middle">attendees</text>'
    )
    for (name, value), colour in zip(lines.items(), _COLOURS, strict=True):
        points = " ".join(f"{x(row):.1f},{y(value(row)):.1f}" for row in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [
            f'<circle cx="{x(row):.1f}" cy="{y(value(row)):.1f}" r="3.5" fill="{colour}"/>' for row in rows
        ]
        place = f'x="{x(rows[-1]):.0f}" y="{y(value(rows[-1])) - 10:.0f}" text-anchor="end"'
        parts.append(f'<text {place} fill="{colour}">{name}</text>')
    return "".join(parts)


def _round_step(highest: float) -> int:
    """1, 2 or 5 times a power of ten, so that there are at most five steps."""
    rough = max(1.0, highest / 5)
    power = 10 ** int(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
