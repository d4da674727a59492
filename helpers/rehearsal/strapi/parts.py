"""Parts of the stand-in Strapi that know nothing of providers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

from helpers.web.answers import Answer, refusal
from helpers.web.serving import Request


class Refusal(Exception):
    def __init__(
        self,
        message: str,
        status: int = 400,
        name: str = "ApplicationError",
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.name, self.details = status, name, details or {}

    def response(self) -> Answer:
        return refusal(self.status, self.name, str(self), self.details)


def sign(key: bytes, text: str) -> str:
    """The way Koa signs cookies: https://github.com/crypto-utils/keygrip"""
    digest = hmac.new(key, text.encode(), hashlib.sha1).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Session:
    """Koa's cookie session: JSON in base64, signed but readable by everybody who holds it."""

    COOKIE = "koa.sess"
    AGE = 24 * 3600

    def __init__(self, key: bytes, cookies: Mapping[str, str]) -> None:
        self._key = key
        value = cookies.get(self.COOKIE, "")
        signature = sign(key, f"{self.COOKIE}={value}")
        genuine = value and hmac.compare_digest(cookies.get(f"{self.COOKIE}.sig", ""), signature)
        self.grant: dict[str, Any] | None = json.loads(base64.b64decode(value))["grant"] if genuine else None
        self._before = json.dumps(self.grant)

    def changes(self, flags: str) -> list[str]:
        """The ``Set-Cookie`` lines that save it; none when nothing changed."""
        if json.dumps(self.grant) == self._before:
            return []
        until = time.time() + self.AGE
        content = {"grant": self.grant, "_expire": int(until * 1000), "_maxAge": self.AGE * 1000}
        text = json.dumps(content, separators=(",", ":")).encode()
        cookie = f"{self.COOKIE}={base64.b64encode(text).decode()}"
        signature = f"{self.COOKIE}.sig={sign(self._key, cookie)}"
        flags = f"path=/; expires={formatdate(until, usegmt=True)}{flags}"
        return [f"{cookie}; {flags}", f"{signature}; {flags}"]


class RateLimit:
    """``most`` requests a minute for one path from one address."""

    SECONDS = 60

    def __init__(self, most: int = 10, clock: Callable[[], float] = time.time) -> None:
        self.most, self._clock = most, clock
        self._buckets: dict[str, tuple[int, float]] = {}

    def hit(self, request: Request, headers: dict[str, str]) -> None:
        """Count one more, and tell in ``headers`` how many are left."""
        bucket = f"{request.path.lower()} {request.remote}"
        count, until = self._buckets.get(bucket, (0, 0.0))
        if until <= self._clock():
            count, until = 0, self._clock() + self.SECONDS
        self._buckets[bucket] = (count + 1, until)
        headers["X-RateLimit-Limit"] = str(self.most)
        headers["X-RateLimit-Remaining"] = str(max(self.most - count - 1, 0))
        headers["X-RateLimit-Reset"] = str(math.ceil(until))
        if count >= self.most:
            raise Refusal("Too many requests, please try again later.", 429, "RateLimitError")


class Admins:
    """The administrator and their bearer tokens."""

    def __init__(self) -> None:
        self._pair: tuple[str, str] | None = None
        self._tokens: set[str] = set()

    @property
    def exist(self) -> bool:
        return self._pair is not None

    def register(self, form: dict[str, str]) -> dict[str, Any]:
        if self.exist:
            raise Refusal("You cannot register a new super admin")
        self._pair = (form["email"], form["password"])
        return self.sign_in(form)

    def sign_in(self, form: dict[str, str]) -> dict[str, Any]:
        pair = (form.get("email", ""), form.get("password", ""))
        if not all(pair):
            raise Refusal("Missing credentials")
        if pair != self._pair:
            raise Refusal("Invalid credentials")
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return {"token": token, "accessToken": token, "user": {"id": 1, "email": pair[0]}}

    def check(self, request: Request) -> None:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Refusal("Missing or invalid credentials", 401, "UnauthorizedError")
