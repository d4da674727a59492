"""Attendees who run all notebooks at the same time on the workshop's own hub, one run for each number."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from workshop.load_plot import draw

ROOT = Path(__file__).parents[2]
PLOT = ROOT / "docs" / "workshop-load.svg"
_HEAD = (
    "| attendees | failures | servers up | all notebooks | server | kernel | the kit's agent "
    "| all three | bare kernel | kernel and kit / bare kernel |"
)


def section() -> list[str]:
    """Lines of the page, and the plot beside it, from the same rows."""
    rows, said = measured()
    if not rows:
        return ["", _HEAD, "|" + "---|" * 10, f"| | not measured: {said} |" + " |" * 8]
    if all("bare" in row for row in rows):
        PLOT.write_text(draw(rows), encoding="utf-8")
    failures = [f"- {row['attendees']} attendees: {each}" for row in rows for each in row["failures"]]
    return ["", _HEAD, "|" + "---|" * 10, *map(_line, rows), "", *failures]


def measured() -> tuple[list[dict[str, Any]], str]:
    """The rows, or why there are none. The workshop's Makefile finds a Python that attendees may run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        command = ["make", "--silent", "-C", "workshop", "load", f"JSON={file}"]
        done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8")), ""
    said = [line for line in done.stderr.splitlines() if line and not line.startswith("make")]
    return [], said[-1] if said else f"make -C workshop load ended with {done.returncode}"


def _line(row: dict[str, Any]) -> str:
    if "bare" not in row:
        return f"| {row['attendees']} | {len(row['failures'])} |" + " not measured |" * 8
    own = [row[name] for name in ("server", "kernel", "rest")]
    memory = " | ".join(f"{each:.1f} MB" for each in (*own, sum(own), row["bare"]))
    times = f"{row['start']:.1f} s | {row['notebooks']:.1f} s"
    ratio = (row["kernel"] + row["rest"]) / row["bare"]
    return f"| {row['attendees']} | {len(row['failures'])} | {times} | {memory} | {ratio:.2f}x |"
