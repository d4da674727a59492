"""Every call of the kit's Strapi client when the other side answers badly, endlessly, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from helpers.core.errors import Refused, Unexpected, Unreachable
from helpers.rehearsal.strapi.administration import USERS
from helpers.strapi.client import Admin, Strapi
from helpers.strapi.providers import User
from tests.support.canned_strapi import (
    BROKEN,
    FORBIDDEN_HTML,
    HTML,
    KOA,
    OTHER_SHAPE,
    PASSWORD,
    STORED,
    WANTED,
    Canned,
    refusal,
)
from tests.support.provider_settings import change_provider


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Bound, so that nobody else gets it, but nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Wire:
    """A server below HTTP: it sends the given bytes, the last of them over and over until the test ends."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def send(self, *chunks: bytes, for_ever: bool = False, pause: float = 0) -> str:
        self._thread = threading.Thread(target=self._run, args=(chunks, for_ever, pause))
        self._thread.start()
        return self.url

    def _run(self, chunks: tuple[bytes, ...], for_ever: bool, pause: float) -> None:
        connection, _ = self._listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            for chunk in chunks:
                connection.sendall(chunk)
            while for_ever and not self._ended.wait(pause):
                connection.sendall(chunks[-1])

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        self._listener.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


CALLS: dict[str, Callable[[Strapi], object]] = {
    "check_up": lambda strapi: strapi.check_up(),
    "connect": lambda strapi: strapi.connect("instagram"),
    "engine": lambda strapi: strapi.engine("instagram"),
    "has_admin": lambda strapi: strapi.has_admin(),
    "sign_in": lambda strapi: strapi.sign_in("admin@example.com", PASSWORD),
}
ADMIN_PATHS = [
    "GET /admin/information",
    "GET /users-permissions/providers",
    f"GET {USERS}",
    f"DELETE {USERS}/7",
]
ADMIN_CALLS: dict[str, Callable[[Admin], object]] = {
    "version": lambda admin: admin.version(),
    "restarts": lambda admin: admin.restarts_by_itself(),
    "environment": lambda admin: admin.environment(),
    "users": lambda admin: admin.users("instagram"),
    "delete_user": lambda admin: admin.delete_user(User("7", "seen", "2026-11-28T18:39:19.554Z")),
    "providers": lambda admin: admin.providers(),
    "plan": lambda admin: admin.plan("instagram", **WANTED),
    "change_provider": lambda admin: change_provider(admin, "instagram", **WANTED),
}
any_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
any_admin_call = pytest.mark.parametrize("call", ADMIN_CALLS.values(), ids=ADMIN_CALLS)
any_nonsense = pytest.mark.parametrize(
    "nonsense", [HTML, BROKEN, OTHER_SHAPE, FORBIDDEN_HTML], ids=["html", "broken", "shape", "forbidden html"]
)


@any_call
def test_a_closed_port_is_named_unreachable(
    call: Callable[[Strapi], object], http: httpx.Client, closed_port: int
) -> None:
    with pytest.raises(Unreachable) as caught:
        call(Strapi(http, f"http://127.0.0.1:{closed_port}"))
    assert caught.value.failure == "C06"


@any_call
@any_nonsense
def test_nonsense_is_named_so(
    call: Callable[[Strapi], object], nonsense: Response, strapi: Strapi, canned: Canned
) -> None:
    canned.answers = dict.fromkeys(
        [
            "GET /_health",
            "GET /api/connect/instagram",
            "GET /api/auth/instagram/callback",
            "GET /admin/init",
            "POST /admin/login",
        ],
        nonsense,
    )
    with pytest.raises(Unexpected) as caught:
        call(strapi)
    assert caught.value.failure == "E04"
    assert str(nonsense.status_code) in caught.value.evidence


@any_admin_call
@any_nonsense
def test_nonsense_after_signing_in_is_named_so(
    call: Callable[[Admin], object], nonsense: Response, admin: Admin, canned: Canned
) -> None:
    canned.answers = dict.fromkeys(ADMIN_PATHS, nonsense)
    with pytest.raises(Unexpected):
        call(admin)
    assert canned.stored == STORED


@any_admin_call
def test_an_account_without_the_right_is_refused(
    call: Callable[[Admin], object], admin: Admin, canned: Canned
) -> None:
    canned.answers = dict.fromkeys(ADMIN_PATHS, refusal(403, "Forbidden"))
    with pytest.raises(Refused, match="does not let this account") as caught:
        call(admin)
    assert caught.value.fix


@any_admin_call
def test_a_strapi_that_stops_is_named_unreachable(
    call: Callable[[Admin], object], http: httpx.Client
) -> None:
    canned = Canned()
    canned.server.start()
    try:
        admin = Strapi(http, canned.server.url).sign_in("admin@example.com", PASSWORD)
    finally:
        canned.server.stop()
    with pytest.raises(Unreachable):
        call(admin)


@any_admin_call
def test_a_session_that_ran_out_is_renewed(
    call: Callable[[Admin], object], admin: Admin, canned: Canned
) -> None:
    async def only_the_second(request: Request) -> Response:
        if request.headers["authorization"] == "Bearer admin-session-1":
            return refusal(401, "Missing or invalid credentials")
        return await canned._as_strapi(request)

    canned.answers = dict.fromkeys(ADMIN_PATHS, only_the_second)
    call(admin)
    assert canned.sign_ins == 2


def test_a_session_that_cannot_be_renewed_is_refused(admin: Admin, canned: Canned) -> None:
    canned.answers["GET /admin/information"] = refusal(401, "Missing or invalid credentials")
    with pytest.raises(Refused):
        admin.version()
    assert canned.sign_ins == 2


def test_an_answer_without_end_is_cut_off(http: httpx.Client, wire: Wire) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    with pytest.raises(Unexpected, match="does not end"):
        Strapi(http, wire.send(head, b"x" * 65536, for_ever=True)).has_admin()


def test_an_answer_in_drops_is_not_waited_for(http: httpx.Client, wire: Wire) -> None:
    url = wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x", for_ever=True, pause=0.02)
    with pytest.raises(Unreachable, match="in time"):
        Strapi(http, url, patience=0.2).has_admin()


def test_silence_is_not_waited_for(http: httpx.Client, wire: Wire) -> None:
    with pytest.raises(Unreachable, match="in time"):
        Strapi(http, wire.send(b"", for_ever=True, pause=0.02), patience=0.2).check_up()


def test_another_protocol_is_named_so(http: httpx.Client, wire: Wire) -> None:
    with pytest.raises(Unexpected, match="does not speak HTTP") as caught:
        Strapi(http, wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")).check_up()
    assert caught.value.failure == "E04"


def test_no_cookie_is_sent_and_no_redirect_followed(
    strapi: Strapi, canned: Canned, http: httpx.Client
) -> None:
    """Even with a client that would do both."""
    headers = {"Location": f"{canned.server.url}/somewhere", "Set-Cookie": KOA}
    canned.answers["GET /api/connect/instagram"] = Response(status_code=302, headers=headers)
    strapi.connect("instagram")
    strapi.connect("instagram")

    assert http.cookies.get("koa.sess")
    assert [request.url.path for request in canned.asked] == ["/api/connect/instagram"] * 2
    assert not [request for request in canned.asked if "cookie" in request.headers]
