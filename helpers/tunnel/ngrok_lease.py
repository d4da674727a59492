"""Whose an ngrok agent is: written down while it runs, so that it is found, left alone or ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

_ENDING_PATIENCE = 3.0  # seconds after each signal


def lease(state_dir: Path) -> Path:
    return state_dir / "agent.json"


def life_line(state_dir: Path) -> int | None:
    """A pipe that only this process holds: its reader sees this process's end, even by SIGKILL."""
    if os.name == "nt":
        return None
    path = life_line_path(state_dir)
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR)


def life_line_path(state_dir: Path) -> Path:
    return state_dir / "agent.life"


class Lease(NamedTuple):
    """An agent, the process that started it, and the address on this machine to which it leads."""

    pid: int
    kernel: int
    upstream: str


def leased(state_dir: Path) -> Lease | None:
    """What the lease says; whether anything of it still runs is another question."""
    try:
        facts = json.loads(lease(state_dir).read_text(encoding="utf-8"))
        return Lease(int(facts["pid"]), int(facts.get("kernel", 0)), str(facts.get("upstream", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def leased_pid(state_dir: Path) -> int | None:
    found = leased(state_dir)
    return found.pid if found else None


def held_elsewhere(state_dir: Path, config: Path) -> Lease | None:
    """The lease of an agent that runs for another process of this user's that runs, too."""
    found = leased(state_dir)
    if found is None or found.kernel in (0, os.getpid()):
        return None
    return found if str(config) in _arguments(found.pid) and runs(found.kernel) else None


def runs(pid: int) -> bool:
    return pid > 0 and bool(_arguments(pid))


def end_leased(state_dir: Path, config: Path) -> None:
    """End the agent named by the lease, if that process is still one that was started with ``config``."""
    pid = leased_pid(state_dir)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + _ENDING_PATIENCE
        with contextlib.suppress(OSError):
            if str(config) in _arguments(pid):
                os.kill(pid, number)
        while str(config) in _arguments(pid) and time.monotonic() < until:
            time.sleep(0.01)
    lease(state_dir).unlink(missing_ok=True)


def _arguments(pid: int) -> str:
    """A running process's command line; psutil would be a dependency for this one question."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        return ""
    command = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_ENDING_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
