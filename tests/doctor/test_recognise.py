"""What people really see leads to the failure that it is; what nobody knows leads nowhere for sure."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import failures
from helpers.core.masking import MASK, Secret
from helpers.doctor.recognise import Match, read, recognise
from helpers.notebook.failure_forms import RecogniseForm
from helpers.notebook.widgets import PasteField
from tests.support.breaking import PROVOKED

HERE = Path(__file__).parent
OURS, HELD_OUT, FOREIGN = (
    tomllib.loads((HERE / f"{name}_texts.toml").read_text(encoding="utf-8"))
    for name in ("real", "heldout", "foreign")
)
TEXTS: dict[str, list[str]] = OURS["sure"]


def each(corpus: dict[str, dict[str, list[str]]], kind: str) -> list[tuple[str, str]]:
    return [(id_, text) for id_, texts in corpus.get(kind, {}).items() for text in texts]


SURE = [*each(OURS, "sure"), *each(HELD_OUT, "sure")]
GUESSED = [*each(OURS, "guess"), *each(HELD_OUT, "guess")]
OPEN = each(HELD_OUT, "open")
THEIRS = [(tool, text) for tool, texts in FOREIGN.items() for text in texts]


# Whose every text is another one's too: that one comes first and says how to tell them apart.
BEHIND = {"E02": "C10"}


def failures_in(text: str) -> list[Match]:
    """Without the secret that a text may hold, which says nothing about what it is."""
    return [match for match in recognise(text) if match.failure.id != "E06"]


@pytest.mark.parametrize(("id_", "text"), SURE, ids=[id_ for id_, _ in SURE])
def test_a_real_text_leads_to_its_failure_first(id_: str, text: str) -> None:
    sure = [match.failure for match in recognise(text) if match.sure]
    assert sure, text
    first = sure[0]
    assert first.id == BEHIND.get(id_, id_), [failure.id for failure in sure]
    if first.id != id_:
        assert id_ in [failure.id for failure in sure]
        assert id_ in first.apart


@pytest.mark.parametrize(("id_", "text"), GUESSED, ids=[id_ for id_, _ in GUESSED])
def test_bare_words_lead_to_their_failure_first_and_are_called_a_guess(id_: str, text: str) -> None:
    first = recognise(text)[0]
    assert (first.failure.id, first.sure) == (id_, False)


@pytest.mark.parametrize("text", [text for _, text in OPEN])
def test_what_is_not_known_yet_is_never_called_sure(text: str) -> None:
    assert not [match.failure.id for match in failures_in(text) if match.sure]


@pytest.mark.parametrize(("tool", "text"), THEIRS, ids=[tool for tool, _ in THEIRS])
def test_another_programs_text_claims_nothing(tool: str, text: str) -> None:
    assert not [match.why for match in recognise(text) if match.sure]


def test_the_figures_of_all_texts_are_kept(record_property: Callable[[str, object], None]) -> None:
    """Precision: of what is called sure, how much is right. Recall: of what could be told, how much is."""
    for name, corpus in (("tuned on", OURS), ("held out", HELD_OUT)):
        texts = [pair for kind in ("sure", "guess", "open") for pair in each(corpus, kind)]
        told = [(BEHIND.get(id_, id_), failures_in(text)) for id_, text in texts]
        sure = [(id_, found) for id_, found in told if found and found[0].sure]
        right = [found for id_, found in sure if found[0].failure.id == id_]
        three = [found for id_, found in told if id_ in [each.failure.id for each in found[:3]]]
        assert len(right) == len(sure)
        figures = (
            f"precision {len(right) / len(sure):.0%}, recall {len(right) / len(texts):.0%} sure and "
            f"{len(three) / len(texts):.0%} in the first three"
        )
        record_property("recognised", f"{name}: {len(texts)} texts, {figures}")
    claimed = [text for _, text in THEIRS if any(match.sure for match in recognise(text))]
    told_of = f"{len(THEIRS)} texts of {len(FOREIGN)} tools"
    record_property("recognised", f"foreign: {len(claimed)} of {told_of} claimed")
    assert len(THEIRS) >= 300
    assert len(FOREIGN) >= 60


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
    found = recognise("Your account is limited to 1 simultaneous ngrok agent sessions. ERR_NGROK_108")
    assert [match.failure.id for match in found] == ["C04", "E02"]
    assert found[0].score > found[1].score


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
    met = {*TEXTS, *OURS["guess"], "E06"}  # a secret in the text, below
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


def test_a_text_is_read_in_less_than_50_milliseconds() -> None:
    for _, text in SURE:
        recognise(text)  # compiles its expressions
    took = []
    for _, text in SURE:
        began = time.thread_time()
        recognise(text)
        took.append(time.thread_time() - began)
    assert sorted(took)[len(took) // 2] < 0.05


def test_no_text_keeps_anybody_waiting() -> None:
    """A regular expression that tries everything twice would take minutes for one of these."""
    began = time.thread_time()
    for _, text in SURE[::4]:
        start = "".join(text.split())[: len(text) // 2]
        recognise(start * (50_000 // len(start)))
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
