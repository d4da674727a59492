"""What a real Strapi, or somebody before it, refuses: doctor and verdict name it, and blame nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from helpers import failures
from helpers.core.flows import DOCUMENTED
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.doctor.recognise import read
from helpers.kit import Kit
from helpers.rehearsal.internet import Internet
from helpers.strapi.rate_limits import PoliteStrapi
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD
from tests.real.test_doctor import DOMAIN, set_up
from tests.real.test_login import open_stage, save_provider
from tests.support.asgi import AsgiServer

pytestmark = pytest.mark.real
both_engines = pytest.mark.parametrize("version", ["5.54.0", "5.50.0"])
_USERS = "plugin::users-permissions"


def doctors_failures(kit: Kit) -> set[str | None]:
    kit.changed()
    return {result.failure for result in checks.run(kit) if result.status in (checks.FAILED, checks.UNKNOWN)}


def take_from_public(url: str, action: str) -> None:
    """As an administrator does who unticks it."""
    pair = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD.reveal()}
    with httpx.Client(base_url=url, timeout=20) as http:
        token = http.post("/admin/login", json=pair).json()["data"]["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        roles = http.get("/users-permissions/roles").json()["roles"]
        id_ = next(role["id"] for role in roles if role["type"] == "public")
        role: dict[str, Any] = http.get(f"/users-permissions/roles/{id_}").json()["role"]
        role["permissions"][_USERS]["controllers"]["auth"][action]["enabled"] = False
        kept = {name: role[name] for name in ("name", "description", "permissions")}
        http.put(f"/users-permissions/roles/{id_}", json={**kept, "users": []}).raise_for_status()


@both_engines
@pytest.mark.parametrize("action", ["callback", "connect"])
def test_a_public_role_without_its_permission_is_named(action: str, version: str, tmp_path: Path) -> None:
    with set_up(tmp_path, version) as (kit, strapi):
        take_from_public(strapi.url, action)
        assert doctors_failures(kit) == {"A44"}
        path = kit.urls.connect if action == "connect" else kit.urls.auth
        kit.http.get(path)
        assert kit.logins.verdict(kit.gateway.witness.latest).failure == "A44"


@both_engines
def test_an_authorization_header_that_strapi_cannot_verify_is_named(version: str, tmp_path: Path) -> None:
    with set_up(tmp_path, version) as (kit, _):
        kit.http.get(kit.urls.auth, headers={"Authorization": "Bearer undefined"})
        assert kit.logins.verdict(kit.gateway.witness.latest).failure == "A45"


@both_engines
@pytest.mark.parametrize("typed", ["", "undefined", '"563883201184965"'])
def test_a_client_id_that_is_none_is_named(typed: str, version: str, tmp_path: Path) -> None:
    with set_up(tmp_path, version) as (kit, _):
        change = kit.admin().plan(kit.flow.provider, key="", secret=Secret(), callback="")
        change.after.clear()
        change.after.update({**change.before, "key": typed})
        kit.admin().apply(change)
        assert doctors_failures(kit) == {"B23"}
        kit.http.get(kit.urls.connect)
        assert kit.logins.verdict(kit.gateway.witness.latest).failure == "B23"


def test_a_bare_status_that_strapi_passes_on_is_read_as_instagrams(tmp_path: Path) -> None:
    """Its own provider does that until 5.50; later ones ask for a login that the session knows."""
    with open_stage(tmp_path, "5.50.0") as stage:
        save_provider(stage, stage.prepare(DOCUMENTED))
        said = httpx.get(f"{stage.strapi.url}/api/auth/{DOCUMENTED.provider}/callback?access_token=bad")
    error = said.json()["error"]
    assert failures.named(error["message"], "auth") == "A12", error
    found = read(said.text).matches
    assert (found[0].failure.id, found[0].sure) == ("A12", True), said.text


# Somebody between


@contextmanager
def between(kit: Kit, url: str, **loses: Callable[[httpx.Headers], None]) -> Iterator[None]:
    """A proxy before Strapi that takes something away, on the way to Strapi or back."""

    async def passed_on(request: Request) -> Response:
        sent = httpx.Headers([(name, value) for name, value in request.headers.items() if name != "host"])
        sent["host"] = request.headers["host"]
        loses.get("asking", lambda _: None)(sent)
        async with httpx.AsyncClient() as http:
            answer = await http.request(
                request.method,
                f"{url}{request.url.path}?{request.url.query}",
                headers=sent,
                content=await request.body(),
            )
        loses.get("answering", lambda _: None)(answer.headers)
        response = Response(answer.content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in ("content-length", "content-encoding", "transfer-encoding"):
                response.headers.append(name, value)
        return response

    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
    proxy = AsgiServer(Starlette(routes=[Route("/{path:path}", passed_on, methods=methods)])).start()
    kit.learn(strapi_url=proxy.url)
    kit.strapi = PoliteStrapi(kit.http, proxy.url)
    try:
        yield
    finally:
        proxy.stop()


def without(*names: str) -> Callable[[httpx.Headers], None]:
    return lambda headers: [headers.pop(name, None) for name in names] and None


@both_engines
@pytest.mark.parametrize("loses", [{"asking": "authorization"}, {"answering": "set-cookie"}])
def test_what_a_proxy_takes_away_is_named(loses: dict[str, str], version: str, tmp_path: Path) -> None:
    with set_up(tmp_path, version) as (kit, strapi):
        kit.learn(strapi_admin_password=Secret(""))  # the admin's own token would be lost as well
        with between(kit, strapi.url, **{way: without(name) for way, name in loses.items()}):
            assert doctors_failures(kit) == {"A47"}


@both_engines
def test_a_lost_word_about_https_is_named(version: str, tmp_path: Path) -> None:
    with (
        set_up(tmp_path, version, NODE_ENV="production", PROXY="true") as (kit, strapi),
        between(kit, strapi.url, asking=without("x-forwarded-proto")),
    ):
        assert "A22" in doctors_failures(kit)


SIGN_IN = "https://euw.tunnels.api.visualstudio.com/auth/github"
OTHERS = [
    ("C23", PlainTextResponse("error code: 1033", 530)),
    ("C23", PlainTextResponse("503 - Tunnel Unavailable", 503)),
    ("C24", PlainTextResponse("loca.lt\nTunnel Password:", 511)),
    ("C24", RedirectResponse(SIGN_IN)),
    ("C25", PlainTextResponse("<title>No such app</title>", 404)),
]


@both_engines
def test_what_answers_at_an_address_that_is_not_ngroks_is_named_as_what_it_is(
    version: str, tmp_path: Path
) -> None:
    internet = Internet()
    with set_up(tmp_path, version) as (kit, _):
        kit.http = httpx.Client(transport=internet.transport(), timeout=10)
        for failure, answer in OTHERS:
            stranger = AsgiServer(answer).start()
            internet.add(DOMAIN, stranger.port)
            kit.changed()
            causes = [(cause.id, cause.failure) for cause, _ in checks.causes(checks.run(kit))]
            stranger.stop()
            assert causes[0] == ("public-address", failure), answer.body
    internet.close()
