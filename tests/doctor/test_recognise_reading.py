"""How a text is read: whose words, which explains most, what is no evidence, and how long it takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import failures
from helpers.doctor.recognise import read
from tests.support.breaking import PROVOKED
from tests.support.error_texts import OURS, SURE

TEXTS = OURS["sure"]


def test_what_was_recognised_is_told_even_where_no_page_fits() -> None:
    said = '{"data":null,"error":{"status":418,"name":"TeapotError","message":"short and stout"}}'
    reading = read(f"{said} /api/auth/x/callback")
    assert reading.seen == ("Strapi's JSON: 418 TeapotError", "a request to /api/auth/x/callback")
    assert not any(match.sure for match in reading.matches)
    assert "Strapi's own log" in reading.next


def test_another_programs_text_is_told_to_be_one() -> None:
    reading = read("npm error code E403\nnpm error 403 Forbidden - PUT https://registry.example.org/left-pad")
    assert (reading.seen, reading.matches) == ((), ())
    assert "another program's message" in reading.next


def test_what_explains_more_of_the_text_comes_first() -> None:
    found = read("Your account is limited to 1 simultaneous ngrok agent sessions. ERR_NGROK_108").matches
    assert [match.failure.id for match in found] == ["C04", "E02"]
    assert found[0].score > found[1].score


@pytest.mark.parametrize("page", ["https://shop.ngrok-free.dev", "http://localhost:3000"])
@pytest.mark.parametrize("end", ["", "/", "?", "#_", "/#_", "?#_", " ", "\n", "  \n"])
def test_the_front_ends_address_is_known_however_the_browser_ends_it(page: str, end: str) -> None:
    found = read(f"{page}/connect/instagram-business/redirect{end}").matches
    assert found[0].sure
    assert found[0].failure.id == ("A20" if "localhost" in page else "A19")


@pytest.mark.parametrize(
    "text", ["Error: connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.0.0.5:5432",
             "npm ERR! getaddrinfo ENOTFOUND registry.example"]
)  # fmt: skip
def test_somebody_elses_refusal_is_no_instagram_out_of_reach(text: str) -> None:
    assert not [match for match in read(text).matches if match.sure]


def test_every_failure_that_nothing_provokes_has_a_real_text_or_is_for_the_eye_alone() -> None:
    met = {*TEXTS, *OURS["guess"], "E06"}  # a secret in the text, below
    others = [each for each in failures.all_failures().values() if each.id not in PROVOKED]
    assert {each.id for each in others if not each.see} <= met


def test_a_python_without_the_kit_is_named(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """As a notebook does in a kernel that somebody else has installed."""
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "from helpers.notebook import chapter"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    assert read(said).matches[0].failure.id == "E13", said
    record_property("provokes", "E13")


def test_the_page_of_a_browser_is_read_through_its_markup() -> None:
    page = "<html><body><h2>Invalid&nbsp;Request</h2><p>Invalid <b>redirect_uri</b></p></body></html>"
    assert read(page).matches[0].failure.id == "B05"


def test_a_sentence_that_a_terminal_has_wrapped_is_read_as_one() -> None:
    text = "but the client failed to establish a connection to   \n    the local address localhost:64135."
    assert [(match.failure.id, match.sure) for match in read(text).matches] == [("C06", True)]


def test_a_secret_in_the_text_is_told_and_never_repeated() -> None:
    found = read(
        "https://shop.example/x?error=oauth_error&error_description=OAuth2+state+mismatch&code=AQDx8s7"
    ).matches
    assert [match.failure.id for match in found] == ["A09", "E06"]
    assert "AQDx8s7" not in str(found)


def test_words_alone_are_only_a_guess() -> None:
    found = read("the admin panel throws me out after half an hour and wants me to sign in").matches
    assert found
    assert not any(match.sure for match in found)
    assert found[0].failure.id == "A36"


@pytest.mark.parametrize("text", ["", "   ", "hello", "0x1f", "Traceback (most recent call last):"])
def test_what_nobody_knows_leads_nowhere(text: str) -> None:
    assert not [match for match in read(text).matches if match.sure]


def test_a_log_of_any_length_is_read_at_both_ends() -> None:
    noise = "2026-11-24 12:00:00 info: nothing to see here\n" * 20_000
    assert read(noise + "ERR_NGROK_108").matches[0].failure.id == "C04"
    assert read("ERR_NGROK_108\n" + noise).matches[0].failure.id == "C04"


def test_a_text_is_read_in_less_than_50_milliseconds() -> None:
    for _, text in SURE:
        read(text)  # compiles its expressions
    took = []
    for _, text in SURE:
        began = time.thread_time()
        read(text)
        took.append(time.thread_time() - began)
    assert sorted(took)[len(took) // 2] < 0.05


def test_no_text_keeps_anybody_waiting() -> None:
    """A regular expression that tries everything twice would take minutes for one of these."""
    began = time.thread_time()
    for _, text in SURE[::4]:
        start = "".join(text.split())[: len(text) // 2]
        read(start * (50_000 // len(start)))
    assert time.thread_time() - began < 60


# Signals


@pytest.mark.parametrize("entry", failures.all_failures().values(), ids=failures.all_failures())
def test_whoever_shares_a_sign_says_how_to_tell_them_apart(entry: failures.Failure) -> None:
    texts = [*entry.signal, *TEXTS.get(entry.id, [])]
    shares = {other.id: [text for text in texts if entry.proven_by(text) and other.proven_by(text)]
              for other in failures.all_failures().values() if other.id != entry.id}  # fmt: skip
    for id_, shared in shares.items():
        assert not shared or id_ in entry.apart or entry.id in failures.get(id_).apart, (id_, shared)


def test_who_is_told_apart_exists() -> None:
    known = failures.all_failures()
    for entry in known.values():
        assert set(entry.apart) <= known.keys() - {entry.id}
        assert all(said.endswith(".") for said in entry.apart.values())
