"""Which processes and users belong to a workshop, and how all of them end, also when the hub has crashed."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_HUB = 30.0  # seconds for the hub, which ends the attendees' servers one after the other
_GRACE = 5.0  # seconds for what is asked to end, and again for what is forced to


def running(state: Path) -> int | None:
    """The hub's process, if that number is still one of this workshop."""
    with suppress(OSError, ValueError):
        pid = int((state / "hub.pid").read_text(encoding="ascii"))
        return pid if pid in left(state) else None
    return None


def left(state: Path, users: frozenset[int] = frozenset()) -> list[int]:
    """Processes that carry the workshop's mark in their environment, or belong to one of these users."""
    mark = f"WORKSHOP_STATE={state}".encode()
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _belongs(process, mark, users)]


def _belongs(process: Path, mark: bytes, users: frozenset[int]) -> bool:
    try:
        status = (process / "status").read_text(encoding="utf-8", errors="replace")
        if "\nState:\tZ" in status:
            return False  # it has ended; only its parent can collect what is left
        user = re.search(r"\nUid:\t(\d+)", status)
        if user and int(user[1]) in users:
            return True
        return process.name != str(os.getpid()) and mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def end(find: Callable[[], list[int]]) -> list[int]:
    """Ask what is found to end, then force it; in ten seconds at most. Returns what has not ended."""
    asked: set[int] = set()
    began = time.monotonic()
    while (found := find()) and (waited := time.monotonic() - began) < 2 * _GRACE:
        for pid in found:
            with suppress(ProcessLookupError):
                if waited > _GRACE:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in asked:
                    os.kill(pid, signal.SIGTERM)
        asked |= set(found)
        time.sleep(0.1)
    return found


def end_leftovers(state: Path) -> None:
    """Proxy and board of a hub that has crashed hold its ports; the attendees' servers may go on."""
    ours = os.geteuid()
    end(lambda: [pid for pid in left(state) if _owner(pid) == ours])


def _owner(pid: int) -> int | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}").stat().st_uid
    return None


def stop(state: Path) -> None:
    """End the hub, the proxy, the board and every attendee's server and kernels."""
    users = frozenset(user.pw_uid for user in accounts(state))
    hub, found = running(state), left(state, users)
    if hub:
        with suppress(ProcessLookupError):
            os.kill(hub, signal.SIGTERM)
        until = time.monotonic() + _HUB
        while running(state) and time.monotonic() < until:
            time.sleep(0.1)
    # A kernel may outlive its server, and all may outlive a hub that crashed.
    if remaining := end(lambda: left(state, users)):
        sys.exit(f"These processes do not end, even when forced: {', '.join(map(str, remaining))}")
    (state / "hub.pid").unlink(missing_ok=True)
    if not found:
        print("No hub is running.")
        return
    print("Stopped. The attendees' files are still there: make -C workshop remove deletes them.")


def remove(state: Path) -> None:
    """Delete the users that a start has created, with their home folders, and the passwords."""
    stop(state)
    for user in accounts(state):
        done = subprocess.run(
            ["userdel", "--remove", user.pw_name], check=False, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"The account {user.pw_name} could not be deleted: {done.stderr.strip()}")
    if state.exists():
        shutil.rmtree(state)
    print("Removed: the attendees' accounts, home folders and passwords.")


def accounts(state: Path) -> list[pwd.struct_passwd]:
    """The users that a start has created; none unless it was root's."""
    return [user for user in pwd.getpwall() if os.geteuid() == 0 and user.pw_gecos == comment(state)]


def comment(state: Path) -> str:
    """By which the Unix users that a start has created are known again."""
    return f"workshop {state}"


def refuse_somebody_elses(state: Path) -> None:
    with suppress(OSError):
        owner = state.stat().st_uid
        if os.geteuid() not in (0, owner):
            whose = "root" if owner == 0 else f"user {owner}"
            sys.exit(f"This workshop was started by {whose}: run the command as {whose}.")
