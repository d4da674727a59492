"""What the stand-in for Instagram knows: one developer app, one account, and what it has handed out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from helpers.core.masking import Secret

HOUR = 3600.0  # seconds; codes and short-lived tokens both live that long


@dataclass
class App:
    """A developer app as Meta's dashboard holds it; ``testers`` are the usernames that accepted."""

    name: str
    client_id: str
    client_secret: Secret
    redirect_uris: set[str]
    testers: set[str]
    permissions: set[str] | None = None  # that the app may ask for; None: all of them
    has_all_addresses: bool = True  # the form with the redirect addresses has two more

    def may_ask_for(self, scope: str) -> bool:
        """A guess: no source says what Instagram answers when the app was never given the permission."""
        return self.permissions is None or scope in self.permissions


@dataclass
class Account:
    """Who is signed in to Instagram; ``id`` is what this app sees of them, ``user_id`` what others see."""

    username: str = "kit_rehearsal"
    # Above 2^53 and odd, as real ones may be, so that whoever reads it as a float gets another number.
    id: str = "27918340562718341"
    user_id: str = "17841460218373925"
    account_type: str = "BUSINESS"


@dataclass
class Switches:
    """How this Instagram differs from today's as observed.

    The era ``documented`` brings back the Basic Display API as it was until 2024-12-04.
    """

    era: str = "today"  # the name of a flow in helpers.core.flows
    api_page_unavailable: bool = False  # the api host's login page is gone instead of moved
    wrapped_token: bool = False  # the token answer as Meta's page prints it
    checkpoint: bool = False  # the account must prove itself first, and the browser goes round in circles
    oops: Literal["authorize", "token"] | None = None  # where Instagram itself has a bad day
    graph_error: Literal[190, 100, 2] | None = None  # what the profile answers instead
    code_life: float = HOUR
    long_token: bool = False  # longer than a cookie can be


@dataclass
class Grant:
    """One consent, from its code to its token."""

    redirect_uri: str
    scopes: list[str]
    until: float
    used: bool = False


@dataclass
class State:
    app: App
    account: Account
    switches: Switches
    clock: Callable[[], float]
    codes: dict[str, Grant] = field(default_factory=dict, repr=False)
    tokens: dict[str, float] = field(default_factory=dict, repr=False)  # token -> when it ends

    def knows(self, fields: Mapping[str, str]) -> bool:
        """Whether the app is named by its Instagram id, under a name that this era reads."""
        return self._either(fields, "client_id", "app_id") == (self.app.client_id or None)

    def secret_of(self, fields: Mapping[str, str]) -> Secret:
        return Secret(self._either(fields, "client_secret", "app_secret"))

    def _either(self, fields: Mapping[str, str], name: str, name_of_2019: str) -> str:
        if name not in fields and self.switches.era == "documented":
            return fields.get(name_of_2019, "")
        return fields.get(name, "")

    def is_personal(self) -> bool:
        """Personal accounts have no login today; the Basic Display API had one."""
        return self.account.account_type == "PERSONAL" and self.switches.era == "today"

    def is_tester(self) -> bool:
        return self.account.username in self.app.testers

    def issue_code(self, redirect_uri: str, scopes: list[str]) -> str:
        code = "AQ" + secrets.token_urlsafe(148)
        self.codes[code] = Grant(redirect_uri, scopes, until=self.clock() + self.switches.code_life)
        return code

    def issue_token(self) -> str:
        prefix = "IGQV" if self.switches.era == "documented" else "IGAA"
        token = prefix + secrets.token_hex(2000 if self.switches.long_token else 80)
        self.tokens[token] = self.clock() + HOUR
        return token
