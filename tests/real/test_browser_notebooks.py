"""A person in a real browser: they type, press, read, make mistakes and start over."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.project.strapi_project import PROVIDER_FILE, provider_source
from tests.support.lab import READY, ROOT, SAVED, SOON, Lab, Notebook, Person, chromium
from tests.support.look import NARROW, cut_off, drawn_sizes, findings, too_wide
from tests.support.meta_page import Meta

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

README = ROOT / "README.md"
SET_UP = "1_set_up.ipynb"
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
    """From the top of the notebook to its end, in one kernel; nothing is red on the way."""
    notebook = start(person, login)
    for step, done in (
        (public_address, 2),
        (instagram_app, 4),
        (strapi_provider, 5),
        (log_in, 6),
        (what_went_wrong, 6),
        (put_back, 0),
    ):
        step(notebook)
        notebook.board(done)
        expect(notebook.outputs.locator('.kit-status[data-kind="failed"]')).to_have_count(0)
        if step is log_in:
            notebook.picture("trace", notebook.cell("Start the login"))
    looks_right(notebook)


def start(person: Person, login: str = "Today") -> Notebook:
    notebook = person.open(SET_UP)
    notebook.run_all()
    notebook.outputs.get_by_label(re.compile(f"^{login}: ")).check()
    person.done["clicks"] += 1
    notebook.press("Use these")
    notebook.says("Go on with 1.1 below")
    notebook.board(0)
    expect(notebook.panel.locator(".jp-RenderedMermaid img").first).to_be_visible(timeout=SOON)
    looks_right(notebook)
    notebook.panel.locator(".jp-Cell").first.scroll_into_view_if_needed()
    notebook.picture("start")
    return notebook


def public_address(notebook: Notebook) -> None:
    notebook.press("Start the tunnel")
    notebook.says("forwards to the gateway")
    notebook.says("leads to this gateway")
    show_and_apply(notebook, "backend_form()", "url: 'https://65e60559")
    notebook.says("config/env/development/server.js. Strapi has restarted by itself")
    notebook.unfold("By hand instead")
    show_and_apply(notebook, "front_end_form()", "REACT_APP_BACKEND_URL")
    notebook.says("The rehearsal's front end has read it")
    notebook.says("leads people to https://65e60559")


def show_and_apply(notebook: Notebook, cell: str, seen: str = "") -> None:
    """Two forms have these buttons."""
    form = notebook.code_cell(cell)
    form.get_by_role("button", name="Show the changes").click()
    expect(form.locator(".kit-status").first).to_contain_text(
        re.compile("would change: read what, then press Apply|Nothing to change"), timeout=SOON
    )
    if seen:
        expect(form.get_by_text(seen).first).to_be_visible()
    form.get_by_role("button", name="Apply", exact=True).click()
    notebook.person.done["clicks"] += 2


def instagram_app(notebook: Notebook) -> None:
    meta_dashboard(notebook)
    notebook.press("I have saved them at Meta")
    notebook.says("nobody can ask Meta from here")
    notebook.picture("addresses", notebook.cell("I have saved them at Meta"))
    notebook.type("Instagram app ID", SAMPLE_CLIENT_ID, how="pastes")
    notebook.type("Instagram app secret", SAMPLE_CLIENT_SECRET, how="pastes")
    notebook.press("Save")
    notebook.says(f"Client ID {SAMPLE_CLIENT_ID} saved")
    notebook.says("a secret of 32 hex characters")


def meta_dashboard(notebook: Notebook) -> None:
    """By hand, from the first button to the accepted invitation, in either flow."""
    meta = Meta(notebook)
    addresses = json.loads(notebook.in_kernel("import json; print(json.dumps(setup.addresses_for_meta))"))
    documented = notebook.in_kernel("print(setup.flow.name)") == "documented"
    (meta.make_documented_app if documented else meta.make_app)()
    labels = notebook.in_kernel("print('|'.join(setup.flow.address_labels))").split("|")
    for label, address in zip(labels, addresses, strict=True):
        meta.enter(label, address)
    notebook.person.done["pastes"] += len(labels)
    if documented:
        meta.press("Save Changes", "Add to submission")
        meta.says("Submitted")
    else:
        meta.press("Save")
        meta.invite()


def strapi_provider(notebook: Notebook) -> None:
    notebook.unfold("Read src/extensions")
    show_and_apply(notebook, "provider_file_form()")
    notebook.says(re.compile("instagram-business.js.* Strapi has restarted by itself|Nothing to change"))
    notebook.press("Save in Strapi")  # ID and secret are those of 2.9: each is typed once
    notebook.says("provider saved")
    notebook.says("redirects to")
    notebook.says("Strapi sends redirect_uri=")


def log_in(notebook: Notebook) -> None:
    notebook.press("Log in with Instagram")
    with notebook.page.context.expect_page() as opened:
        notebook.outputs.locator("a.kit-link", has_text="127.0.0.1").click()
    tab = opened.value
    tab.get_by_role("button", name="Allow").click()
    notebook.person.done["clicks"] += 2
    notebook.says("is logged in")
    expect(tab.get_by_text("kit_rehearsal").first).to_be_visible(timeout=SOON)
    tab.close()
    expect(notebook.outputs.locator("table.kit-trace")).to_contain_text("/api/connect/")
    diagram = notebook.code_cell("login_trace()").locator(".jp-RenderedMermaid :is(img, svg)")
    expect(diagram.first).to_be_visible(timeout=SOON)


def what_went_wrong(notebook: Notebook) -> None:
    notebook.press("Check everything")
    notebook.says("checks passed")
    notebook.type(
        "What do you see?",
        "Invalid Request: Request parameters are invalid: Invalid redirect_uri",
        how="pastes",
    )
    notebook.press("Find it")
    notebook.says("One known failure fits.")
    expect(notebook.outputs.locator("details.kit-known").first).to_contain_text("B05")
    notebook.picture("failure-card", notebook.cell("Find it"))


def put_back(notebook: Notebook) -> None:
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


# Finding one's way


WINDOWING = pytest.mark.parametrize("windowing", ["contentVisibility", "defer", "full", "none"])


@WINDOWING
def test_run_all_leads_back_to_the_top(person: Person, windowing: str) -> None:
    person.lab.set("notebook-extension/tracker", {"windowingMode": windowing})
    notebook = person.open(SET_UP)
    notebook.run_all()
    person.page.wait_for_function(
        "() => document.querySelector('.jp-WindowedPanel-outer').scrollTop < 200", timeout=SOON
    )
    person.page.wait_for_timeout(2500)  # and there it stays
    assert notebook.scrolled() < 200
    notebook.panel.locator(".jp-WindowedPanel-outer").first.evaluate(
        "each => each.scrollTop = each.scrollHeight"
    )
    expect(notebook.outputs.get_by_text("All is ready.")).to_be_visible(timeout=SOON)


@WINDOWING
def test_a_row_of_the_board_leads_to_its_step(person: Person, windowing: str) -> None:
    person.lab.set("notebook-extension/tracker", {"windowingMode": windowing})
    notebook = person.open(SET_UP)
    notebook.run_all()
    person.page.wait_for_timeout(2500)
    notebook.outputs.locator("table.kit-board button", has_text="3.3 Fill in the form").click()
    heading = notebook.panel.get_by_role("heading", name="3.3 Fill in the form")
    expect(heading).to_be_in_viewport(timeout=SOON)


def test_what_was_typed_is_there_when_one_scrolls_away_and_back(person: Person) -> None:
    person.lab.set("notebook-extension/tracker", {})
    notebook = person.open(SET_UP)
    notebook.run_all()
    person.page.wait_for_timeout(2500)
    notebook.type("Instagram app ID", "1234567")
    notebook.field("Instagram app secret").fill("half-typed")
    outer = notebook.panel.locator(".jp-WindowedPanel-outer").first
    for place in ("each.scrollHeight", "0", "each.scrollHeight / 2"):
        outer.evaluate(f"each => each.scrollTop = {place}")
        person.page.wait_for_timeout(300)
    expect(notebook.field("Instagram app ID")).to_have_value("1234567")
    expect(notebook.field("Instagram app secret")).to_have_value(re.compile("half-typed|^$"))
    assert notebook.in_kernel(HELD) in ("half-typed", "")


HELD = """from helpers.notebook.setup_forms import CredentialsForm
from helpers.notebook.this_setup import the
field = the(CredentialsForm).secret
print(field.secret.reveal() if field.status.startswith("typed") else "")"""


# Mistakes, and starting over


def test_a_wrong_value_is_said_beside_its_form_and_can_be_mended(person: Person) -> None:
    notebook = start(person)
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
    notebook.field("Instagram app secret").press_sequentially("1")
    notebook.says("press Save for it to count")


def caught_up(person: Person, chapter: int = 4) -> Notebook:
    notebook = person.open(SET_UP)
    notebook.run_all()
    catch_up(notebook, chapter)
    return notebook


def catch_up(notebook: Notebook, chapter: int) -> None:
    head = notebook.code_cell(f"chapter({chapter})")
    head.get_by_role("button", name="Catch up to here").click()
    expect(head.locator(".kit-status")).to_contain_text("Done for you: ", timeout=READY)


def test_pressing_twice_does_it_once(person: Person) -> None:
    notebook = caught_up(person)
    notebook.press("Let a robot log in instead", times=2)
    notebook.press("Allow")
    notebook.says("is logged in")
    assert notebook.in_kernel("print(len(setup.witness.attempts))") == "1"


def test_a_form_is_walked_and_sent_with_the_keyboard_alone(person: Person) -> None:
    notebook = caught_up(person, 3)
    show_and_apply(notebook, "provider_file_form()")
    notebook.says("Strapi has restarted by itself")
    come_by_keyboard(person, notebook.outputs.get_by_label("Enable", exact=True))
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


def come_by_keyboard(person: Person, field: Locator) -> None:
    """As somebody comes there who has no mouse: JupyterLab shows its buttons above the cell that is
    walked into when it gets to it, and then they are in the way."""
    field.focus()
    person.page.keyboard.press("Shift+Tab")
    for _ in range(10):
        person.page.keyboard.press("Tab")
        if field.evaluate("each => each === document.activeElement"):
            return


def focused(person: Person) -> str:
    name, outlined = person.page.evaluate(FOCUSED)
    assert outlined, f"nobody sees where the focus is: {name}"
    return str(name)


def test_the_answer_to_the_consent_is_one_key_away(person: Person) -> None:
    notebook = caught_up(person)
    notebook.press("Let a robot log in instead")
    expect(notebook.button("Allow")).to_be_focused(timeout=SOON)
    person.page.keyboard.press("Enter")
    notebook.says("is logged in")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("OAuth redirect URIs", "https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback"),
        (PROVIDER_FILE, provider_source()),
    ],
)
def test_copying_takes_the_whole_of_it(person: Person, label: str, expected: str) -> None:
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook = caught_up(person, 2)
    if label == PROVIDER_FILE:
        notebook.unfold("Read src/extensions")
    notebook.press(f"Copy {label}")
    expect(notebook.outputs.get_by_text("Copied")).to_be_visible(timeout=SOON)
    assert person.page.evaluate("navigator.clipboard.readText()") == expected


def test_a_field_that_has_nothing_to_say_yet_is_still_listened_to(person: Person) -> None:
    """Screen readers do not announce what appears together with its region."""
    notebook = person.open(SET_UP)
    notebook.run_all()
    empty = notebook.outputs.locator('.kit-status[data-kind=""] [role=status]').first
    assert empty.evaluate("each => each.checkVisibility()")


def test_a_kernel_that_has_ended_does_not_look_alive_and_a_new_one_goes_on(person: Person) -> None:
    notebook = caught_up(person, 3)
    person.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(notebook.outputs.get_by_text("The kernel has ended").first).to_be_visible(timeout=SOON)
    expect(notebook.outputs.locator('.kit-status[data-kind="ok"]')).to_have_count(0)
    notebook.person.lab.connected(SET_UP)
    notebook.run_all()
    notebook.board(0)
    catch_up(notebook, 4)
    notebook.board(5)
    notebook.press("Let a robot log in instead")
    notebook.press("Allow")
    notebook.board(6)


def test_a_reloaded_page_goes_on(person: Person) -> None:
    notebook = caught_up(person)
    notebook.press("Let a robot log in instead")
    notebook.press("Allow")
    notebook.says("is logged in")
    person.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    person.page.reload()
    again = Notebook(person, SET_UP)
    again.says("is logged in")
    again.board(6)
    again.press("Let a robot log in instead")
    again.press("Deny")
    again.says("The person declined on Instagram")
    nothing_raw(again)


def test_another_choice_begins_another_setup_in_the_same_page(person: Person) -> None:
    notebook = caught_up(person)
    notebook.board(5)
    notebook.outputs.get_by_label(re.compile("^Live: ")).check()
    notebook.press("Use these")
    notebook.says("Live with today's login")
    notebook.board(0)
    expect(notebook.field("Instagram app ID")).to_have_value("")
    expect(notebook.outputs.locator('.kit-status[data-kind="ok"]')).to_have_count(1)  # of this press
    expect(notebook.code_cell("chapter(1)").get_by_role("button", name="Go on")).to_be_visible()


def test_make_labs_workspace_shows_the_steps_and_leaves_a_persons_own_as_it_is(
    lab: Lab, browser: Browser
) -> None:
    own = lab.folder / "workspaces"
    own.mkdir(exist_ok=True)
    mine = own / "default-37a8.jupyterlab-workspace"
    mine.write_text('{"data": {"mine": true}, "metadata": {"id": "default"}}')
    command = [sys.executable, "-m", "jupyterlab", "workspaces", "import", ROOT / "tools/workspace.json"]
    given = os.environ | {"JUPYTERLAB_WORKSPACES_DIR": str(own)}
    subprocess.run(command, env=given, check=True, capture_output=True, timeout=180)
    person = Person(lab, browser.new_context(viewport={"width": 1280, "height": 900}))
    place = "/lab/workspaces/instagram-login/tree/notebooks/1_set_up.ipynb"
    person.page.goto(f"{lab.url}{place}?token={lab.token}")
    Notebook(person, SET_UP)
    steps = person.page.locator(".jp-TableOfContents")
    expect(steps.get_by_text("3.3 Fill in the form")).to_be_visible(timeout=SOON)
    person.page.context.close()
    assert mine.read_text() == '{"data": {"mine": true}, "metadata": {"id": "default"}}'


def test_running_and_saving_changes_nothing_for_git(person: Person) -> None:
    """With the filter and the hook of `make lab`."""
    assert SAVED in (ROOT / "Makefile").read_text(encoding="utf-8")
    folder = person.lab.folder

    def git(*words: str) -> str:
        told = [*("git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com"), *words]
        return subprocess.run(told, capture_output=True, text=True, check=True).stdout

    shutil.copy(ROOT / ".gitattributes", folder)
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools/clean_notebook.py", folder / "tools")
    git("init", "-q")
    git("config", "filter.notebook.clean", f"{sys.executable} tools/clean_notebook.py")
    git("add", ".gitattributes", "notebooks")
    git("commit", "-qm", "as committed")
    notebook = person.open(SET_UP)
    notebook.run_all()
    person.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    saved = person.lab.notebooks / SET_UP
    until = time.monotonic() + SOON / 1000
    while '"output_type"' not in saved.read_text() and time.monotonic() < until:  # the save has no sign
        time.sleep(0.2)
    assert '"output_type"' in saved.read_text()
    person.page.wait_for_timeout(1500)  # until the last of it is written
    assert git("status", "--porcelain", "--untracked-files=no") == ""
    assert git("diff") == ""
