"""Measure everything side by side and write it to ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
from pathlib import Path

from tests.bench import doctor, gateway, logins, startup
from tests.bench.measuring import Row

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def main() -> None:
    machine = (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )
    print(machine, "\n")
    found = []
    for part in (logins, doctor, startup, gateway):
        for row in part.rows():
            print(f"{row.what}\n    {row.value}" + (f"   (promised: {row.promise})" if row.promise else ""))
            found.append(row)
    PAGE.write_text(page(machine, found), encoding="utf-8")


def processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def page(machine: str, rows: list[Row]) -> str:
    lines = [f"| {row.what} | {row.value} | {row.promise} |" for row in rows]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `make bench` on {date.today()}: {machine}. Medians of one run, taken in turns; "
            "read the ratios, for the times are this machine's.",
            "",
            "| what | measured | promised |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main()
