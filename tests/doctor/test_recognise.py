"""What people really see leads to the failure that it is; what nobody knows leads nowhere for sure."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from helpers import failures
from helpers.core.masking import MASK, Secret
from helpers.doctor.recognise import recognise
from helpers.notebook.failure_forms import RecogniseForm
from helpers.notebook.widgets import PasteField
from tests.support.breaking import PROVOKED

TEXTS = tomllib.loads(Path(__file__).with_name("real_texts.toml").read_text(encoding="utf-8"))
REAL = [(id_, text) for id_, texts in TEXTS.items() for text in texts]


# Whose every text is another one's too: that one comes first and says how to tell them apart.
BEHIND = {"E02": "C10"}


@pytest.mark.parametrize(("id_", "text"), REAL, ids=[id_ for id_, _ in REAL])
def test_a_real_text_leads_to_its_failure_first(id_: str, text: str) -> None:
    sure = [match.failure for match in recognise(text) if match.sure]
    assert sure, text
    first = sure[0]
    assert first.id == BEHIND.get(id_, id_), [failure.id for failure in sure]
    if first.id != id_:
        assert id_ in [failure.id for failure in sure]
        assert id_ in first.apart


@pytest.mark.parametrize("page", ["https://shop.ngrok-free.dev", "http://localhost:3000"])
@pytest.mark.parametrize("end", ["", "/", "?", "#_", "/#_", "?#_", " ", "\n", "  \n"])
def test_the_front_ends_address_is_known_however_the_browser_ends_it(page: str, end: str) -> None:
    found = recognise(f"{page}/connect/instagram-business/redirect{end}")
    assert found[0].sure
    assert found[0].failure.id == ("A20" if "localhost" in page else "A19")


@pytest.mark.parametrize(
    "text", ["Error: connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.0.0.5:5432",
             "npm ERR! getaddrinfo ENOTFOUND registry.example"]
)  # fmt: skip
def test_somebody_elses_refusal_is_no_instagram_out_of_reach(text: str) -> None:
    assert not [match for match in recognise(text) if match.sure]


def test_every_failure_that_nothing_provokes_has_a_real_text_or_is_for_the_eye_alone() -> None:
    met = {*TEXTS, "E06"}  # a secret in the text, below
    others = [each for each in failures.all_failures().values() if each.id not in PROVOKED]
    assert {each.id for each in others if not each.see} <= met


def test_the_page_of_a_browser_is_read_through_its_markup() -> None:
    page = "<html><body><h2>Invalid&nbsp;Request</h2><p>Invalid <b>redirect_uri</b></p></body></html>"
    assert recognise(page)[0].failure.id == "B05"


def test_a_secret_in_the_text_is_told_and_never_repeated() -> None:
    found = recognise(
        "https://shop.example/x?error=oauth_error&error_description=OAuth2+state+mismatch&code=AQDx8s7"
    )
    assert [match.failure.id for match in found] == ["A09", "E06"]
    assert "AQDx8s7" not in str(found)


def test_words_alone_are_only_a_guess() -> None:
    found = recognise("the admin panel throws me out after half an hour and wants me to sign in")
    assert found
    assert not any(match.sure for match in found)
    assert found[0].failure.id == "A36"


@pytest.mark.parametrize("text", ["", "   ", "hello", "0x1f", "Traceback (most recent call last):"])
def test_what_nobody_knows_leads_nowhere(text: str) -> None:
    assert not [match for match in recognise(text) if match.sure]


def test_a_log_of_any_length_is_read_at_both_ends() -> None:
    noise = "2026-11-24 12:00:00 info: nothing to see here\n" * 20_000
    assert recognise(noise + "ERR_NGROK_108")[0].failure.id == "C04"
    assert recognise("ERR_NGROK_108\n" + noise)[0].failure.id == "C04"


def test_no_text_keeps_anybody_waiting() -> None:
    """A regular expression that tries everything twice would take minutes for one of these."""
    began = time.monotonic()
    for _, text in REAL[::2]:
        start = "".join(text.split())[: len(text) // 2]
        recognise(start * (50_000 // len(start)))
    assert time.monotonic() - began < 60


# Signals


@pytest.mark.parametrize("entry", failures.all_failures().values(), ids=failures.all_failures())
def test_whoever_shares_a_sign_says_how_to_tell_them_apart(entry: failures.Failure) -> None:
    texts = [*entry.signal, *TEXTS.get(entry.id, [])]
    for other in failures.all_failures().values():
        if other.id == entry.id:
            continue
        shared = [text for text in texts if entry.found_in(text) and other.found_in(text)]
        assert not shared or other.id in entry.apart or entry.id in other.apart, (other.id, shared)


def test_who_is_told_apart_exists() -> None:
    known = failures.all_failures()
    for entry in known.values():
        assert set(entry.apart) <= known.keys() - {entry.id}
        assert all(said.endswith(".") for said in entry.apart.values())


# The form


def test_the_form_shows_the_best_page_open_and_the_others_folded() -> None:
    form = RecogniseForm()
    form.field.text = "ERR_NGROK_108"
    form.button.click()
    assert form.status.kind == "ok"
    assert form.pages.value.count("<details") == 2
    assert form.pages.value.count(" open>") == 1
    assert "C04" in form.pages.value.partition("</details>")[0]


def test_the_form_asks_for_a_text_and_admits_that_it_knows_none() -> None:
    form = RecogniseForm()
    form.button.click()
    assert (form.status.kind, form.pages.value) == ("waiting", "")
    form.field.text = "hello"
    form.button.click()
    assert form.status.kind == "note"
    assert "Nothing known fits" in form.status.text


def test_what_is_shown_of_a_text_is_escaped() -> None:
    form = RecogniseForm()
    form.field.text = "<img src=x onerror=alert(1)> tunnel <b>x</b> already exists"
    form.button.click()
    assert "<img" not in form.pages.value


def test_a_pasted_text_is_no_widget_state_and_is_masked_on_arrival() -> None:
    secret = Secret("verysecretvalue123")
    field = PasteField("What do you see?")
    field._received(field, {"kind": "text", "value": f"code=AQBx1234567 and {secret.reveal()}"}, [])
    assert field.text == f"code={MASK} and {MASK}"
    assert "AQBx1234567" not in str(field.get_state())
    assert "text" not in field.get_state()


@pytest.mark.parametrize(
    ("message", "leaks"),
    [
        ({"value": f"OAuth2 state mismatch code={MASK}", "masked": True}, True),  # masked in the page
        ({"value": "OAuth2 state mismatch code=AQBx1234567"}, True),  # masked here
        (
            {"value": f"OAuth2 state mismatch code={MASK}", "masked": False},
            False,
        ),  # copied from the kit's own trace
    ],
)
def test_the_form_says_of_a_secret_in_the_text_that_it_was_one(
    message: dict[str, object], leaks: bool
) -> None:
    form = RecogniseForm()
    form.field._received(form.field, {"kind": "text", **message}, [])
    form.button.click()
    assert "A09" in form.pages.value.partition("</details>")[0]
    assert (">E06<" in form.pages.value) is leaks
