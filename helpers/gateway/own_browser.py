"""Whose browser it is: the address that we print or open carries a mark, and the mark becomes a cookie.

The cookie says one thing only, *this browser is the person's*. It opens nothing, is gone with the gateway's
next start, and no upstream ever sees it. A preview that follows the link takes nothing away: it works again.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit, urlunsplit

from aiohttp import web

from helpers.gateway.headers import OWN_COOKIE
from helpers.web.answers import redirect
from helpers.web.serving import Request

_MARK = "kit-browser"


class OwnBrowser:
    def __init__(self) -> None:
        self._key = ""  # nobody has asked for an address yet: every browser is as good as another

    def forget(self) -> None:
        """What was marked so far is a stranger's from now on."""
        self._key = ""

    @property
    def key(self) -> str:
        self._key = self._key or secrets.token_urlsafe(16)
        return self._key

    def marked(self, address: str) -> str:
        """The address as the person gets it."""
        parts = urlsplit(address)
        query = "&".join(filter(None, [parts.query, f"{_MARK}={self.key}"]))
        return urlunsplit(parts._replace(query=query))

    def cookie(self, *, secure: bool) -> str:
        """The line that gives it to the browser."""
        flags = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        return f"{OWN_COOKIE.decode()}={self.key}{flags}"

    def knows(self, request: Request) -> bool | None:
        """Whether the request comes from the person's browser; None as long as nothing was marked."""
        if not self._key:
            return None
        said = _cookie(request).encode("utf-8", "surrogateescape")  # a stranger's may be no text
        return secrets.compare_digest(said, self._key.encode())

    def take_off(self, request: Request, public: str) -> web.StreamResponse | None:
        """Lead a marked address to the same one without its mark; None for every other."""
        path, _, query = request.raw_path.partition("?")
        pairs = query.split("&")
        marks = [pair.partition("=")[2] for pair in pairs if pair.partition("=")[0] == _MARK]
        if not marks:
            return None
        kept = "&".join(pair for pair in pairs if pair.partition("=")[0] != _MARK)
        # Whatever it is, it stays here: //evil.example would lead away.
        answer = redirect("/" + path.lstrip("/\\") + (f"?{kept}" if kept else ""))
        answer.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        if self._key and any(secrets.compare_digest(mark.encode(), self._key.encode()) for mark in marks):
            answer.headers["Set-Cookie"] = self.cookie(secure=public.startswith("https:"))
        return answer


def _cookie(request: Request) -> str:
    name = OWN_COOKIE.decode()
    for pair in "; ".join(request.headers.getall("Cookie", [])).split(";"):
        found, _, value = pair.strip().partition("=")
        if found == name:
            return value
    return ""
