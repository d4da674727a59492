"""The kit's Strapi client against small servers that answer well, badly, or not at all."""

from __future__ import annotations

import copy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from helpers.core.errors import Conflict, KitError, Refused, Unexpected, Unreachable
from helpers.core.masking import Secret
from helpers.strapi.client import Admin, Strapi
from tests.support.asgi import AsgiServer

PASSWORD = Secret("correct-horse-battery")
STORED = {
    "email": {"icon": "envelope", "enabled": True},
    "github": {"enabled": True, "key": "gh", "secret": "github-client-secret", "weight": 1, "on": True},
    "instagram": {"enabled": False, "key": "", "secret": "", "callbackUrl": "x", "scope": ["user_profile"]},
}
WANTED: dict[str, Any] = {
    "key": "17",
    "secret": Secret("f5ba10a7dd78c2410ab6b8a35ab28226"),
    "callback": "https://a.example/b",
}
AUTHORIZE = "https://www.instagram.com/oauth/authorize"
_TLS = ssl.create_default_context()  # loaded once, for it takes longer than a test
# Strapi's session lasts a day; a date written out here would pass, and then the jar drops the cookie.
KOA = f"koa.sess=c2VjcmV0; path=/; expires={formatdate(time.time() + 86_400, usegmt=True)}"

HTML = HTMLResponse("<h1>Hello</h1>")
BROKEN = Response('{"data": {', media_type="application/json")
OTHER_SHAPE = JSONResponse(["neither", "nor"])
FORBIDDEN_HTML = HTMLResponse("<h1>No</h1>", 403)


def refusal(status: int, message: str) -> Response:
    error = {"status": status, "name": "ApplicationError", "message": message, "details": {}}
    return JSONResponse({"data": None, "error": error}, status)


class Canned:
    """Answers each path with what ``answers`` holds for it: a response, or a function of the request."""

    def __init__(self) -> None:
        methods = ["GET", "POST", "PUT"]
        self.server = AsgiServer(Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)]))
        self.forget()

    def forget(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Request] = []
        self.stored = copy.deepcopy(STORED)
        self.sign_ins = 0

    async def _answer(self, request: Request) -> Response:
        await request.body()
        self.asked.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}", self._as_strapi)
        return answer if isinstance(answer, Response) else await answer(request)

    async def _as_strapi(self, request: Request) -> Response:
        """A Strapi reduced to what an administrator needs."""
        what = f"{request.method} {request.url.path}"
        if what == "POST /admin/login":
            self.sign_ins += 1
            return JSONResponse({"data": {"token": f"admin-session-{self.sign_ins}"}})
        if what == "GET /admin/information":
            return JSONResponse({"data": {"strapiVersion": "5.54.0", "autoReload": False}})
        if what == "PUT /users-permissions/providers":
            self.stored = (await request.json())["providers"]
            return JSONResponse({"ok": True})
        return JSONResponse({name: {**entry, "redirectUri": "x"} for name, entry in self.stored.items()})

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.asked if "providers" in request.url.path]


@pytest.fixture(scope="module")
def running() -> Iterator[Canned]:
    """One for all tests, because its end takes longer than most of them."""
    canned = Canned()
    canned.server.start()
    yield canned
    canned.server.stop()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, verify=_TLS) as client:
        yield client


@pytest.fixture
def canned(running: Canned) -> Canned:
    running.forget()
    return running


@pytest.fixture
def strapi(canned: Canned, http: httpx.Client) -> Strapi:
    return Strapi(http, canned.server.url)


@pytest.fixture
def admin(strapi: Strapi) -> Admin:
    return strapi.sign_in("admin@example.com", PASSWORD)


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
ADMIN_CALLS: dict[str, Callable[[Admin], object]] = {
    "version": lambda admin: admin.version(),
    "restarts": lambda admin: admin.restarts_by_itself(),
    "providers": lambda admin: admin.providers(),
    "plan": lambda admin: admin.plan("instagram", **WANTED),
    "change_provider": lambda admin: admin.change_provider("instagram", **WANTED),
}

any_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
any_admin_call = pytest.mark.parametrize("call", ADMIN_CALLS.values(), ids=ADMIN_CALLS)
any_nonsense = pytest.mark.parametrize(
    "nonsense", [HTML, BROKEN, OTHER_SHAPE, FORBIDDEN_HTML], ids=["html", "broken", "shape", "forbidden html"]
)


# Every call, when the other side is not what it should be


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
    paths = ["GET /admin/information", "GET /users-permissions/providers"]
    canned.answers = dict.fromkeys(paths, nonsense)
    with pytest.raises(Unexpected):
        call(admin)
    assert canned.stored == STORED


@any_admin_call
def test_an_account_without_the_right_is_refused(
    call: Callable[[Admin], object], admin: Admin, canned: Canned
) -> None:
    paths = ["GET /admin/information", "GET /users-permissions/providers"]
    canned.answers = dict.fromkeys(paths, refusal(403, "Forbidden"))
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

    paths = ["GET /admin/information", "GET /users-permissions/providers"]
    canned.answers = dict.fromkeys(paths, only_the_second)
    call(admin)
    assert canned.sign_ins == 2


def test_a_session_that_cannot_be_renewed_is_refused(admin: Admin, canned: Canned) -> None:
    canned.answers["GET /admin/information"] = refusal(401, "Missing or invalid credentials")
    with pytest.raises(Refused):
        admin.version()
    assert canned.sign_ins == 2


# On the wire


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


# Without signing in


def test_a_strapi_that_is_up_says_nothing(strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /_health"] = Response(status_code=204)
    strapi.check_up()
    assert len(canned.asked) == 1


def test_connect_tells_where_the_login_leads(strapi: Strapi, canned: Canned) -> None:
    redirect_uri = "https://x.ngrok-free.dev/api/connect/instagram/callback"
    query = f"client_id=17&response_type=code&redirect_uri={redirect_uri}&scope=a,b&state=0123456789abcdef"
    headers = {"Location": f"{AUTHORIZE}?{query}", "Set-Cookie": f"{KOA}; secure; samesite=none; httponly"}
    canned.answers["GET /api/connect/instagram"] = Response(status_code=302, headers=headers)
    connect = strapi.connect("instagram")

    assert (connect.authorize_host, connect.redirect_uri) == ("www.instagram.com", redirect_uri)
    assert (connect.id_field, connect.client_id, connect.scope) == ("client_id", "17", "a,b")
    assert connect.has_state
    assert connect.session_cookie == "koa.sess; Secure; SameSite=None; HttpOnly"
    assert "0123456789abcdef" not in repr(connect)
    assert "c2VjcmV0" not in repr(connect)


def test_connect_shows_what_is_missing(strapi: Strapi, canned: Canned) -> None:
    headers = {"Location": AUTHORIZE}
    canned.answers["GET /api/connect/instagram"] = Response(status_code=302, headers=headers)
    connect = strapi.connect("instagram")

    assert (connect.id_field, connect.redirect_uri, connect.session_cookie) == ("", "", "")
    assert not connect.has_state


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal(400, "This provider is disabled"), "A01"),
        (refusal(400, "Grant: mount session middleware first"), "A07"),
        (refusal(400, "OAuth connect requires session middleware"), "A07"),
        (refusal(400, "Unknown OAuth provider"), "A38"),
        (refusal(404, "Not Found"), "A06"),
        (refusal(429, "Too many requests, please try again later."), "A17"),
        (refusal(500, "Internal Server Error"), "A22"),
        (PlainTextResponse("Internal Server Error", 500), "A22"),
        (refusal(403, "Forbidden"), None),
    ],
)
def test_a_login_that_strapi_does_not_start_is_named(
    answer: Response, failure: str | None, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["GET /api/connect/instagram"] = answer
    with pytest.raises(Refused) as caught:
        strapi.connect("instagram")
    assert caught.value.failure == failure
    assert str(answer.status_code) in caught.value.evidence


@pytest.mark.parametrize("location", ["", "/admin"])
def test_a_redirect_to_nowhere_is_nonsense(location: str, strapi: Strapi, canned: Canned) -> None:
    answer = Response(status_code=302, headers={"Location": location} if location else {})
    canned.answers["GET /api/connect/instagram"] = answer
    with pytest.raises(Unexpected):
        strapi.connect("instagram")


@pytest.mark.parametrize(
    ("said", "engine"),
    [
        ("OAuth authentication requires a completed provider session", "session"),
        ("No access_token.", "token"),
        ("This provider is disabled", None),
    ],
)
def test_the_engine_shows_in_its_words(said: str, engine: str | None, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /api/auth/instagram/callback"] = refusal(400, said)
    assert strapi.engine("instagram") == engine


def test_unknown_words_tell_no_engine(strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /api/auth/instagram/callback"] = refusal(400, "Something new")
    with pytest.raises(Unexpected) as caught:
        strapi.engine("instagram")
    assert "Something new" in caught.value.evidence


@pytest.mark.parametrize("known", [True, False])
def test_has_admin_is_strapis_own_word(known: bool, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /admin/init"] = JSONResponse({"data": {"hasAdmin": known}})
    assert strapi.has_admin() is known


@pytest.mark.parametrize("data", [{}, {"hasAdmin": "yes"}, None, "text"])
def test_has_admin_takes_nothing_else_for_an_answer(data: Any, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /admin/init"] = JSONResponse({"data": data})
    with pytest.raises(Unexpected):
        strapi.has_admin()


# Signing in


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        (refusal(400, "Invalid credentials"), "admin panel"),
        (refusal(429, "Too many requests, please try again later."), "five minutes"),
    ],
)
def test_a_refused_sign_in_keeps_the_password(
    answer: Response, fix: str, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["POST /admin/login"] = answer
    with pytest.raises(Refused) as caught:
        strapi.sign_in("admin@example.com", PASSWORD)
    shown = "\n".join(
        [str(caught.value), caught.value.evidence, repr(caught.value.__cause__), *caught.value.fix]
    )
    assert PASSWORD.reveal() not in shown
    assert "admin@example.com" in shown
    assert fix in caught.value.fix[0]


def test_signing_in_sends_the_pair_and_then_the_session(admin: Admin, canned: Canned) -> None:
    assert admin.version() == "5.54.0"
    assert canned.asked[-1].headers["authorization"] == "Bearer admin-session-1"


# The provider settings


def test_secrets_of_all_providers_stay_out_of_sight(admin: Admin) -> None:
    providers = admin.providers()
    change = admin.plan("instagram", **WANTED)

    assert providers["github"]["secret"] == Secret("github-client-secret")
    assert "github-client-secret" not in repr(providers)
    assert WANTED["secret"].reveal() not in repr(change)


def test_a_plan_names_the_fields_and_writes_nothing(admin: Admin, canned: Canned) -> None:
    change = admin.plan("instagram", **WANTED)

    assert set(change.fields) == {"enabled", "key", "secret", "callback"}
    assert canned.methods == ["GET"]


def test_an_unknown_provider_is_refused(admin: Admin) -> None:
    with pytest.raises(Refused, match="does not know the provider nowhere") as caught:
        admin.plan("nowhere", **WANTED)
    assert caught.value.failure == "A01"


def test_one_entry_is_changed_and_everything_else_written_back(admin: Admin, canned: Canned) -> None:
    admin.change_provider("instagram", scope=["new"], **WANTED)

    entry = {
        "enabled": True,
        "key": "17",
        "secret": WANTED["secret"].reveal(),
        "callbackUrl": "x",
        "scope": ["new"],
        "callback": "https://a.example/b",
    }
    assert canned.stored == {**STORED, "instagram": entry}
    assert list(canned.stored) == list(STORED)


def test_a_second_time_nothing_is_written(admin: Admin, canned: Canned) -> None:
    admin.change_provider("instagram", **WANTED)
    again = admin.change_provider("instagram", **WANTED)

    assert again.fields == ()
    assert canned.methods.count("PUT") == 1


def test_restore_brings_the_entry_back(admin: Admin, canned: Canned) -> None:
    change = admin.change_provider("instagram", **WANTED)
    admin.restore(change)
    admin.restore(change)

    assert canned.stored == STORED
    assert canned.methods.count("PUT") == 2


def test_restore_leaves_alone_what_somebody_changed_since(admin: Admin, canned: Canned) -> None:
    change = admin.change_provider("instagram", **WANTED)
    canned.stored["instagram"]["key"] = "18"

    with pytest.raises(Conflict):
        admin.restore(change)
    assert canned.stored["instagram"]["key"] == "18"


def test_a_plan_is_not_applied_to_what_somebody_changed_since(admin: Admin, canned: Canned) -> None:
    change = admin.plan("instagram", **WANTED)
    canned.stored["instagram"]["enabled"] = 0

    with pytest.raises(Conflict):
        admin.apply(change)
    assert "PUT" not in canned.methods


@pytest.mark.parametrize("meddled", [{"github": {"enabled": True}}, {"new": {}}, {"instagram": {}}])
def test_somebody_else_writing_at_the_same_time_is_noticed(
    meddled: dict[str, Any], admin: Admin, canned: Canned
) -> None:
    async def meddle(request: Request) -> Response:
        response = await canned._as_strapi(request)
        canned.stored |= meddled
        return response

    canned.answers["PUT /users-permissions/providers"] = meddle
    with pytest.raises(Conflict) as caught:
        admin.change_provider("instagram", **WANTED)
    assert caught.value.evidence == next(iter(meddled))


@pytest.mark.parametrize(
    "answer", [HTML, BROKEN, JSONResponse({"done": True}), refusal(400, "Request body cannot be empty")]
)
def test_a_write_that_is_not_confirmed_is_no_success(answer: Response, admin: Admin, canned: Canned) -> None:
    canned.answers["PUT /users-permissions/providers"] = answer
    with pytest.raises(KitError):
        admin.change_provider("instagram", **WANTED)


def test_settings_of_another_shape_are_not_written_back(admin: Admin, canned: Canned) -> None:
    canned.answers["GET /users-permissions/providers"] = JSONResponse({"instagram": "on"})
    with pytest.raises(Unexpected):
        admin.change_provider("instagram", **WANTED)
    assert "PUT" not in canned.methods
