"""One request to Strapi and its whole answer, or the reason why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from helpers.core.errors import KitError, Refused, Unexpected, Unreachable
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.web.deadline import fetch

_MOST = 1 << 20  # bytes of one answer; the settings of all providers together are some 4 KB

_T = TypeVar("_T")


@dataclass(frozen=True)
class Answer:
    asked: str
    status: int
    headers: httpx.Headers
    body: bytes

    def __str__(self) -> str:
        """What may be shown: a body may hold secrets, Strapi's own words do not."""
        said = self.message or self.headers.get("content-type", "no content")
        return f"{self.asked} -> {self.status} {said}"

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """Strapi's own words, empty for what nobody but a Strapi would say otherwise."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        if isinstance(error, dict):
            return str(error.get("message", ""))
        # A session that cannot be saved is beyond Strapi's error handler: the framework below it answers.
        framework = b"Internal Server Error"
        return framework.decode() if self.status == 500 and self.body == framework else ""

    def get(self, kind: type[_T], *path: str) -> _T:
        """The value at ``path`` of a good answer; anything else is not a Strapi's."""
        value = self.json if self.status == 200 else None
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if not isinstance(value, kind):
            raise self.unexpected()
        return value

    @property
    def is_strapis(self) -> bool:
        """Whether it is a refusal in the shape that Strapi gives to every one."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        return isinstance(error, dict) and {"status", "name", "message"} <= error.keys()

    def unexpected(self) -> KitError:
        """Strapi's words if Strapi says them; whoever does not speak as Strapi is another program."""
        if self.is_strapis:
            return Refused(f"Strapi refuses: {self.message}", evidence=str(self))
        return Unexpected(
            "The answer is not one that Strapi gives", failure=known.PORT_TAKEN, evidence=str(self)
        )


class Connection:
    """The way to one Strapi: follows no redirect, sends no cookie, waits ``patience`` seconds at most.

    Raises:
        Unreachable: nobody listens at ``url``, or nobody answers in time.
        Unexpected: whoever answers does not speak HTTP, or does not stop.
    """

    def __init__(self, http: httpx.Client, url: str, patience: float) -> None:
        self._http, self.url, self.patience = http, url, patience

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: Secret | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Secrets in ``body`` are revealed on the way out."""
        sent = {"Accept": "application/json", **(headers or {})}
        content = None
        if token:
            sent["Authorization"] = f"Bearer {token.reveal()}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body, default=Secret.reveal).encode()
        asked = f"{method} {path}"
        request = self._http.build_request(
            method, self.url + path, headers=sent, content=content, timeout=self.patience
        )
        try:
            answer = fetch(self._http, request, seconds=self.patience, most=_MOST)
        except httpx.HTTPError as error:
            raise self._trouble(error) from error
        if not answer.whole:
            raise Unexpected("The answer does not end", failure=known.PORT_TAKEN, evidence=asked)
        return Answer(asked, answer.status, answer.headers, answer.body)

    def _trouble(self, error: httpx.HTTPError) -> KitError:
        if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
            said = f"{self.url} does not speak HTTP"
            return Unexpected(said, failure=known.PORT_TAKEN, evidence=str(error))
        late = isinstance(error, httpx.TimeoutException)
        said = f"No answer from {self.url} in time" if late else f"Nobody answers at {self.url}"
        return Unreachable(said, failure=known.STRAPI_DOES_NOT_ANSWER, evidence=str(error))
