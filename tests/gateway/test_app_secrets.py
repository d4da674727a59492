"""No secret of a login can be found from the witness."""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from helpers.core.urls import ME
from helpers.gateway.attempt import Attempt, Hop
from helpers.gateway.witness import Witness
from tests.conftest import PUBLIC
from tests.support.servers import SOON, App, Request, ask

CONNECT = "/api/connect/instagram"
CALLBACK = "/api/connect/instagram/callback"
REDIRECT = "/connect/instagram/redirect"
AUTH = "/api/auth/instagram/callback"


CANARIES = {
    "state": "canary-state-1",
    "code": "canary/code+2",
    "session": "canary-session-3",
    "signature": "canary-signature-4",
    "token": "canary-token-5",
    "jwt": "canary-jwt-6",
}


async def careless(request: Request) -> None:
    """A Strapi that puts every secret everywhere."""
    said = " and ".join([*CANARIES.values(), "Bearer " + CANARIES["jwt"]])
    query = f"access_token={CANARIES['token']}&code=canary%2Fcode%2B2&state={CANARIES['state']}"
    headers = [
        ("location", f"{PUBLIC}{REDIRECT}?{query}&error_description={CANARIES['state']}"),
        ("set-cookie", f"koa.sess={CANARIES['session']}; path=/; httponly"),
        ("set-cookie", f"koa.sess.sig={CANARIES['signature']}"),
    ]
    body = {"jwt": CANARIES["jwt"], "error": {"message": said}, "data": [{"access_token": CANARIES["token"]}]}
    if request.path == AUTH:
        body["user"] = {"username": "ada", "provider": "instagram", "email": CANARIES["code"]}
    status = 302 if request.path == CONNECT else 200 if request.path == AUTH else 400
    await request.answer(json.dumps(body).encode(), status, headers)


def test_no_secret_can_be_found_from_the_witness(open_gateway, serve):
    gateway = open_gateway(serve(App("strapi", careless)).url)
    query = f"code=canary%2Fcode%2B2&state={CANARIES['state']}&access_token={CANARIES['token']}"
    headers = [
        ("Cookie", f"koa.sess={CANARIES['session']}; koa.sess.sig={CANARIES['signature']}"),
        ("Authorization", f"Bearer {CANARIES['jwt']}"),
    ]
    for path in (CONNECT, CALLBACK, REDIRECT, AUTH, ME):
        ask(gateway.url, f"{path}?{query}", headers=headers)
    gateway.witness.wait(lambda attempt: len([hop for hop in attempt if hop.step == "me"]) == 2, timeout=SOON)
    gateway.stop()

    texts = set(_texts(gateway.witness))
    assert any("www" in text or PUBLIC in text for text in texts)
    assert "ada" in texts
    for name, canary in CANARIES.items():
        assert not [text for text in texts if canary in text or "canary%2Fcode" in text], name


def _texts(found: Any, known: dict[int, Any] | None = None) -> Iterator[str]:
    """Every text and every bytes within an object, wherever they hang."""
    known = {} if known is None else known  # with the objects themselves: an id may be given out again
    if id(found) in known:
        return
    known[id(found)] = found
    if isinstance(found, str):
        yield found
    elif isinstance(found, bytes | bytearray):
        yield found.decode("latin-1")
    elif isinstance(found, dict):
        for pair in found.items():
            yield from _texts(pair, known)
    elif isinstance(found, list | tuple | set | frozenset | deque):
        for each in found:
            yield from _texts(each, known)
    elif isinstance(found, Witness | Attempt | Hop):
        parts = vars(found)
        assert parts
        assert not dataclasses.is_dataclass(found) or set(parts) == {
            f.name for f in dataclasses.fields(found)
        }
        yield from _texts(parts, known)
