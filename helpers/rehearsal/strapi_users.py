"""The people who logged in to the stand-in Strapi."""

from __future__ import annotations

import base64
import json
import secrets
import string
import time
from datetime import UTC, datetime
from typing import Any

from helpers.rehearsal.strapi_parts import Refusal, sign

User = dict[str, Any]


def _segment(content: dict[str, Any]) -> str:
    text = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class Users:
    """``sign_ups`` and ``unique_email`` are two of Strapi's advanced settings."""

    def __init__(self) -> None:
        self.all: list[User] = []
        self.sign_ups = self.unique_email = True
        self._key = secrets.token_bytes(16)
        self._sessions: dict[str, User] = {}

    def add(self, provider: str, username: str, email: str) -> User:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        alphabet = string.ascii_lowercase + string.digits
        user = {
            "id": len(self.all) + 1,
            "documentId": "".join(secrets.choice(alphabet) for _ in range(24)),
            "username": self._free(username),
            "email": email,
            "provider": provider,
            "confirmed": True,
            "blocked": False,
            "createdAt": now,
            "updatedAt": now,
            "publishedAt": now,
        }
        self.all.append(user)
        return user

    def _free(self, username: str) -> str:
        """Strapi adds four digits to a name that is taken."""
        taken = {user["username"] for user in self.all}
        free = username
        while free in taken:
            free = f"{username}{secrets.randbelow(8999) + 1000}"
        return free

    def connect(self, provider: str, profile: dict[str, str]) -> User:
        """The user of a provider's profile, found by e-mail alone, or a new one."""
        email = profile["email"].lower()
        same_email = [user for user in self.all if user["email"] == email]
        user = next((user for user in same_email if user["provider"] == provider), None)
        if user is None:
            if not self.sign_ups:
                raise Refusal("Register action is actually not available.")
            if same_email and self.unique_email:
                raise Refusal("Email is already taken.")
            user = self.add(provider, profile["username"], email)
        if user["blocked"]:
            raise Refusal("Your account has been blocked by an administrator")
        return user

    def issue_jwt(self, user: User) -> str:
        now = int(time.time())
        claims = {"userId": str(user["id"]), "sessionId": secrets.token_hex(16), "type": "access"}
        payload = _segment({**claims, "iat": now, "exp": now + 600})
        jwt = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{payload}.{sign(self._key, payload)}"
        self._sessions[jwt] = user
        return jwt

    def who(self, authorization: str) -> User:
        if not authorization:
            raise Refusal("Forbidden", 403, "ForbiddenError")
        user = self._sessions.get(authorization.removeprefix("Bearer "))
        if user is None:
            raise Refusal("Missing or invalid credentials", 401, "UnauthorizedError")
        if user["blocked"]:
            raise Refusal("Invalid credentials", 401, "UnauthorizedError")
        return user
