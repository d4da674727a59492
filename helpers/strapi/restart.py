"""A change of files that a running Strapi must take over: under ``strapi develop`` it restarts by itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import KitError, Stopped, Unreachable
from helpers.failures import known
from helpers.strapi.client import Strapi

_LOOK = 0.5  # seconds between two looks
_RESTARTING = 30.0  # seconds for a Strapi that is down to come back, if it is only restarting
_OVERLOOKED = 5.0  # seconds; a Strapi that has seen a change is down within one


def wait(seen: Callable[[], bool], seconds: float, cancelled: threading.Event, project: str = "") -> bool:
    """Look until it is seen; whatever cannot be asked meanwhile is one more reason to look again.

    Strapi overlooks a change in the second after its start: when nothing happens ``project`` is touched.

    Raises:
        Stopped: ``cancelled`` was set.
    """
    began = touched = time.monotonic()
    while True:
        with suppress(KitError):
            if seen():
                return True
            if project and time.monotonic() - touched > _OVERLOOKED:
                touched = time.monotonic()
                with suppress(OSError):
                    os.utime(Path(project).expanduser() / "package.json")
        if time.monotonic() - began > seconds:
            return False
        if cancelled.wait(_LOOK):
            raise Stopped("The wait for Strapi was cancelled")


def wait_until_up(strapi: Strapi, cancelled: threading.Event) -> None:
    """Raises Unreachable when nobody answers, also after the time that a restart takes."""

    def up() -> bool:
        strapi.check_up()
        return True

    if not wait(up, _RESTARTING, cancelled):
        raise Unreachable(f"Nobody answers at {strapi.url}", failure=known.STRAPI_DOES_NOT_ANSWER)
