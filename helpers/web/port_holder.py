"""Which process of this user listens on a port of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LISTENS = "0A"  # include/net/tcp_states.h


def holder(port: int) -> int | None:
    """Its number; None where nobody listens, it is another user's, or the system has no ``/proc``."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not wanted:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(os.readlink(each) in wanted for each in (process / "fd").iterdir()):
                return int(process.name)
    return None


def told(pid: int) -> str:
    """The process in words that its owner understands."""
    with suppress(OSError):
        if b"ipykernel" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return f"your notebook, process {pid}"
    return f"your process {pid}"


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                    yield rest[5]
