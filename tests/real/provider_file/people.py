"""People who log in with Instagram, and what Meta sends about them."""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.core.urls import ME, Urls
from tests.real import strapi as real
from tests.support.signed_requests import encoded, payload, signed
from tests.support.strapi_worlds import World, cookies_of

PROVIDER = TODAY.provider
URLS = Urls("", PROVIDER)
DEAUTHORIZE, DELETION = URLS.deauthorize, URLS.data_deletion
BOTH = pytest.mark.parametrize("callback", [DEAUTHORIZE, DELETION], ids=["deauthorize", "deletion"])
FORM = "application/x-www-form-urlencoded"


class Person:
    """Somebody who has logged in with Instagram."""

    def __init__(self, world: World, id_: str = "") -> None:
        self.world, self.id, self.name = world, id_ or str(uuid.uuid4().int), f"user.{uuid.uuid4().hex[:12]}"
        self.email = f"{self.id}@{PROVIDER}.invalid"
        self._requests = 0
        self.log_in()

    def log_in(self) -> None:
        self.world.instagram.be(self.id, self.name)
        answer = self.world.log_in(PROVIDER)
        assert answer.status_code == 200, answer.text
        self.user, self.jwt, self.cookies = answer.json()["user"], answer.json()["jwt"], cookies_of(answer)
        self.refresh_token = answer.json().get("refreshToken", "")

    @property
    def is_in(self) -> bool:
        return self.world.get(ME, bearer=self.jwt).status_code == 200

    def request(self, **changed: Any) -> str:
        """Each one a second after the one before, as a person's clicks are."""
        self._requests += 1
        fields = {"user_id": self.id, "age": -self._requests, **changed}
        return signed(payload(**fields), SAMPLE_CLIENT_SECRET)


def send(world: World, callback: str, signed_request: str) -> httpx.Response:
    return world.http.post(world.url + callback, data={"signed_request": signed_request})


def later(folder: Path) -> None:
    """Eleven minutes after Meta's last request, for Strapi."""
    with closing(sqlite3.connect(folder / "data.db", timeout=10)) as database, database:
        database.execute(
            "UPDATE strapi_core_store_settings"
            " SET value = json_set(value, '$.receivedAt', json_extract(value, '$.receivedAt') - 660)"
            " WHERE key LIKE ?",
            [f"plugin_{PROVIDER}_person_%"],
        )


def aged(jwt: str) -> str:
    """The same token as Strapi would have issued it a quarter of an hour ago."""
    head, claims, _ = jwt.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    text = f"{head}.{encoded(json.dumps({**told, 'iat': told['iat'] - 900}).encode())}"
    return f"{text}.{encoded(hmac.digest(real.JWT_SECRET.encode(), text.encode(), 'sha256'))}"


def status_page(code: str) -> str:
    """Where that person sees whether it was done."""
    return f"{DELETION}/{code}"


def assert_refused(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.status_code != 429
