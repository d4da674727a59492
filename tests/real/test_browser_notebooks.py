"""A person in a real browser: they type, press, read, make mistakes and start over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.project.strapi_project import PROVIDER_FILE, provider_source
from tests.support.lab import ROOT, SOON, Lab, Notebook, Person, chromium
from tests.support.look import NARROW, cut_off, drawn_sizes, findings, too_wide

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

README = ROOT / "README.md"
READABLE = 11  # pixels, the least that text in a diagram may have


# Who has the focus, by the name that is read aloud, and whether that can be seen.
FOCUSED = """() => {
  const each = document.activeElement;
  const label = each.ariaLabel || each.labels?.[0]?.textContent || each.textContent;
  return [label.trim(), getComputedStyle(each).outlineStyle !== "none"];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def person(lab: Lab, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(viewport={"width": NARROW, "height": 900})
    person = Person(lab, context)
    yield person
    context.close()
    assert person.troubles == []


def test_a_rehearsal_of_todays_login_is_clicked_through(person: Person) -> None:
    person.pictures = {name: name for name in ("start", "addresses", "trace", "failure-card")}
    walk(person)
    done = {what: person.done[what] for what in ("clicks", "pastes", "URLs")}
    print(f"\na rehearsal: {done}")
    said = re.search(r"(\d+) clicks, (\d+) pastes, \*\*(\d+) URLs typed", README.read_text(encoding="utf-8"))
    assert said
    assert [int(number) for number in said.groups()] == list(done.values())


def test_a_rehearsal_of_the_documented_login_is_clicked_through_in_the_dark(person: Person) -> None:
    person.lab.set("apputils-extension/themes", {"theme": "JupyterLab Dark"})
    person.pictures = {"trace": "trace-dark"}
    walk(person, "Documented")


def walk(person: Person, login: str = "Today") -> None:
    """From the first notebook to the last, each by the link at the end of the one before."""
    notebook = start(person, login)
    for name, step in (
        ("01_public_address.ipynb", public_address),
        ("02_instagram_app.ipynb", instagram_app),
        ("03_strapi_provider.ipynb", strapi_provider),
        ("04_log_in.ipynb", log_in),
        ("05_what_went_wrong.ipynb", what_went_wrong),
    ):
        notebook = person.follow(notebook, name)
        notebook.run_all()
        step(notebook)
        looks_right(notebook)
        if step is log_in:
            notebook.picture("trace", notebook.cell("Start the login"))


def start(person: Person, login: str = "Today") -> Notebook:
    notebook = person.open("00_start.ipynb")
    notebook.run_all()
    notebook.outputs.get_by_label(re.compile(f"^{login}: ")).check()
    person.done["clicks"] += 1
    notebook.press("Use these")
    notebook.says("Open notebook 01")
    expect(notebook.outputs.locator("caption")).to_contain_text("steps done")
    expect(notebook.panel.locator(".jp-RenderedMermaid img")).to_be_visible(timeout=SOON)
    looks_right(notebook)
    notebook.panel.locator(".jp-Cell").first.scroll_into_view_if_needed()
    notebook.picture("start")
    return notebook


def public_address(notebook: Notebook) -> None:
    notebook.press("Start the tunnel")
    notebook.says("forwards to the gateway")
    notebook.says("leads to this notebook's gateway")
    notebook.press("Show the changes")
    notebook.says("would change: read what, then press Apply")
    expect(notebook.outputs.get_by_text("PUBLIC_URL=").first).to_be_visible()
    notebook.press("Apply")
    notebook.says("Strapi was restarted with PUBLIC_URL=https://65e60559.ngrok")
    notebook.unfold("By hand instead")


def instagram_app(notebook: Notebook) -> None:
    notebook.press("I have saved them at Meta")
    notebook.says("The rehearsal's Meta knows https://65e60559.ngrok")
    notebook.picture("addresses", notebook.cell("I have saved them at Meta"))
    notebook.type("Instagram app ID", SAMPLE_CLIENT_ID, how="pastes")
    notebook.type("Instagram app secret", SAMPLE_CLIENT_SECRET, how="pastes")
    notebook.press("Save")
    notebook.says(f"Client ID {SAMPLE_CLIENT_ID} saved")
    notebook.says("a secret of 32 hex characters")


def strapi_provider(notebook: Notebook) -> None:
    notebook.unfold("Read src/extensions")
    notebook.press("Show the changes")
    notebook.says(re.compile("would change: read what|Nothing to change"))
    assert findings(notebook) == []
    notebook.press("Apply")
    notebook.says(re.compile("The rehearsal's Strapi knows it|Nothing to change"))
    notebook.press("Save in Strapi")
    notebook.says("provider saved")
    notebook.says("redirects to")
    notebook.says("Strapi sends redirect_uri=")


def log_in(notebook: Notebook) -> None:
    notebook.press("Log in with Instagram")
    expect(notebook.outputs.get_by_text("Instagram (rehearsal)")).to_be_visible(timeout=SOON)
    notebook.press("Allow")
    notebook.says("is logged in")
    expect(notebook.outputs.locator("caption")).to_contain_text("6 of 6 steps done")
    expect(notebook.outputs.locator("table.kit-trace")).to_contain_text("/api/connect/")
    expect(notebook.outputs.locator(".jp-RenderedMermaid img, .jp-RenderedMermaid svg").first).to_be_visible()


def what_went_wrong(notebook: Notebook) -> None:
    notebook.says("checks passed")
    notebook.type("What do you see?", "Ungültige Anfrage: Invalid redirect_uri", how="pastes")
    notebook.press("Find it")
    notebook.says("One known failure fits.")
    expect(notebook.outputs.locator("details.kit-known").first).to_contain_text("B05")
    notebook.picture("failure-card", notebook.cell("Find it"))
    notebook.press("Put it back")
    notebook.says("the public address is closed")


def looks_right(notebook: Notebook) -> None:
    nothing_raw(notebook)
    assert too_wide(notebook) == []
    assert cut_off(notebook) == []
    assert [size for size in drawn_sizes(notebook) if size < READABLE] == []
    assert findings(notebook) == []


def nothing_raw(notebook: Notebook) -> None:
    """No traceback, and no widget that shows itself as text."""
    expect(notebook.outputs.get_by_text("Traceback (most recent call last)")).to_have_count(0)
    expect(notebook.outputs.get_by_text(re.compile(r"\bVBox\("))).to_have_count(0)


# Mistakes, and starting over


def test_a_wrong_value_is_said_beside_its_form_and_can_be_mended(person: Person) -> None:
    start(person)
    notebook = person.open("02_instagram_app.ipynb")
    notebook.run_all()
    notebook.type("Instagram app ID", "12 ab")
    notebook.press("Save")
    refused = notebook.outputs.locator('.kit-status[data-kind="failed"]')
    expect(refused.filter(has_text="digits only")).to_be_visible(timeout=SOON)
    notebook.type("Instagram app ID", SAMPLE_CLIENT_ID)
    notebook.type("Instagram app secret", "short")
    notebook.press("Save")
    expect(refused.filter(has_text="secret")).to_be_visible(timeout=SOON)
    notebook.type("Instagram app secret", SAMPLE_CLIENT_SECRET)
    notebook.press("Save")
    notebook.says("saved; the secret is kept")


def test_pressing_twice_does_it_once(person: Person) -> None:
    notebook = person.open("04_log_in.ipynb")
    notebook.run_all()
    notebook.press("Log in with Instagram", times=2)
    notebook.press("Allow")
    notebook.says("is logged in")
    assert notebook.in_kernel("print(len(kit.gateway.witness.attempts))") == "1"


def test_a_form_is_walked_and_sent_with_the_keyboard_alone(person: Person) -> None:
    notebook = person.open("03_strapi_provider.ipynb")
    notebook.run_all()
    notebook.outputs.get_by_label("Enable", exact=True).focus()
    walked = [focused(person)]
    for _ in range(6):
        person.page.keyboard.press("Tab")
        walked.append(focused(person))
    assert walked == [
        "Enable",
        "Client ID",
        "Client Secret",
        "The redirect URL to your front-end app",
        "Strapi administrator's e-mail",
        "Strapi administrator's password",
        "Save in Strapi",
    ]
    person.page.keyboard.press("Enter")
    notebook.says("provider saved")


def focused(person: Person) -> str:
    name, outlined = person.page.evaluate(FOCUSED)
    assert outlined, f"nobody sees where the focus is: {name}"
    return str(name)


def test_the_answer_to_the_consent_is_one_key_away(person: Person) -> None:
    notebook = person.open("04_log_in.ipynb")
    notebook.run_all()
    notebook.press("Log in with Instagram")
    expect(notebook.button("Allow")).to_be_focused(timeout=SOON)
    person.page.keyboard.press("Enter")
    notebook.says("is logged in")


@pytest.mark.parametrize(
    ("name", "label", "expected"),
    [
        (
            "02_instagram_app.ipynb",
            "OAuth redirect URIs",
            "https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback",
        ),
        ("03_strapi_provider.ipynb", PROVIDER_FILE, provider_source()),
    ],
)
def test_copying_takes_the_whole_of_it(person: Person, name: str, label: str, expected: str) -> None:
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook = person.open(name)
    notebook.run_all()
    if label == PROVIDER_FILE:
        notebook.unfold("Read src/extensions")
    notebook.press(f"Copy {label}")
    expect(notebook.outputs.get_by_text("Copied")).to_be_visible(timeout=SOON)
    assert person.page.evaluate("navigator.clipboard.readText()") == expected


def test_a_field_that_has_nothing_to_say_yet_is_still_listened_to(person: Person) -> None:
    """Screen readers do not announce what appears together with its region."""
    notebook = person.open("03_strapi_provider.ipynb")
    notebook.run_all()
    empty = notebook.outputs.locator('.kit-status[data-kind=""] [role=status]').first
    assert empty.evaluate("each => each.checkVisibility()")


def test_a_restarted_kernel_goes_on(person: Person) -> None:
    notebook = person.open("03_strapi_provider.ipynb")
    notebook.run_all()
    notebook.press("Save in Strapi")
    notebook.says("provider saved")
    notebook.restart()
    notebook.press("Save in Strapi")
    notebook.says("provider saved")
    notebook.says("redirects to www.instagram.com")


def test_a_reloaded_page_goes_on(person: Person) -> None:
    notebook = person.open("04_log_in.ipynb")
    notebook.run_all()
    notebook.press("Log in with Instagram")
    notebook.press("Allow")
    notebook.says("is logged in")
    person.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    person.page.reload()
    again = Notebook(person, "04_log_in.ipynb")
    again.says("is logged in")
    again.press("Log in with Instagram")
    again.press("Deny")
    again.says("The person declined on Instagram")
    nothing_raw(again)
