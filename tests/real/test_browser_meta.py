"""A person in a real browser at the dashboard: each mistake once, and each mended by what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.rehearsal.meta.dashboard import META_ID
from tests.real.test_browser_notebooks import show_and_apply
from tests.support.lab import READY, SOON, Lab, Notebook, Person, chromium
from tests.support.look import NARROW, findings
from tests.support.meta_page import Meta

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

CALLBACK = "https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback"
OTHERS = {
    "Deauthorize callback URL": "https://65e60559.ngrok-free.dev/api/auth/instagram-business/deauthorize",
    "Data deletion request URL": "https://65e60559.ngrok-free.dev/api/auth/instagram-business/data-deletion",
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
    addresses_without_enter(meta)
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
    expect(meta.box.get_by_role("button", name="Remove https://shop.example/x")).to_have_count(
        0, timeout=SOON
    )


# Each mistake once

LOGIN, STRAPI = "login_form()", "provider_form()"
FORGET = """from helpers.notebook.login_form import LoginForm
from helpers.notebook.this_setup import the
the(LoginForm).status.say("")
setup.tried.discard("login")
setup.changed()"""
LOCALHOST = "http://localhost:3000/connect/instagram-business/redirect"


def test_who_makes_every_mistake_once_is_told_as_in_life_and_ends_logged_in(person: Person) -> None:
    person.pictures = {name: name for name in ("meta", "success", "failing-hop")}
    notebook = begun(person)
    meta = Meta(notebook)
    strapi_is_not_restarted(notebook)
    an_app_with_mistakes(notebook, meta)
    the_wrong_pair(notebook, meta)
    no_provider_file_and_a_page_on_localhost(notebook)
    login_fails(notebook, "D02", "the .env file beside package.json")
    show_and_apply(notebook, "front_end_form()", "REACT_APP_BACKEND_URL")
    notebook.says("The rehearsal's front end has read it")
    login_fails(notebook, "B04", "Instagram app ID")
    the_right_pair(notebook)
    login_fails(notebook, "B05", "press Enter")
    an_address(notebook, meta, adds_slash=True)
    login_fails(notebook, "B05", "slash")
    meta.press(f"Remove {CALLBACK}/")
    an_address(notebook, meta, adds_slash=False)
    notebook.picture("meta", meta.box)
    login_fails(notebook, "B09", "Instagram Testers")
    meta.press("App roles")
    meta.choose("Instagram Testers")
    meta.type("Username", "kit_rehearsal")
    meta.press("Add")
    login_fails(notebook, "B09", "accept under Tester invites")
    meta.press("Instagram, as kit_rehearsal", "Accept", "Switch to personal account")
    login_fails(notebook, "B09", "a personal account must become a professional one")
    means(notebook, "Insufficient developer role", "B13")
    meta.press("Switch to professional account")
    login_fails(notebook, "A18", "set The redirect URL", answer="Allow")
    notebook.picture("failing-hop", notebook.cell("Start the login"))
    redirect_url(notebook, CALLBACK.replace("/api", "").replace("callback", "redirect"))
    login_fails(notebook, "B18", "allow the access", answer="Deny")
    attempt(notebook, "Allow")
    notebook.says("is logged in")
    card = notebook.outputs.locator(".kit-success").first
    for fact in ("kit_rehearsal", "instagram-business", "27918340562718341", "/api/users/me answered 200",
                 "seconds", "choose Live"):  # fmt: skip
        expect(card).to_contain_text(fact)
    notebook.board(6)
    notebook.picture("success", card)
    assert findings(notebook) == []


def strapi_is_not_restarted(notebook: Notebook) -> None:
    """As under npm start, where a changed file waits for a restart by hand."""
    notebook.in_kernel("setup.world.strapi.config.develop = False")
    show_and_apply(notebook, "backend_form()")
    cell = notebook.code_cell("backend_form()")
    expect(red(cell).filter(has_text="[A03]")).to_contain_text("restart", timeout=READY)
    notebook.in_kernel("setup.world.restart_strapi(); setup.world.strapi.config.develop = True")
    cell.get_by_role("button", name="Check again").click()
    expect(red(cell)).to_have_count(0, timeout=SOON)


def addresses_without_enter(meta: Meta) -> None:
    meta.press("Business login settings")
    meta.type("OAuth redirect URIs", CALLBACK)  # and no Enter
    for label, address in OTHERS.items():
        meta.enter(label, address)
    meta.press("Save", "Reload the page")


def an_app_with_mistakes(notebook: Notebook, meta: Meta) -> None:
    """The address in the webhooks' box, then in the right one, but without Enter."""
    meta.make_app()
    meta.press("Back")
    meta.type("Callback URL", CALLBACK)
    meta.press("Verify and save")
    meta.says("couldn't be validated")
    means(notebook, "The callback URL or verify token couldn't be validated.", "B24")
    addresses_without_enter(meta)


def the_wrong_pair(notebook: Notebook, meta: Meta) -> None:
    """Of the Meta app, in the place of the Instagram app's."""
    meta.press("App settings > Basic", "Show App secret")
    secret = meta.box.locator("[data-hidden] code")
    expect(secret).to_have_text(re.compile("[0-9a-f]{32}"), timeout=SOON)
    type_pair(notebook, META_ID, secret.inner_text())


def the_right_pair(notebook: Notebook) -> None:
    type_pair(notebook, SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET)
    save_in_strapi(notebook)


def type_pair(notebook: Notebook, client_id: str, secret: str) -> None:
    notebook.type("Instagram app ID", client_id)
    notebook.type("Instagram app secret", secret)
    notebook.press("Save")
    notebook.says(f"Client ID {client_id} saved")


def no_provider_file_and_a_page_on_localhost(notebook: Notebook) -> None:
    notebook.type("The redirect URL to your front-end app", LOCALHOST)
    notebook.press("Save in Strapi")
    cell = notebook.code_cell(STRAPI)
    expect(red(cell).first).to_contain_text("Apply the provider file first", timeout=SOON)
    expect(red(cell).first).to_contain_text("[A01]")
    show_and_apply(notebook, "provider_file_form()")
    notebook.says(re.compile("instagram-business.js.* Strapi has restarted by itself"))
    save_in_strapi(notebook)


def redirect_url(notebook: Notebook, address: str) -> None:
    notebook.type("The redirect URL to your front-end app", address)
    save_in_strapi(notebook)


def save_in_strapi(notebook: Notebook) -> None:
    notebook.press("Save in Strapi")
    expect(notebook.code_cell(STRAPI).locator('.kit-status[data-kind="ok"]').first).to_contain_text(
        "provider saved", timeout=SOON
    )


def an_address(notebook: Notebook, meta: Meta, *, adds_slash: bool) -> None:
    if not meta.box.get_by_role("button", name="Save", exact=True).count():
        meta.press("Use cases", "API setup with Instagram login", "Business login settings")
    meta.enter("OAuth redirect URIs", CALLBACK)
    meta.press("Save")
    if adds_slash:
        notebook.in_kernel("setup.world.meta.addresses.add_slashes()")
        meta.press("Reload the page")


def attempt(notebook: Notebook, answer: str = "") -> None:
    # A person takes longer than Strapi's minute.
    notebook.in_kernel("type(setup.world.strapi.limit).__init__(setup.world.strapi.limit)")
    notebook.in_kernel(FORGET)  # else the former line might be read as this attempt's
    expect(red(notebook.code_cell(LOGIN))).to_have_count(0, timeout=SOON)
    notebook.press("Let a robot log in instead")
    if answer:
        notebook.press(answer)


def login_fails(notebook: Notebook, failure: str, told: str, answer: str = "") -> None:
    """The id, and the words by which the person then mends it."""
    attempt(notebook, answer)
    line = red(notebook.code_cell(LOGIN)).first
    expect(line).to_contain_text(f"[{failure}]", timeout=SOON)
    expect(line).to_contain_text(re.compile(re.escape(told), re.IGNORECASE))


def means(notebook: Notebook, seen: str, failure: str) -> None:
    notebook.type("What do you see?", seen)
    notebook.press("Find it")
    expect(notebook.outputs.locator("details.kit-known", has_text=failure).first).to_be_visible(timeout=SOON)


def red(cell: Locator) -> Locator:
    return cell.locator('.kit-status[data-kind="failed"]')
