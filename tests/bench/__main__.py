"""Measure everything side by side and write it to ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
from pathlib import Path

from tests.bench import crowd, doctor, gateway, journey, load, logins, startup
from tests.bench.measuring import Row

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

_READ = "Medians of one run, taken in turns; read the ratios, for the times are this machine's."
_NOTES = """
**The doctor** runs its checks at once. Over a network, for which the delay of 100 ms stands, all of them take
about as long as the slowest, and that is promised. On one machine nobody waits for anything, and the sum of
their work remains.

**Chromium** is counted with its start, because who tests a login with a browser starts one. Beside it stands
what is left of the ratio when the browser runs already.

## A workshop

![Growth of time and memory with the number of attendees](workshop-load.svg)

All notebooks on autopilot, by all attendees at the same time, on the hub of `workshop/`; one run for
each number of attendees. Memory is PSS of one attendee, the median over all, with the notebook of the
login open; a bare kernel has only imported the same third-party packages. Promised: no failure, at most
1.25x, and a time that grows no faster than the number of attendees.
"""


def main() -> None:
    machine = (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )
    print(machine, "\n")
    found = []
    for part in (logins, doctor, startup, journey, gateway, crowd):
        for row in part.rows():
            print(f"{row.what}\n    {row.value}" + (f"   (promised: {row.promise})" if row.promise else ""))
            found.append(row)
    workshop = load.section()
    print(*workshop, sep="\n")
    PAGE.write_text(page(machine, found, workshop), encoding="utf-8")


def processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def page(machine: str, rows: list[Row], workshop: list[str]) -> str:
    lines = [f"| {row.what} | {row.value} | {row.promise} |" for row in rows]
    head = f"Written by `make bench` on {date.today()}: {machine}. {_READ}"
    table = ["| what | measured | promised |", "|---|---|---|", *lines]
    return "\n".join(["# Benchmarks", "", head, "", *table, _NOTES.rstrip(), *workshop]).rstrip() + "\n"


if __name__ == "__main__":
    main()
