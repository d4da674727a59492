"""The proof of a login at the real address, where no gateway of ours sees it: the user it leaves."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from helpers.core.errors import Stopped
from helpers.core.flows import DOCUMENTED, TODAY
from helpers.failures import known
from helpers.strapi.providers import Admin

_PAUSE = 2.0  # seconds between two looks
_STEPS = (
    "Look where your browser ended. 502 at /callback: the proxy's buffer for headers is too small.",
    "An error on your page or in Strapi's log: paste it into What do you see.",
    "Then check the deployed setup again and log in once more.",
)


class ProductionLogin:
    """Watches Strapi's users from the moment it is made, when the person is about to open their page.

    Raises:
        Refused: this account may not read users.
    """

    def __init__(self, admin: Admin, provider: str = TODAY.provider) -> None:
        self._admin, self._provider = admin, provider
        self._before = {user["id"]: user.get("updatedAt") for user in self._users()}

    def seen(self, account: str) -> str:
        """What proves a login of ``account``, an Instagram name; empty while nothing does."""
        for user in self._theirs(account):
            if user["id"] not in self._before:
                return f"A login of @{account} was seen: Strapi has a new user {user['username']}"
            if user.get("updatedAt") != self._before[user["id"]]:
                return f"A login of @{account} was seen: its user {user['username']} changed just now"
        return ""

    def wait(self, account: str, *, timeout: float, cancelled: threading.Event) -> str:
        """The proof, as soon as there is one.

        Raises:
            Stopped: none came in ``timeout`` seconds, or the wait was cancelled.
        """
        until = time.monotonic() + timeout
        while time.monotonic() < until and not cancelled.is_set():
            if proof := self.seen(account):
                return proof
            cancelled.wait(_PAUSE)
        if not cancelled.is_set() and self._theirs(account):
            raise Stopped(
                f"@{account} has a user in this Strapi already, and a repeated login changes nothing there",
                fix=(
                    _STEPS[0],
                    f"If {account} is only a test's user, delete it in the Content Manager and log in again.",
                    "Or log in with an account that was never here.",
                ),
            )
        raise Stopped(
            f"No login of @{account} was seen",
            failure=None if cancelled.is_set() else known.PROXY_HEADER_BUFFER,
            evidence="this is the most frequent cause that nobody sees from outside, not a finding",
            fix=_STEPS,
        )

    def _theirs(self, account: str) -> list[dict[str, Any]]:
        # Strapi adds four digits to a name that is taken.
        name = re.compile(rf"{re.escape(account.lstrip('@'))}(\d{{4}})?", re.I)
        return [user for user in self._users() if name.fullmatch(str(user.get("username", "")))]

    def _users(self) -> list[dict[str, Any]]:
        """Those of this provider. Strapi tells nobody a user's provider, but its addresses are its own."""
        flow = TODAY if self._provider == TODAY.provider else DOCUMENTED
        return self._admin.recent_users(flow.email_domain)
