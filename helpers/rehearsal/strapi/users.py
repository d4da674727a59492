"""The people who logged in to the stand-in Strapi."""

from __future__ import annotations

import base64
import json
import secrets
import string
import time
from datetime import UTC, datetime
from typing import Any

from helpers.rehearsal.strapi.parts import Refusal, sign

User = dict[str, Any]


def _segment(content: dict[str, Any]) -> str:
    text = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class Users:
    """``advanced`` are Strapi's advanced settings; ``may_read_me`` is a permission of the default role,
    ``public_may`` are those of everybody for the login.

    With ``forgetful``, no JWT is known again, as after a start with another JWT_SECRET.
    """

    def __init__(self) -> None:
        self.all: list[User] = []
        self.advanced: dict[str, Any] = {
            "unique_email": True,
            "allow_register": True,
            "email_confirmation": False,
            "email_reset_password": None,
            "email_confirmation_redirection": None,
            "default_role": "authenticated",
        }
        self.may_read_me, self.forgetful = True, False
        self.public_may = {"connect", "callback"}
        self._key = secrets.token_bytes(16)
        self._sessions: dict[str, User] = {}

    def roles(self) -> list[dict[str, Any]]:
        """The two of a new Strapi."""
        counts = {"authenticated": len(self.all), "public": 0}
        return [
            {"id": number, "name": type_.capitalize(), "type": type_, "nb_users": count}
            for number, (type_, count) in enumerate(counts.items(), 1)
        ]

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

    def remove(self, id_: str) -> None:
        if not any(user["documentId"] == id_ for user in self.all):
            raise Refusal("Not Found", 404, "NotFoundError")
        self.all = [user for user in self.all if user["documentId"] != id_]

    def _free(self, username: str) -> str:
        """Strapi adds four digits to a name that is taken."""
        taken = {user["username"] for user in self.all}
        free = username
        while free in taken:
            free = f"{username}{secrets.randbelow(8999) + 1000}"
        return free

    def connect(self, provider: str, profile: dict[str, str]) -> User:
        """The user of a provider's profile, found by e-mail alone, or a new one."""
        if not profile["email"]:
            raise Refusal("Email was not available.")
        email = profile["email"].lower()
        same_email = [user for user in self.all if user["email"] == email]
        user = next((user for user in same_email if user["provider"] == provider), None)
        if user is None:
            if not self.advanced["allow_register"]:
                raise Refusal("Register action is actually not available.")
            if same_email and self.advanced["unique_email"]:
                raise Refusal("Email is already taken.")
            if self.advanced["default_role"] not in [role["type"] for role in self.roles()]:
                raise Refusal("Cannot read properties of null (reading 'id')")
            user = self.add(provider, profile["username"], email)
        if user["blocked"]:
            raise Refusal("Your account has been blocked by an administrator")
        return user

    def issue_jwt(self, user: User) -> str:
        now = int(time.time())
        claims = {"userId": str(user["id"]), "sessionId": secrets.token_hex(16), "type": "access"}
        payload = _segment({**claims, "iat": now, "exp": now + 600})
        jwt = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{payload}.{sign(self._key, payload)}"
        if not self.forgetful:
            self._sessions[jwt] = user
        return jwt

    def admit(self, authorization: str, action: str) -> None:
        """To a step of the login, which is the role Public's; with a header a request counts as another."""
        if authorization and authorization.removeprefix("Bearer ") not in self._sessions:
            raise Refusal("Missing or invalid credentials", 401, "UnauthorizedError")
        if authorization or action not in self.public_may:
            raise Refusal("Forbidden", 403, "ForbiddenError")

    def who(self, authorization: str) -> User:
        if not authorization:
            raise Refusal("Forbidden", 403, "ForbiddenError")
        user = self._sessions.get(authorization.removeprefix("Bearer "))
        if user is None:
            raise Refusal("Missing or invalid credentials", 401, "UnauthorizedError")
        if user["blocked"]:
            raise Refusal("Invalid credentials", 401, "UnauthorizedError")
        if not self.may_read_me:
            raise Refusal("Forbidden", 403, "ForbiddenError")
        return user
