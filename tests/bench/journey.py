"""What an attendee's whole journey takes: one kernel, where six notebooks were six kernels."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel

from tests.bench.measuring import Row, timed

NOTEBOOK = Path(__file__).parents[2] / "notebooks/1_set_up.ipynb"
BEFORE = 470  # MB of an attendee with six notebooks open, the server's 110 among them
_CELL = 120  # seconds


def rows() -> list[Row]:
    found = [measured(flow) for flow in ("today", "documented")]
    value = "; ".join(f"{memory:.0f} MB after {seconds:.1f} s" for memory, seconds in found)
    what = "kernel after the whole journey, today; documented"
    return [Row(what, value, "with the server of a hub at most 180 MB: see A workshop")]


def measured(flow: str) -> tuple[float, float]:
    """MB of the kernel and all that it has started, when every cell has run, and the seconds until then."""
    home = tempfile.mkdtemp()
    given = {"KIT_HOME": home, "KIT_AUTOPILOT": "1", "KIT_MODE": "rehearsal", "KIT_FLOW": flow}
    manager, client = start_new_kernel(env=os.environ | given, cwd=str(NOTEBOOK.parent))
    try:
        seconds = timed(lambda: [run(client, code) for code in cells()])
        return memory(manager.provisioner.pid), seconds
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        shutil.rmtree(home)


def cells() -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(client: object, code: str) -> None:
    answer = client.execute_interactive(code, timeout=_CELL, output_hook=lambda _: None)  # type: ignore[attr-defined]
    if answer["content"]["status"] != "ok":
        raise RuntimeError(answer["content"]["evalue"])


def memory(pid: int) -> float:
    kernel = psutil.Process(pid)
    return sum(each.memory_full_info().pss for each in (kernel, *kernel.children(recursive=True))) / 2**20
