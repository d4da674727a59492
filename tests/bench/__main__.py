"""Measure everything side by side, or only what is named, and write it to ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import date
from pathlib import Path

from tests.bench import crowd, doctor, gateway, journey, load, logins, startup
from tests.bench.measuring import Row

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

_READ = """# Benchmarks

Written by `make bench`. Medians, taken in turns; read the ratios, for the times are one machine's."""
_CHROMIUM = """
**Chromium** is counted with its start, because who tests a login with a browser starts one. Beside it stands
what is left of the ratio when the browser runs already."""
_DOCTOR = """
**The doctor** runs its checks at once. Over a network, for which the delay of 100 ms stands, all of them take
about as long as the slowest, and that is promised. On one machine nobody waits for anything, and the sum of
their work remains."""
_CROWD = """
nginx has one worker, as the others have one process. CPU is that of the process in the middle alone; a bare
server that answers from memory stands behind it."""
_WORKSHOP = f"""![Growth of time and memory with the number of attendees](workshop-load.svg)

All notebooks on autopilot, by all attendees at the same time, on the hub of `workshop/`; one run for
each number of attendees. Memory is PSS of one attendee, the median over all, with the notebook of the
login open; a bare kernel has only imported the same third-party packages. Promised: no failure, at most
1.25x, at most 180 MB for all three together after the whole journey (six notebooks took {journey.BEFORE} MB),
and a time that grows no faster than the number of attendees."""
# By the name on the command line: its title, what measures it, and what is to be said about it.
_PARTS = {
    "logins": ("The round trip", logins.rows, _CHROMIUM),
    "doctor": ("The doctor", doctor.rows, _DOCTOR),
    "startup": ("Starting", startup.rows, ""),
    "journey": ("The whole journey", journey.rows, ""),
    "gateway": ("The gateway", gateway.rows, ""),
    "crowd": ("The gateway beside others", crowd.rows, _CROWD),
}


def main(*names: str) -> None:
    """Whatever is not named stays as it was measured last."""
    sections = _sections(PAGE.read_text(encoding="utf-8"))
    for name, (title, rows, note) in _PARTS.items():
        if not names or name in names:
            found = rows()
            for row in found:
                print(
                    f"{row.what}\n    {row.value}" + (f"   (promised: {row.promise})" if row.promise else "")
                )
            sections[title] = section(found, note)
    if not names or "workshop" in names:
        sections["A workshop"] = "\n".join([_machine(), "", _WORKSHOP, *load.section()]).strip()
    titles = [*(title for title, _, _ in _PARTS.values()), "A workshop"]
    told = [f"## {title}\n\n{sections[title]}" for title in titles if title in sections]
    PAGE.write_text("\n\n".join([_READ, *told]) + "\n", encoding="utf-8")


def _sections(page: str) -> dict[str, str]:
    parts = (part.partition("\n") for part in page.split("\n## ")[1:])
    return {title.strip(): text.strip() for title, _, text in parts}


def _machine() -> str:
    cores = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    busy = f"load {os.getloadavg()[0]:.1f} at its end"
    return f"{date.today()}: {processor()}, {cores}; {busy}."


def processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def section(rows: list[Row], note: str) -> str:
    lines = [f"| {row.what} | {row.value} | {row.promise} |" for row in rows]
    return "\n".join(
        [_machine(), "", "| what | measured | promised |", "|---|---|---|", *lines, note]
    ).strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
