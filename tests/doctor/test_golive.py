"""The checks of a deployed setup: nothing red where nothing is wrong, each fault named, and good manners."""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import httpx
import pytest
import trustme

from helpers.core.errors import InputError
from helpers.core.flows import TODAY
from helpers.core.layout import Layout
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.doctor import diagnosis, golive, golive_client
from helpers.doctor.checks import FAILED, PASSED, UNKNOWN, Result, causes, in_order
from helpers.doctor.deployment import Target
from helpers.failures import known
from helpers.practice.deployment_faults import FAULTS, DeploymentFault
from helpers.rehearsal.deployed import LAYOUT, DeployedWorld
from helpers.rehearsal.strapi.parts import Admins
from tests.support.servers import RawServer, answers_over_tls

ONE_ORIGIN = Layout("https://www.example.com", "https://www.example.com")
Property = Callable[[str, object], None]
NOTES = {known.SESSIONS_NEED_REFRESH, known.ADMIN_OPEN, known.HTTP_NOT_REDIRECTED}


class Wire(httpx.BaseTransport):
    """The way to a deployed world that keeps what was asked."""

    def __init__(self, world: DeployedWorld) -> None:
        self._inner, self.asked = world.internet.transport(), []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, str(request.url)))
        return self._inner.handle_request(request)


@pytest.fixture
def world() -> Iterator[DeployedWorld]:
    with DeployedWorld() as world:
        yield world


def look(world: DeployedWorld, layout: Layout | None = None) -> list[Result]:
    layout = layout or world.layout
    return golive.run(Target(layout.strapi, layout.page, TODAY.provider), transport=Wire(world))


def red(results: list[Result]) -> dict[str, str | None]:
    return {each.id: each.failure for each in results if each.status == FAILED}


@pytest.mark.parametrize("engine", ["session", "oauth-connect", "token"])
@pytest.mark.parametrize("layout", [LAYOUT, ONE_ORIGIN], ids=["same site", "one origin"])
def test_where_nothing_is_wrong_nothing_is_red(engine: str, layout: Layout) -> None:
    with DeployedWorld(layout, engine) as world:
        results = look(world)
    assert red(results) == {}, results
    assert in_order(results), results
    assert {each.id for each in results if each.status == UNKNOWN} == {"header-buffer", "dashboard"}
    assert [each.failure for each in results] == [None] * len(results)


def test_a_page_of_another_site_is_named_where_the_session_ends_a_login() -> None:
    layout = Layout("https://api.example.com", "https://shop.test")
    for engine, failures in (("session", {"layout": "A18", "cookie": "A18"}), ("token", {})):
        with DeployedWorld(layout, engine) as world:
            assert red(look(world)) == failures


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_first(
    world: DeployedWorld, fault: DeploymentFault, record_property: Property
) -> None:
    record_property("provokes", fault.failure)
    fault.plant(world)
    results = look(world)
    if fault.failure in NOTES:
        assert red(results) == {}
        assert [each.failure for each in results if each.failure] == [fault.failure]
    else:
        found = [cause.failure for cause, _ in causes(results)]
        assert found == [fault.failure], results
        assert not in_order(results)
    named = next(each for each in results if each.failure == fault.failure)
    assert named.fix


PAIRS = [
    pair
    for pair in combinations(FAULTS, 2)
    if {each.failure for each in pair}
    in (
        {known.SERVER_URL_DIFFERS, known.FETCH_WITHOUT_CREDENTIALS},
        {known.SERVER_URL_LOCALHOST, known.REDIRECT_URL_ELSEWHERE},
        {known.ADDRESS_MOVES_TO_ANOTHER_HOST, known.SECURE_COOKIE_REFUSED},
        {known.FORWARDED_PROTO_LOST, known.ADMIN_OPEN},
        {known.CORS_REFUSED_BY_STRAPI, known.REDIRECT_PAGE_NOT_SERVED},
    )
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " and ".join(each.name for each in pair))
def test_two_faults_at_once_are_both_found(
    world: DeployedWorld, pair: tuple[DeploymentFault, DeploymentFault]
) -> None:
    for fault in pair:
        fault.plant(world)
    assert {fault.failure for fault in pair} <= {each.failure for each in look(world)}


def test_it_asks_politely(world: DeployedWorld) -> None:
    wire = Wire(world)
    golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=wire)
    counted = Counter(wire.asked)
    begun = [url for _, url in wire.asked if url.endswith(f"/api/connect/{TODAY.provider}")]
    assert len(begun) == 1
    assert len(wire.asked) <= golive_client.MOST_REQUESTS
    assert {httpx.URL(url).host for _, url in wire.asked} == {"api.example.com", "www.example.com"}
    assert max(counted.values()) <= 2


@pytest.mark.parametrize("plain", [True, False], ids=["http", "another host"])
def test_a_proxy_that_leads_on_keeps_the_whole_target(world: DeployedWorld, plain: bool) -> None:
    """As the nginx lines that are printed do, by $request_uri."""
    if not plain:
        world.proxy.main_page = "https://www.example.com"
    asked = "http://www.example.com" if plain else "https://example.com"
    with httpx.Client(transport=world.internet.transport()) as client:
        answer = client.get(f"{asked}/connect/x%2Fy/redirect?access_token=a%2Fb")
    assert answer.headers["location"] == "https://www.example.com/connect/x%2Fy/redirect?access_token=a%2Fb"


def test_more_scripts_than_it_reads_are_counted_and_left(world: DeployedWorld) -> None:
    many = "".join(f'<script src="/assets/app.js?{number}"></script>' for number in range(50))
    world.page.template = world.page.template.replace("</body>", f"{many}</body>")
    wire = Wire(world)
    results = golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=wire)
    scripts = next(each for each in results if each.id == "page-scripts")
    assert "20 of the page's scripts read, 31 left unread" in scripts.evidence
    assert len(wire.asked) <= golive_client.MOST_REQUESTS


def test_nothing_secret_is_told(world: DeployedWorld) -> None:
    results = look(world)
    told = json.dumps([each.as_json() for each in results]) + "\n".join(diagnosis.as_lines(results))
    assert SAMPLE_CLIENT_SECRET not in told
    assert "koa.sess=" not in told
    assert "state=" not in told


class Hangs(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        time.sleep(30)
        raise AssertionError


def test_it_ends_in_time_whatever_hangs() -> None:
    began = time.monotonic()
    results = golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=Hangs())
    assert time.monotonic() - began < 15
    assert not in_order(results)
    assert PASSED not in {
        each.status for each in results if each.id in ("strapi-answers", "connect", "cookie")
    }


def test_an_address_where_nobody_is_is_told_once(record_property: Property) -> None:
    class Nobody(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("Name or service not known")

    record_property("provokes", "F01")
    results = golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=Nobody())
    assert set(red(results).values()) == {known.DEPLOYED_ADDRESS_SILENT}
    assert {each.id for each in results if each.status == PASSED} == {"http", "layout"}


@pytest.mark.parametrize("said", [b"<html>hello", b"\x00\xff", b'{"data": []}', b"[" * 5000])
def test_nonsense_is_no_strapi(said: bytes) -> None:
    class Nonsense(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=said)

    results = golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=Nonsense())
    assert red(results)["strapi-answers"] == known.DEPLOYED_ADDRESS_SILENT
    assert not any("Error:" in each.evidence for each in results if each.status == UNKNOWN), results


def test_a_redirect_off_the_two_hosts_is_told_and_not_followed(world: DeployedWorld) -> None:
    world.proxy.main_page = "https://elsewhere.test"
    wire = Wire(world)
    results = golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=wire)
    assert red(results)["page-answers"] == known.ADDRESS_MOVES_TO_ANOTHER_HOST
    assert not any("elsewhere" in url for _, url in wire.asked)


def test_resolve_and_cacert_are_taken_as_curl_takes_them() -> None:
    assert golive_client.resolved(["WWW.example.com:443:203.0.113.7", "a.test:80:[::1]"]) == {
        ("www.example.com", 443): "203.0.113.7",
        ("a.test", 80): "::1",
    }
    for wrong in ("www.example.com", "www.example.com:x:1.2.3.4", "www.example.com:443:name"):
        with pytest.raises(InputError, match="HOST:PORT:ADDRESS"):
            golive_client.resolved([wrong])


def test_a_strapi_that_waits_for_its_first_administrator_is_red(
    world: DeployedWorld, record_property: Property
) -> None:
    record_property("provokes", "F09")
    world.proxy.open_admin = True
    world.strapi.admins = Admins()
    assert red(look(world)) == {"admin": "F09"}


def test_callbacks_that_are_not_deployed_are_red(world: DeployedWorld, record_property: Property) -> None:
    record_property("provokes", "F13")
    world.proxy.answers_post = False
    assert red(look(world)) == {"meta-callbacks": "F13"}


def test_a_certificate_that_nobody_trusts_is_named(tmp_path: Path, record_property: Property) -> None:
    """Over a real connection to this machine, by --resolve, and --cacert makes it trusted."""
    record_property("provokes", "F02")
    ours, theirs = trustme.CA(), trustme.CA()
    for name, authority in (("ours", ours), ("theirs", theirs)):
        authority.cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("api.example.com", "www.example.com").configure_cert(context)

    server = RawServer(answers_over_tls(context))
    port = int(server.url.rpartition(":")[2])
    resolve = {(name, port): "127.0.0.1" for name in ("api.example.com", "www.example.com")}
    target = Target(f"https://api.example.com:{port}", f"https://www.example.com:{port}", TODAY.provider)
    try:
        distrusted = golive.run(target, resolve=resolve, cacert=tmp_path / "theirs.pem")
        trusted = golive.run(target, resolve=resolve, cacert=tmp_path / "ours.pem")
    finally:
        server.stop()
    assert red(distrusted)["strapi-answers"] == "F02"
    assert next(each for each in trusted if each.id == "strapi-answers").status == PASSED
