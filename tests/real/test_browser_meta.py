"""A person in a real browser at the dashboard: each mistake once, and each mended by what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from tests.support.lab import SOON, Lab, Notebook, Person, chromium
from tests.support.look import NARROW, findings
from tests.support.meta_page import Meta

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

CALLBACK = "https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback"
OTHERS = {
    "Deauthorize callback URL": "https://65e60559.ngrok-free.dev/api/instagram-business/deauthorize",
    "Data deletion request URL": "https://65e60559.ngrok-free.dev/api/instagram-business/data-deletion",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def person(tmp_path: Path, browser: Browser) -> Iterator[Person]:
    with Lab(tmp_path) as lab:
        context = browser.new_context(viewport={"width": NARROW, "height": 900})
        person = Person(lab, context)
        yield person
        context.close()
        assert person.troubles == []


def begun(person: Person) -> Notebook:
    notebook = person.open("1_set_up.ipynb")
    notebook.run_all()
    notebook.press("Start the tunnel")
    notebook.says("forwards to the gateway")
    return notebook


def test_the_dashboard_is_operated_and_failed_at(person: Person) -> None:
    notebook = begun(person)
    meta = Meta(notebook)
    assert findings(notebook) == []
    meta.press("Create app")
    meta.type("App name", "My Instagram login")
    meta.press("Next")
    meta.says("can't contain Insta")
    meta.type("App name", "My shop")
    meta.press("Next")
    meta.choose("Manage messaging & content on Instagram")
    meta.press("Next", "Create app")
    meta.press("API setup with Unified login")
    meta.says("begin with EAA")
    meta.press("Back", "API setup with Instagram login", "Add all required permissions")
    meta.says("Ready for testing")
    meta.press("Show Instagram app secret")
    meta.says(SAMPLE_CLIENT_SECRET)
    expect(meta.box.get_by_text(SAMPLE_CLIENT_ID)).to_be_visible()
    assert findings(notebook) == []
    meta.type("Callback URL", CALLBACK)
    meta.press("Verify and save")
    meta.says("couldn't be validated")
    meta.press("Business login settings")
    meta.type("OAuth redirect URIs", CALLBACK)  # and no Enter
    for label, address in OTHERS.items():
        meta.enter(label, address)
    meta.press("Save", "Reload the page")
    expect(meta.box.get_by_role("textbox", name="OAuth redirect URIs", exact=True)).to_have_value("")
    meta.enter("OAuth redirect URIs", CALLBACK)
    meta.press("Save")
    expect(notebook.outputs.locator("table.kit-board tr", has_text="2.7").first).to_have_attribute(
        "data-status", "passed", timeout=SOON
    )
    assert findings(notebook) == []
    notebook.picture("meta", meta.box)
    meta.press("App roles")
    meta.choose("Instagram Testers")
    meta.type("Username", "kit_rehearsal")
    meta.press("Add")
    meta.says("kit_rehearsal (pending)")
    meta.press("Instagram, as kit_rehearsal", "Accept")
    meta.says("accepted")
    assert findings(notebook) == []


def test_a_chip_is_made_and_removed_with_the_keyboard_alone(person: Person) -> None:
    notebook = begun(person)
    notebook.in_kernel("setup.rehearse_up_to(3)")
    meta = Meta(notebook)
    meta.press("Business login settings")
    field = meta.box.get_by_role("textbox", name="OAuth redirect URIs", exact=True)
    field.focus()
    person.page.keyboard.type("https://shop.example/x")
    person.page.keyboard.press("Enter")
    expect(meta.box.get_by_role("button", name="Remove https://shop.example/x")).to_be_visible(timeout=SOON)
    expect(field).to_be_focused()
    person.page.keyboard.press("Shift+Tab")
    person.page.keyboard.press("Enter")
    expect(meta.box.get_by_role("button", name=re.compile("Remove https://shop.example/x"))).to_have_count(0)
