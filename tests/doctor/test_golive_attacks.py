"""Whoever answers there may answer anything: it ends, stays at the two addresses, steers no terminal."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.layout import Layout
from helpers.doctor import diagnosis, golive, golive_client
from helpers.doctor.checks import FAILED, UNKNOWN, Result, in_order
from helpers.doctor.deployment import Target
from helpers.doctor.page_scripts import sources
from helpers.failures import known

LAYOUT = Layout("https://api.example.com", "https://www.example.com")
STEERS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
Answer = Callable[[httpx.Request], httpx.Response]


class Hostile(httpx.BaseTransport):
    """Strapi is up; all else is what ``answer`` says."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(204) if request.url.path == "/_health" else self._answer(request)


def look(answer: Answer) -> tuple[list[Result], Hostile]:
    wire = Hostile(answer)
    return golive.run(Target(LAYOUT.strapi, LAYOUT.page, TODAY.provider), transport=wire), wire


def by_id(results: list[Result]) -> dict[str, Result]:
    return {each.id: each for each in results}


@pytest.mark.parametrize("there", ["/", "/a", "https://www.example.com/b"])
def test_a_redirect_loop_is_no_page(there: str) -> None:
    results, wire = look(lambda request: httpx.Response(302, headers={"location": there}))
    assert by_id(results)["page-answers"].failure == known.DEPLOYED_ADDRESS_SILENT
    assert len(wire.asked) <= golive_client.MOST_REQUESTS


@pytest.mark.parametrize(
    "there",
    [
        "https://www.example.com@elsewhere.test/",
        "https://www.example.com:22/",
        "https://www.example.com:99999999/",
        "https://[half",
        "//elsewhere.test/",
        "javascript:alert(1)",
        "\\\\elsewhere.test\\",
    ],
)
def test_a_redirect_leads_nobody_off_the_two_addresses(there: str) -> None:
    results, wire = look(lambda request: httpx.Response(302, headers={"location": there}))
    assert by_id(results)["page-answers"].status == FAILED
    assert {httpx.URL(each).netloc for each in wire.asked} <= {b"www.example.com", b"api.example.com"}


SCRIPTS = [
    "https://elsewhere.test/a.js",
    "https://www.example.com@elsewhere.test/a.js",
    "https://api.example.com:22/a.js",
    "http://api.example.com/a.js",
    "//127.0.0.1/a.js",
    "file:///etc/hosts",
    "https://[::1/a.js",
    "https://api.example.com:port/",
    "data:text/javascript,1",
]


def test_scripts_are_read_at_the_two_addresses_alone() -> None:
    page = "".join(f'<script src="{each}"></script>' for each in ("/ours.js", *SCRIPTS))
    results, wire = look(lambda request: httpx.Response(200, text=page))
    assert [each for each in wire.asked if each.endswith(".js")] == ["https://www.example.com/ours.js"]
    assert not any("Error:" in each.evidence for each in results), results


def test_a_script_at_what_is_no_address_is_left_and_the_others_are_read() -> None:
    page = '<script src="/a\x01b.js"></script><script src="/ours.js"></script>'
    results, wire = look(lambda request: httpx.Response(200, text=page))
    assert "https://www.example.com/ours.js" in wire.asked
    assert not any("InvalidURL" in each.evidence for each in results), results


@pytest.mark.parametrize(
    "page",
    ["<script " * 250_000, "<link modulepreload href " * 80_000, "<link " + "modulepreload " * 150_000,
     "<script src" + " " * 2_000_000, "<" * 2_000_000, "<script>" * 250_000, "<script src=x>" * 140_000],
    ids=["tags", "links", "words", "blanks", "brackets", "empty", "scripts"],
)  # fmt: skip
def test_no_page_keeps_the_search_busy(page: str) -> None:
    results, wire = look(lambda request: httpx.Response(200, text=page))
    assert len(results) == len(golive.CHECKS)
    assert len(wire.asked) <= golive_client.MOST_REQUESTS


def test_scripts_are_found_in_their_order_however_they_are_written() -> None:
    page = (
        "<SCRIPT SRC=/a.js></SCRIPT><script type='module' crossorigin src='/b.js'></script>"
        '<link rel="stylesheet" href="/c.css"><link rel="modulepreload" href="/d.js"><script>inline</script>'
    )
    assert sources(page) == ["/a.js", "/b.js", "/d.js"]


def _steering(request: httpx.Request) -> httpx.Response:
    error = {"status": 400, "name": STEERS, "message": STEERS + "x" * 100_000}
    return httpx.Response(400, json={"data": None, "error": error}, headers={"x-powered-by": "Strapi"})


def _leading(request: httpx.Request) -> httpx.Response:
    query = "client_id=%1b%5b31m1&redirect_uri=https://x%1b%5d0;p%07.example&scope=%1b%5b2J%E2%80%AE"
    return httpx.Response(302, headers={"location": f"https://www.instagram.com/oauth/authorize?{query}"})


@pytest.mark.parametrize("answer", [_steering, _leading])
def test_what_is_told_steers_no_terminal_and_has_an_end(answer: Answer) -> None:
    results, _ = look(answer)
    lines = diagnosis.as_lines(results)
    assert all(line.isprintable() for line in lines), lines
    assert max(map(len, lines)) < 1000
    assert json.dumps([each.as_json() for each in results]).isprintable()


def test_a_page_that_refuses_everybody_is_no_page_and_one_that_wants_more_than_nothing_is() -> None:
    refused, _ = look(lambda request: httpx.Response(403))
    assert by_id(refused)["page-answers"].failure == known.DEPLOYED_ADDRESS_SILENT
    assert not in_order(refused)
    assert by_id(refused)["page-scripts"].status == UNKNOWN
