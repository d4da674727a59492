"""One request of a login and its answer, read while they pass, and what of it may be kept: a hop."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from helpers.core.masking import MASK, SECRET_NAMES, Secret, redact
from helpers.gateway.attempt import Hop, mark
from helpers.gateway.headers import who_asks
from helpers.web.serving import Request

# Parameters that may be shown: they explain a login and open nothing.
_HARMLESS = {"app_id", "client_id", "fields", "grant_type", "redirect_uri", "response_type", "scope"}
# error, error_description, and error[error_message] as Strapi up to 5.50 writes it.
_ERROR = re.compile(r"error(_\w+)?(\[\w+\])?")
# Secrets that are new in each login; an app's own secret says nothing about whose login it is.
_MARKING = frozenset({"access_token", "code", "jwt", "raw[access_token]", "state"})
MOST_COOKIE = 4096  # bytes of name and value; what is longer, browsers drop without a word
TOO_BIG = "too big for a browser"
_MOST_BODY = 64 * 1024  # bytes kept of a body while it passes; a user object is far smaller

Pairs = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Role:
    """What a path means in a login, and who talks to whom there."""

    step: str
    sender: str
    receiver: str


class Exchange:
    """Filled as the messages pass; it ends with the request, and with it all secrets it has seen.

    ``host`` is the one that the trace names: ours where we know it, whatever the client says.
    """

    def __init__(self, request: Request, role: Role, host: str = "") -> None:
        self.role = role
        self.method = request.method
        path, _, query = request.raw_path.partition("?")
        self.url = (host or request.headers.get("Host", "")) + unquote(path) + (f"?{query}" if query else "")
        self.began, self.ended = time.monotonic(), 0.0
        self.mine: bool | None = None
        self.peer, self.elsewhere = mark(who_asks(request).decode()), False
        self.reached = True  # False: the answer is the gateway's own, for want of the upstream's
        self.status: int | None = None
        self.location = ""
        self.cookies: list[str] = []
        self._secrets: set[str] = set()
        self._marking: set[str] = set()
        self._note(_pairs(query))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self._note([("jwt", token.strip())])
        sent = ";".join(request.headers.getall("Cookie", [])).split(";")
        self._sent_cookies = {cookie.partition("=")[2].strip() for cookie in sent}
        self._request, self._answer = bytearray(), bytearray()

    def _note(self, pairs: Iterable[tuple[str, str]]) -> None:
        for name, value in pairs:
            if name in SECRET_NAMES | _MARKING:
                self._secrets.add(value)
            if name in _MARKING:
                self._marking.add(value)

    def asked(self, piece: bytes) -> None:
        if len(self._request) < _MOST_BODY:
            self._request += piece

    def answering(self, status: int, headers: Pairs) -> None:
        self.status = status
        for name, value in headers:
            self._header(name.lower(), value.decode("latin-1"))

    def answered(self, piece: bytes) -> None:
        if len(self._answer) < _MOST_BODY:
            self._answer += piece

    def _header(self, name: bytes, value: str) -> None:
        if name == b"location":
            self.location = value
            self._note(_pairs(value.partition("#")[0].partition("?")[2]))
        elif name == b"set-cookie":
            first, *flags = (part.strip() for part in value.split(";"))
            cookie, _, content = first.partition("=")
            # A front end may set the same cookie for everybody: no secret, and no mark of one login.
            if self.role.receiver == "strapi":
                self._secrets.add(content)
                self._marking.add(content)
            shown = [flag for flag in flags if not flag.lower().startswith("expires")]
            size = len(cookie) + len(content)
            shown += [f"{size} bytes, {TOO_BIG}"] if size > MOST_COOKIE else []
            self.cookies.append("; ".join([cookie, *shown]))

    def body(self) -> dict[str, Any]:
        """The answer, if it is a JSON object."""
        try:
            found = json.loads(bytes(self._answer))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def hop(self, scheme: str) -> Hop:
        body = self.body()
        self._note([*_pairs(self._request.decode("latin-1")), *_strings(body)])
        # Held while the hop is written, because redact knows the secrets that somebody holds.
        held = [Secret(value) for value in self._secrets]
        hop = Hop(
            step=self.role.step,
            sender=self.role.sender,
            receiver=self.role.receiver,
            method=self.method,
            url=masked_url(f"{scheme}://{self.url}"),
            status=self.status,
            ms=((self.ended or time.monotonic()) - self.began) * 1000,
            at=self.began,
            location=masked_url(self.location) if self.location else "",
            message=(_message(body) or _alert(self._answer)) if (self.status or 0) >= 400 else "",
            cookies=tuple(redact(cookie) for cookie in self.cookies),
            user=_user(body) if self.status == 200 else None,
            account=_account(self.role.step, body) if self.status == 200 else "",
            refresh=_refresh(body, self.cookies),
            marks=_marks(self._marking),
            sent_cookies=_marks(self._sent_cookies),
            mine=self.mine,
            peer=self.peer,
            elsewhere=self.elsewhere,
            reached=self.reached,
        )
        held.clear()
        return hop


def masked_url(url: str) -> str:
    """The address with the values of all but harmless parameters replaced by the mask."""
    try:
        parts = urlsplit(url)
    except ValueError:  # whoever wrote it, it leads nowhere
        return redact(url.partition("?")[0])
    shown = "&".join(f"{name}={value if _harmless(name) else MASK}" for name, value in _pairs(parts.query))
    host = parts.netloc.rpartition("@")[2]
    return redact(urlunsplit((parts.scheme, host, parts.path, shown, "")))


def _harmless(name: str) -> bool:
    return name in _HARMLESS or _ERROR.fullmatch(name) is not None


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _strings(body: Any) -> Iterator[tuple[str, str]]:
    """By name and at any depth: Instagram may wrap its token as ``{"data": [{...}]}``."""
    for name, value in body.items() if isinstance(body, dict) else enumerate(body):
        if isinstance(value, dict | list):
            yield from _strings(value)
        elif isinstance(value, str):
            yield str(name), value


def _marks(values: Iterable[str]) -> frozenset[bytes]:
    return frozenset(mark(value) for value in values if value)


def _message(body: dict[str, Any]) -> str:
    """The reason in an answer of Strapi (``error.message``) or of Instagram (``error_message``)."""
    error = body.get("error")
    found = error.get("message") if isinstance(error, dict) else error or body.get("error_message")
    return redact(str(found or ""))[:500]


def _alert(page: bytearray) -> str:
    """What an HTML page says in its alert, as the rehearsal's Instagram does where it shows a refusal."""
    found = re.search(rb'role="alert"[^>]*>([^<]+)<', page)
    return redact(unescape(found[1].decode("utf-8", "replace")).strip())[:500] if found else ""


def _refresh(body: dict[str, Any], cookies: list[str]) -> str:
    """Strapi's ``jwtManagement: 'refresh'`` hands out a second token, in one of two places."""
    if any(cookie.startswith("strapi_up_refresh") for cookie in cookies):
        return "cookie"
    return "answer" if isinstance(body.get("refreshToken"), str) else ""


def _user(body: dict[str, Any]) -> dict[str, str] | None:
    user = body.get("user")
    if not isinstance(user, dict):
        return None
    return {key: redact(str(user.get(key) or "")) for key in ("username", "provider")}


def _account(step: str, body: dict[str, Any]) -> str:
    """Instagram's profile has it; elsewhere the address that the kit's provider makes of it."""
    inner = body.get("data")
    profile = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else body
    user = body.get("user")
    email = str(user.get("email") or "") if isinstance(user, dict) else ""
    found = str(profile.get("id") or "") if step == "profile" else email.partition("@")[0]
    return found if found.isdecimal() else ""
