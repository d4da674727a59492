"""A green line is about what stands in the fields: one changed character, and it is green no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w
import pytest

from helpers.kit import Kit
from helpers.notebook.form import Form
from helpers.notebook.go_live_check import GoLiveForm
from helpers.notebook.go_live_layout import LayoutForm
from helpers.notebook.go_live_strapi import ProductionLoginForm, ProductionProviderForm
from helpers.notebook.meta_form import MetaForm
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.setup_forms import UrlsForm
from helpers.notebook.start_form import StartForm
from helpers.notebook.this_setup import the, this_setup
from helpers.notebook.widgets import CopyField, SecretField
from tests.support.forms import play, press, type_secret

# The form, and what must have been pressed before it.
FORMS: list[tuple[type[Form], tuple[type[Form], ...]]] = [
    (StartForm, ()),
    (PutBackForm, ()),
    (LayoutForm, ()),
    (ProductionProviderForm, (LayoutForm,)),
    (GoLiveForm, (LayoutForm, ProductionProviderForm)),
    (ProductionLoginForm, (LayoutForm, ProductionProviderForm)),
]


def change(field: Any) -> Callable[[], None]:
    """One character, or one other choice; what is returned takes it back."""
    if isinstance(field, SecretField):
        before = field.secret.reveal()
        type_secret(field, before + "x")
        return lambda: type_secret(field, before)
    trait = "index" if isinstance(field, w.RadioButtons | w.Dropdown) else "value"
    kept = getattr(field, trait)
    setattr(field, trait, kept + "x" if isinstance(kept, str) else 1 - kept)
    return lambda: setattr(field, trait, kept)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("make", "before"), FORMS, ids=[make.__name__ for make, _ in FORMS])
def test_one_changed_character_ends_the_green_and_taken_back_it_is_green_again(
    make: type[Form], before: tuple[type[Form], ...]
) -> None:
    async def scene() -> None:
        this_setup().rehearse_up_to(4)
        for each in (*before, make):
            await press(the(each))
            assert the(each).status.kind == "ok", the(each).status.text
        form = the(make)
        fields = [field for field in form.fields if not isinstance(field, w.HTML)]
        assert fields
        for field in fields:
            take_back = change(field)
            assert form.status.kind == "not-yet", field
            assert f"press {form.submit_button.description}" in form.status.text
            take_back()
            assert form.status.kind == "ok", field

    play(scene)


def test_what_meta_was_told_is_never_green(kit: Kit) -> None:
    """Nobody can ask Meta, so the form has a note and no green line that might grow old."""

    async def scene() -> None:
        kit.rehearse_up_to(2)
        form = UrlsForm(kit)
        await press(form)
        assert form.status.kind == "note"
        assert all(isinstance(field, CopyField) for field in form.fields)

    play(scene)


def test_a_dashboard_that_is_operated_after_it_was_set_up_is_green_no_more(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(2)
        form = MetaForm(kit)
        await form.catch_up()
        assert form.status.kind == "ok"
        callback = kit.addresses_for_meta[0]
        form.page._handle_custom_msg({"kind": "remove", "field": "redirect", "text": callback}, [])
        form.page._handle_custom_msg({"kind": "enter", "field": "redirect", "text": callback + "x"}, [])
        assert form.status.kind == ""

    play(scene)


@pytest.mark.usefixtures("kernel")
def test_the_choice_that_began_another_setup_grows_old_as_well() -> None:
    async def scene() -> None:
        form = the(StartForm)
        form.flow.value = "documented"
        await press(form)
        assert form.status.kind == "ok"
        form.flow.value = "today"
        assert form.status.kind == "not-yet"

    play(scene)
