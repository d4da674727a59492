"""*What do you see?*: the form in the notebook, and the field that a text is pasted into."""

from __future__ import annotations

import pytest

from helpers.core.masking import MASK, Secret
from helpers.notebook.failure_forms import RecogniseForm
from helpers.notebook.widgets import PasteField


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
