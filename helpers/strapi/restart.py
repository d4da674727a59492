"""A change of files that the running Strapi must take over: it restarts by itself, or somebody does it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import KitError, Stopped, Unreachable
from helpers.strapi.client import Admin, Strapi
from helpers.strapi.providers import Entry

Providers = dict[str, Entry]

_LOOK = 0.5  # seconds between two looks
_RESTARTING = 30.0  # seconds for a Strapi that is down to come back, if it is only restarting
_OVERLOOKED = 8.0  # seconds; a Strapi that has seen a change is down earlier, also one that compiles
_BY_ITSELF = 120.0  # seconds; JavaScript takes 5 to 10, TypeScript 10 to 25, a busy machine more
_BY_HAND = 120.0  # seconds a person may take to restart it

# `ignored` in @strapi/strapi/dist/src/node/develop.js of 5.54
_UNWATCHED = re.compile(r"/\.|tmp|/(node_modules|build|dist|logs?|exports|public|documentation)/")

BY_ITSELF, BY_HAND, UNSEEN, DOWN = "by itself", "by hand", "unseen", "down"
# `strapi build` compiles into dist and leaves there what has no source any more.
_START_AGAIN = (
    "Restart Strapi: Ctrl-C where it runs (TypeScript: delete dist, npm run build), then start it again"
)


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


def unwatched(project: str) -> bool:
    """Whether ``strapi develop`` sees no change there: it ignores whole paths by what is in their names."""
    return bool(_UNWATCHED.search(f"{Path(project).expanduser().resolve()}/"))


class Restart:
    """One change and its way into the running Strapi: :meth:`look` before it is made, :meth:`wait` after it.

    Args:
        admin: signs in; None while nobody has typed the pair, and then less can be seen.
        project: its folder.
        say: shows what is waited for.
    """

    def __init__(
        self,
        strapi: Strapi,
        admin: Callable[[], Admin] | None,
        project: str,
        say: Callable[[str], object],
        cancelled: threading.Event,
    ) -> None:
        self._strapi, self._admin, self._project = strapi, admin, project
        self._say, self._cancelled = say, cancelled

    def look(self) -> str:
        """How this Strapi will take over a change of its files. One that is restarting is waited for."""
        if not self._up() and not wait(self._up, _RESTARTING, self._cancelled):
            return DOWN
        with suppress(KitError):  # a pair that is refused is told where it is typed
            if self._admin:
                return BY_ITSELF if self._admin().restarts_by_itself() else BY_HAND
        return UNSEEN

    def _up(self) -> bool:
        try:
            self._strapi.check_up()
        except Unreachable:
            return False
        return True

    def wait(self, how: str, seen: Callable[[Providers], bool]) -> str:
        """What became of it, as a sentence; ``seen`` tells by Strapi's providers whether it has the change.

        Raises:
            Stopped: it has not, or the wait was cancelled.
        """
        if how == DOWN:
            return "Strapi does not run: it reads them when you start it"
        admin = self._admin
        if how == UNSEEN or admin is None:
            return self._watch()
        by_itself = how == BY_ITSELF
        told = "Strapi restarts by itself; waiting until it has the change" if by_itself else _START_AGAIN
        self._say(told)
        seconds, project = (_BY_ITSELF, self._project) if by_itself else (_BY_HAND, "")
        if wait(lambda: seen(admin().providers()), seconds, self._cancelled, project):
            return "Strapi has restarted by itself" if by_itself else "Strapi was restarted"
        if by_itself and unwatched(self._project):
            raise Stopped(f"Strapi does not watch {self._project}. {_START_AGAIN}")
        if by_itself:
            raise Stopped("Strapi did not come back with the change: read what it says where it runs")
        raise Stopped(f"Strapi still runs as before. {_START_AGAIN}")

    def _watch(self) -> str:
        """Without an administrator all that can be seen is that it goes and comes back."""
        self._say("Waiting for Strapi to restart by itself, as it does under npm run develop")
        if not wait(lambda: not self._up(), _OVERLOOKED * 2, self._cancelled, self._project):
            return f"If it does not run under npm run develop: {_START_AGAIN[0].lower()}{_START_AGAIN[1:]}"
        if not wait(self._up, _BY_ITSELF, self._cancelled):
            raise Stopped("Strapi did not come back: read what it says where it runs")
        return "Strapi has restarted by itself"


def sends(providers: Providers, public: str) -> bool:
    """Whether Strapi builds its ``redirect_uri`` from this public address."""
    return any(str(entry.get("redirectUri", "")).startswith(f"{public}/") for entry in providers.values())
