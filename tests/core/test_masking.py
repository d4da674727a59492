"""A secret shows itself only when asked to, and redact masks what is known or looks like one."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, fields
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import failures
from helpers.core.errors import KitError
from helpers.core.masking import MASK, Secret, redact

VALUE = "s3cr3t/va lue+with=%\"quotes'\\and ü"
# No mask inside: a text that was masked already may be the very value then.
VALUES = st.text(st.characters(exclude_characters=MASK), min_size=6, max_size=40)


@dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r}".format,
        "{:>20}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: str([secret]),
        lambda secret: repr(Holder(secret)),
        lambda secret: json.dumps(secret, default=str, ensure_ascii=False),
    ],
)
def test_a_secret_shows_only_the_mask(show):
    shown = show(Secret(VALUE))

    assert MASK in shown
    assert VALUE not in shown


def test_a_secret_is_not_in_a_traceback_that_prints_variables():
    def fail(secret: Secret) -> None:
        held = Holder(secret)
        raise KitError(f"{held} was refused: {VALUE}")

    with pytest.raises(KitError) as caught:
        fail(Secret(VALUE))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    printed = "".join(told.format())

    assert "was refused" in printed
    assert VALUE not in printed


@pytest.mark.parametrize("take_out", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, bytes, list])
def test_a_secret_cannot_be_taken_along(take_out):
    with pytest.raises(TypeError):
        take_out(Secret(VALUE))


def test_a_secret_gives_its_value_when_asked():
    assert Secret(VALUE).reveal() == VALUE


def test_an_empty_secret_is_false_and_says_so():
    assert not Secret()
    assert Secret(VALUE)
    assert str(Secret()) == "(not set)"


def test_secrets_are_equal_by_value_and_never_to_a_plain_text():
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("another")
    assert Secret(VALUE) != VALUE
    with pytest.raises(TypeError):
        hash(Secret(VALUE))


@pytest.mark.parametrize(
    "spell",
    [
        str,
        quote,
        quote_plus,
        lambda value: quote(value, safe=""),
        lambda value: quote(value, safe="").lower(),
        json.dumps,
        lambda value: json.dumps(value, ensure_ascii=False),
    ],
)
def test_a_known_value_is_masked_however_it_is_spelled(spell):
    value = VALUE.lower()
    secret = Secret(value)

    assert redact(f"before {spell(value)} after").replace('"', "") == f"before {MASK} after"
    assert secret


def test_a_secret_that_begins_another_leaves_no_rest_behind():
    held = Secret("abcdef"), Secret("abcdef-ghijkl")

    assert redact("abcdef-ghijkl") == MASK
    assert all(held)


def test_a_value_nobody_holds_any_more_is_forgotten():
    secret = Secret("only-known-while-held")
    assert redact("only-known-while-held") == MASK
    del secret
    gc.collect()

    assert redact("only-known-while-held") == "only-known-while-held"


def test_short_values_do_not_garble_texts():
    secret = Secret("the")

    assert redact("the end") == "the end"
    assert secret


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Let threads interrupt each other all the time."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("busy_threads")
def test_secrets_may_come_and_go_while_another_thread_redacts():
    held = [Secret(f"held-all-the-time-{number}") for number in range(200)]
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for number in range(50):
                Secret(f"short-lived-{number}")

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        shown = [redact(each.reveal()) for each in held]
    finally:
        stop.set()
        churning.join()
    assert shown == [MASK] * 200


def test_half_a_character_is_a_secret_like_any_other():
    half = json.loads('"s3cret-\\ud800-half"')
    secret = Secret(half)

    assert redact(f"{half} and {json.dumps(half)}") == f'{MASK} and "{MASK}"'
    assert secret == Secret(half)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://x.dev/cb?code=AQDx7_-&state=ab%2Fc#_", f"https://x.dev/cb?code={MASK}&state={MASK}"),
        ("?access_token=IGabc&raw[access_token]=IGabc", f"?access_token={MASK}&raw[access_token]={MASK}"),
        ("?raw%5Baccess_token%5D=IGabc", f"?raw%5Baccess_token%5D={MASK}"),
        ("app_secret=f5ba, then", f"app_secret={MASK}, then"),
        (
            "koa.sess=eyJhIjox; koa.sess.sig=abc; theme=dark",
            f"koa.sess={MASK}; koa.sess.sig={MASK}; theme=dark",
        ),
        ('{"jwt": "abc", "user": {"id": 1}}', f'{{"jwt": "{MASK}", "user": {{"id": 1}}}}'),
        ('{"client_secret":"a\\"b","x":"y"}', f'{{"client_secret":"{MASK}","x":"y"}}'),
        ("{'password': 'it is', 'x': 'y'}", f"{{'password': '{MASK}', 'x': 'y'}}"),
        ("[('code', 'AQD'), ('x', 'y')]", f"[('code', '{MASK}'), ('x', 'y')]"),
        ("Authorization: Bearer abcdefgh.ij", f"Authorization: Bearer {MASK}"),
        ("ngrok http 1337 --authtoken abcdefghij", f"ngrok http 1337 --authtoken {MASK}"),
        ("authtoken: abcdefghij", f"authtoken: {MASK}"),
        ("got eyJhbGciOiJIUzI1.eyJpZCI6MX0.c2ln back", f"got {MASK} back"),
        ("token IGAAabcdefghijklmnop", f"token {MASK}"),
        ("token IGQVJabcdefghijklmnop", f"token {MASK}"),
        ("token EAAGabcdefghijklmnop", f"token {MASK}"),
        ("add-authtoken 2aBcDeFgHiJkLmNoPqRsTuVwXyZ_1aBcDeFgHiJkLmNoPqRsT", f"add-authtoken {MASK}"),
    ],
)
def test_unknown_secrets_are_masked_by_name_or_shape(text, masked):
    assert redact(text).startswith(masked)


@pytest.mark.parametrize("text", ['{"jwt":"abc def"}', "x\\ y", "[1, 2]"])
def test_json_in_json_is_masked_too(text):
    inner = json.dumps({"access_token": "plain-looking", "more": text})

    assert "plain-looking" not in redact(json.dumps({"body": inner}))


@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"message": "Invalid OAuth access token", "code": 190}}',
        "the state of the art",
        "No access_token.",
        "exit code=1, status code=502",
        "OAuth state mismatch",
        "https://x.dev/api/connect/instagram?scope=user_profile&client_id=563883201184965",
        "Usage of ngrok requires a verified account and authtoken.",
        "The code is in helpers/core/masking.py; its bearer is nobody.",
    ],
)
def test_harmless_texts_stay_as_they_are(text):
    assert redact(text) == text


def test_the_texts_of_the_failure_catalogue_stay_as_they_are():
    for failure in failures.all_failures().values():
        for field in fields(failure):
            value = getattr(failure, field.name)
            for text in [value] if isinstance(value, str) else value:
                assert redact(text) == text


@given(st.text())
def test_redacting_never_fails_and_doing_it_twice_changes_nothing(text):
    once = redact(text)

    assert redact(once) == once


@given(VALUES, st.text(), st.text())
def test_a_known_secret_never_remains(value, before, after):
    secret = Secret(value)
    shown = redact(f"{before}{value}{after} {quote(value, safe='', errors='surrogatepass')}")

    assert value not in shown
    assert secret


@given(VALUES, VALUES, st.data())
def test_of_two_secrets_neither_remains(one, other, data):
    held = Secret(one), Secret(other)
    text = "".join(data.draw(st.lists(st.sampled_from([one, other, " ", "=", "x"]), max_size=8)))

    assert one not in redact(text)
    assert other not in redact(text)
    assert all(held)
