"""First the cause: several things broken at once, through the whole doctor, each told once with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import failures
from helpers.core.errors import KitError
from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, Result
from helpers.kit import Kit
from helpers.practice.fault import Fault, Play, answering, edited, log_in, nothing, saved, world
from helpers.practice.faults import FAULTS
from tests.support.breaking import needs_ngrok, whole

EARLIER = "https://1b2c3d4e.ngrok-free.dev"
Causes = list[tuple[str, str | None]]


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Callable[..., list[Result]]]:
    """Break several things in one rehearsal and ask the doctor."""
    with ExitStack() as ending:

        def broken(*plays: Play | str, engine: str | None = None) -> list[Result]:
            ngrok = any(needs_ngrok(play) for play in plays if isinstance(play, str))
            kit = ending.enter_context(whole(Fault(nothing, engine=engine), tmp_path, ngrok=ngrok))
            for play in plays:
                (FAULTS[play].play if isinstance(play, str) else play)(kit)
            kit.changed()
            return checks.run(kit)

        yield broken


def causes(results: list[Result]) -> Causes:
    return [(cause.id, cause.failure) for cause, _ in checks.causes(results)]


def earlier_tunnel(kit: Kit) -> None:
    """All of yesterday's setup, and today's tunnel."""
    edited("config/env/development/server.js", "url: '.*'", f"url: '{EARLIER}'")(kit)
    saved(callback=f"{EARLIER}/connect/{kit.flow.provider}/redirect")(kit)


def no_such_folder(kit: Kit) -> None:
    kit.settings = replace(kit.settings, strapi_project="/nonexistent")


def past_the_gateway(kit: Kit) -> None:
    """``ngrok http 1337``, as Strapi's page has it."""
    world(kit).internet.add(world(kit).domain, world(kit).strapi_server.port)


def to_a_dead_port(kit: Kit) -> None:
    tunnel = world(kit).serve(answering("ERR_NGROK_8012", 502))
    world(kit).internet.add(world(kit).domain, tunnel.port)


def lost_login(kit: Kit) -> None:
    with suppress(KitError):
        log_in(kit)
    assert kit.logins.verdict(kit.logins.wait(timeout=10)).failure is None


CASES: dict[str, tuple[list[Play | str], Causes]] = {
    "provider-and-agent": (["A01", "C05"], [("tunnel", "C05"), ("provider", "A01")]),
    "client-id-and-agent": (["B04", "C05"], [("tunnel", "C05"), ("provider", "B04")]),
    "sign-ups-and-token": (["A25", "C03"], [("tunnel", "C03"), ("provider-settings", "A25")]),
    "foreign-domain": (["C11"], [("tunnel", "C11")]),
    "proxy-in-production": (["A23", "B04"], [("project", "A23")]),
    "localhost-and-provider": (["A03", "A01"], [("project", "A03"), ("provider", "A01")]),
    "localhost-and-strapi": (["A03", "C06"], [("project", "A03"), ("strapi", "C06")]),
    "no-keys": (["A24"], [("strapi", "A24")]),
    "address-and-another-site": (["A04", "A18"], [("server-url", "A04"), ("session-cookie", "A18")]),
    "all-of-yesterday": ([earlier_tunnel], [("server-url", "A04")]),
    "folder-and-strapi": ([no_such_folder, "C06"], [("project", None), ("strapi", "C06")]),
    "straight-to-strapi": (
        [past_the_gateway, "A25"],
        [("public-address", None), ("provider-settings", "A25")],
    ),
    "a-login-lost-on-its-way-back": (["A15", lost_login], [("provider-settings", "A15")]),
    "a-page-that-refuses-the-login": (["D13", lost_login], [("front-end", "D13")]),
    "dead-port-and-strapi": ([to_a_dead_port, "C06"], [("strapi", "C06"), ("public-address", "C06")]),
}


@pytest.mark.parametrize(("plays", "expected"), CASES.values(), ids=CASES)
def test_each_cause_stands_alone_and_what_follows_is_folded(
    broken: Callable[..., list[Result]], plays: list[Play | str], expected: Causes
) -> None:
    assert causes(broken(*plays)) == expected


def test_an_earlier_tunnels_page_is_no_other_site(broken: Callable[..., list[Result]]) -> None:
    results = broken(earlier_tunnel, engine="token")
    assert causes(results) == [("server-url", "A04")]
    assert any("(3.3)" in step for step in failures.get("A04").fix)


def test_a_page_left_at_an_earlier_tunnel_is_set_anew(broken: Callable[..., list[Result]]) -> None:
    page = f"{EARLIER}/connect/instagram-business/redirect"
    results = {each.id: each for each in broken(saved(callback=page), engine="token")}
    found = results["front-end"]
    assert (found.failure, results["public-address"].status) == ("A04", "passed")
    assert any("The redirect URL to your front-end app" in step for step in found.fix)


def test_the_headline_ends_in_one_full_stop(broken: Callable[..., list[Result]]) -> None:
    assert ".." not in diagnosis.headline(broken(no_such_folder, "C06"))


def test_a_login_refused_for_yesterdays_address_follows_from_it() -> None:
    results = [failed("server-url", "A04"), failed("credentials", "B07"), failed("login", "B05")]
    assert [(cause.id, [each.id for each in more]) for cause, more in checks.causes(results)] == [
        ("server-url", ["login"]),
        ("credentials", []),
    ]


# What mending the first makes good by itself: each pair was seen together, or is so by what the two mean.
FOLLOWS = {
    "server-url-of-earlier-tunnel": ["domain-of-another-account"],
    "session-lost": ["state-mismatch", "cross-site-cookie-dropped", "cookie-for-all-ngrok-hosts"],
    "state-mismatch": ["cross-site-cookie-dropped", "cookie-for-all-ngrok-hosts"],
    "session-cookie-missing": ["cookie-not-sent"],
    "secure-cookie-refused": ["proxy-setting-without-effect"],
    "redirect-uri-refused": [
        *("server-url-missing", "server-url-localhost", "server-url-of-earlier-tunnel"),
        "redirect-path-unexpected",
    ],
    "instagram-general-error": ["user-profile-scope-refused", "no-valid-scope"],
    "login-link-of-earlier-tunnel": ["domain-of-another-account"],
}


@pytest.mark.parametrize(
    ("follower", "cause"), [(follower, cause) for follower, of in FOLLOWS.items() for cause in of]
)
def test_a_follower_is_folded_under_its_cause(follower: str, cause: str) -> None:
    ids = {entry.name: id_ for id_, entry in failures.all_failures().items()}
    found = checks.causes([failed("session-cookie", ids[cause]), failed("login", ids[follower])])
    assert [(each.id, [one.id for one in more]) for each, more in found] == [("session-cookie", ["login"])]


def test_what_follows_from_a_follower_follows_from_the_cause() -> None:
    results = [failed("tunnel", "C03"), failed("public-address", "C05"), failed("cors", "C05")]
    assert [(cause.id, len(more)) for cause, more in checks.causes(results)] == [("tunnel", 2)]


def test_the_same_id_with_steps_of_its_own_is_another_thing_to_do() -> None:
    own = replace(failed("front-end", "A04"), fix=("Do something else.",))
    assert len(checks.causes([failed("server-url", "A04"), own])) == 2


def test_whatever_follows_from_something_names_things_that_exist() -> None:
    entries = failures.all_failures().values()
    known = {*(each.name for each in entries), *checks.CHECKS}
    assert set().union(*(each.follows for each in entries)) <= known
    assert sum(bool(each.follows) for each in entries) == 11


def failed(id_: str, failure: str) -> Result:
    return Result(id_, FAILED, f"seen at {id_}", failure, failures.get(failure).fix)
