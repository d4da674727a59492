"""Whatever a stranger sends, the parsers neither crash nor hang nor repeat a secret."""

from __future__ import annotations

import re

import httpx
from hypothesis import example, given
from hypothesis import strategies as st

from helpers import failures
from helpers.core.masking import MASK, redact
from helpers.doctor.recognise import read
from helpers.gateway.attempt import Attempt, Hop
from helpers.login import verdict
from helpers.strapi.client import _connect
from helpers.strapi.http import Answer
from helpers.tunnel import ngrok_refusals

# What nobody may ever read again, in the places where it may stand.
CODE = "AQDverysecretcode0123456789"
TOKEN = "2abcdefghijklmnopqrstuvwxyz_0123456789abcdefghijklm"
TOKEN_IN = ("authtoken=", "authtoken: ", '"authtoken": "', "--authtoken ")

text = st.text(st.characters(codec="utf-8"), max_size=300)
# Mostly nonsense, with the words that the parsers look for thrown in.
words = st.sampled_from([
    "ERR_NGROK_", "ERR_NGROK_108", "code=", "error=", "error[", "]=", "&", "?", "#_", "http://", "https://",
    "%", "%zz", "redirect_uri=", "scope=", "state=", "koa.sess=", "samesite", "=", ";", "\\", '"', "<", ">",
    "{", "}", "[", "]", "x509", "\0", "\n", "0" * 40, "a" * 200,
])  # fmt: skip
nonsense = st.lists(st.one_of(text, words), max_size=12).map("".join)
header = nonsense.map(lambda value: re.sub(rb"[\r\n]", b"", value.encode("latin-1", "replace")))
STEPS = ["connect", "authorize", "callback", "token", "auth", "profile", "me", "other"]


@given(nonsense, st.sampled_from(STEPS))
def test_the_words_of_a_step(said: str, step: str) -> None:
    assert verdict.named(step, said) in {None, *failures.all_failures()}


@given(nonsense, st.sampled_from([None, 200, 302, 400, 404, 500]))
@example("https://[half", 302)
@example("//[", 302)
def test_the_place_a_callback_leads_to(location: str, status: int | None) -> None:
    hop = Hop(
        "callback", "browser", "strapi", "GET", "https://shop.example/x", status, 1.0, location=location
    )
    assert not verdict.judge(Attempt(hop), "instagram").ok


@given(header, st.lists(header, max_size=3))
@example(b"https://[half", [])
def test_where_strapi_sends_a_login(location: bytes, cookies: list[bytes]) -> None:
    headers = [(b"location", location + b"&code=" + CODE.encode())]
    headers += [(b"set-cookie", b"koa.sess=" + CODE.encode() + b"; " + cookie) for cookie in cookies]
    seen = _connect(Answer("GET /x", 302, httpx.Headers(headers), b""))
    assert CODE not in f"{seen.session_cookie} {seen.location}"


@given(nonsense, nonsense, st.sampled_from(TOKEN_IN))
def test_a_line_of_the_agents_log(before: str, after: str, place: str) -> None:
    error = ngrok_refusals.refusal(f"{before} {place}{TOKEN} {after}")
    assert TOKEN not in f"{error} {error.evidence} {error.fix}"
    assert error.failure in {None, *failures.all_failures()}
    assert "\n" not in error.evidence


@given(nonsense, nonsense)
def test_a_pasted_text(before: str, after: str) -> None:
    found = read(f"{before}\nhttps://shop.example/x?code={CODE}&state={CODE}\n{after}").matches
    assert CODE not in str(found)
    assert all(match.why for match in found)


@given(nonsense)
def test_redacting_again_changes_nothing(said: str) -> None:
    once = redact(f"{said} access_token={CODE} ")
    assert CODE not in once
    assert MASK in once
    assert redact(once) == once


@given(st.binary(max_size=500), st.sampled_from([200, 204, 302, 400, 500]))
def test_an_answer_that_is_no_json(body: bytes, status: int) -> None:
    answer = Answer("GET /x", status, httpx.Headers(), body)
    assert isinstance(answer.message, str)
    assert str(answer).startswith("GET /x -> ")
