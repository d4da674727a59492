"""Strapi's provider settings: read, change one, prove the others untouched, undo."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from helpers.core.errors import Conflict, Refused
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.strapi.http import Answer, Connection

_PROVIDERS = "/users-permissions/providers"
_ADVANCED = "/users-permissions/advanced"
_USERS = "/content-manager/collection-types/plugin::users-permissions.user"

Entry = dict[str, Any]


@dataclass(frozen=True)
class User:
    """One of Users & Permissions, as its administrator sees it."""

    id: str
    username: str
    created: str  # ISO 8601 in UTC, with milliseconds


@dataclass(frozen=True)
class Change:
    """One provider's stored settings before and after; enough to undo it."""

    provider: str
    before: Entry
    after: Entry

    @property
    def fields(self) -> tuple[str, ...]:
        """What changes, by name; the values stay out of sight."""
        both = {**self.before, **self.after}
        return tuple(name for name in both if not _same(self.before.get(name), self.after.get(name)))


class Admin:
    """A signed-in administrator of one Strapi.

    A session lasts 30 minutes; when it is over, ``sign_in`` is asked for another one.

    Raises:
        Refused: this account may not do this.
    """

    def __init__(self, connection: Connection, sign_in: Callable[[], Secret]) -> None:
        self._connection, self._sign_in = connection, sign_in
        self._token = sign_in()
        self.changed: Callable[[], object] = lambda: None  # called when something has been written

    def version(self) -> str:
        return self._ask("GET", "/admin/information").get(str, "data", "strapiVersion")

    def restarts_by_itself(self) -> bool:
        """Whether Strapi watches its project's files, as it does under ``strapi develop``."""
        return self._ask("GET", "/admin/information").get(bool, "data", "autoReload")

    def environment(self) -> str:
        """``NODE_ENV``, which says what Strapi merges over ``config``."""
        return self._ask("GET", "/admin/information").get(str, "data", "currentEnvironment")

    def providers(self) -> dict[str, Entry]:
        """The settings of all providers, with the ``redirectUri`` that Strapi computes for each."""
        answer = self._ask("GET", _PROVIDERS)
        providers: dict[str, Entry] = answer.get(dict)
        for entry in providers.values():
            if not isinstance(entry, dict):
                raise answer.unexpected()
            if isinstance(entry.get("secret"), str):
                entry["secret"] = Secret(entry["secret"])
        return providers

    def advanced(self) -> tuple[Entry, list[str]]:
        """The advanced settings of Users & Permissions, and the names of the roles there are."""
        answer = self._ask("GET", _ADVANCED)
        roles = answer.get(list, "roles")
        return answer.get(dict, "settings"), [
            str(role.get("type")) for role in roles if isinstance(role, dict)
        ]

    def users(self, domain: str) -> list[User]:
        """Who has an e-mail address there, at most a hundred.

        By that alone a provider's users can be told: Strapi shows no administrator a user's provider, and
        takes a filter by it without a word and without effect (4.26 and 5.54).
        """
        answer = self._users_at(domain, 100)
        try:
            return [
                # Strapi 4 has no documents.
                User(str(each.get("documentId") or each["id"]), each["username"], each["createdAt"])
                for each in answer.get(list, "results")
                if str(each["email"]).endswith(domain)
            ]
        except (LookupError, TypeError, AttributeError) as error:
            raise answer.unexpected() from error

    def delete_user(self, user: User) -> None:
        self._ask("DELETE", f"{_USERS}/{user.id}").get(dict)

    def users_at(self, domain: str) -> int:
        """How many users have an e-mail address there; a user's provider is told to no administrator.

        Raises:
            Refused: this account may not read users in the Content Manager.
        """
        return self._users_at(domain, 1).get(int, "pagination", "total")

    def _users_at(self, domain: str, most: int, **more: str) -> Answer:
        query = urlencode({"filters[email][$endsWith]": f"@{domain}", "page": 1, "pageSize": most, **more})
        return self._ask("GET", f"{_USERS}?{query}")

    def recent_users(self, domain: str) -> list[Entry]:
        """Who has an e-mail address there, the latest changed first, a hundred at most."""
        answer = self._users_at(domain, 100, sort="updatedAt:DESC")
        users = answer.get(list, "results")
        if not all(isinstance(user, dict) and "id" in user for user in users):
            raise answer.unexpected()
        return users

    def plan(
        self,
        provider: str,
        *,
        key: str,
        secret: Secret,
        callback: str,
        scope: Sequence[str] | None = None,
        enabled: bool = True,
        endpoints: Mapping[str, str] | None = None,
    ) -> Change:
        """What :meth:`apply` will write. Keep it before applying: then an undo exists whatever happens.

        Raises:
            Refused: Strapi does not know the provider.
        """
        stored = self.stored()
        if provider not in stored:
            raise Refused(
                f"Strapi does not know the provider {provider}",
                failure=known.PROVIDER_DISABLED,
                evidence=f"Known are {', '.join(stored)}",
                fix=("Apply the provider file first; without npm run develop, restart Strapi then.",),
            )
        before = stored[provider]
        wanted = {"enabled": enabled, "key": key, "secret": secret, "callback": callback}
        if scope is not None:
            wanted["scope"] = list(scope)
        # A stored endpoint outranks the one in code, so one of an earlier version would stay for ever (A40).
        wanted |= {name: value for name, value in (endpoints or {}).items() if name in before}
        return Change(provider, before, {**before, **wanted})

    def apply(self, change: Change) -> None:
        """Write one provider's settings and prove that all the others are as they were.

        Strapi can only replace the settings of all providers at once: they are read, one is changed, all are
        written and read again. Nothing is written when nothing would change.

        Raises:
            Conflict: somebody else changes these settings too.
        """
        stored = self.stored()
        found = stored.get(change.provider)
        if _same(found, change.after):
            return
        if not _same(found, change.before):
            raise Conflict(f"Somebody else has changed the settings of {change.provider} meanwhile")
        stored[change.provider] = change.after
        try:
            self._ask("PUT", _PROVIDERS, {"providers": stored}).get(bool, "ok")
        finally:  # whatever came of it
            self.changed()
        now = self.stored()
        different = [name for name in {**stored, **now} if not _same(stored.get(name), now.get(name))]
        if different:
            raise Conflict(
                "Somebody else has changed provider settings at the same time",
                evidence=", ".join(different),
            )

    def restore(self, change: Change) -> None:
        """Undo an applied change; one that was never applied is left alone."""
        self.apply(Change(change.provider, change.after, change.before))

    def stored(self) -> dict[str, Entry]:
        """The settings as they are stored, without what Strapi computes."""
        return {
            name: {field: value for field, value in entry.items() if field != "redirectUri"}
            for name, entry in self.providers().items()
        }

    def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self._connection.ask(method, path, body, self._token)
        if answer.status == 401:
            self._token = self._sign_in()
            answer = self._connection.ask(method, path, body, self._token)
        if answer.status in (401, 403) and answer.message:
            raise Refused(
                "Strapi does not let this account do that",
                evidence=str(answer),
                fix=("Sign in as a super administrator.",),
            )
        return answer


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON, where ``1`` is not ``true``."""
    return canonical(one) == canonical(other)


def canonical(value: Any) -> str:
    """The one JSON of settings, secrets in clear: to compare, never to show."""
    return json.dumps(value, sort_keys=True, default=Secret.reveal)
