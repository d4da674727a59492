"""Secrets that a person types in a browser: not in what JupyterLab saves, not in what the browser keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from helpers.core.settings import SAMPLE_CLIENT_ID
from tests.support.lab import Lab, Notebook, Person, chromium

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

TOKEN = "2canaryTokenForTheTunnel0123456789_X"
CLIENT_SECRET = "cacacacacacacacacacacacacacacaca"
PASSWORD = "canary-Password-1"
CODE = "AQcanaryCodeFromTheAddressBar0123456789"
CANARIES = (TOKEN, CLIENT_SECRET, PASSWORD, CODE)

# All that a page can remember by itself, and what stands in its fields, which its HTML does not show.
KEPT = """async () => {
  const databases = await indexedDB.databases();
  const rows = await Promise.all(databases.map(({name}) => new Promise(resolve => {
    const opening = indexedDB.open(name);
    opening.onerror = () => resolve(`${name} cannot be read`);
    opening.onsuccess = () => {
      const stores = [...opening.result.objectStoreNames];
      if (!stores.length) return resolve("");
      const reading = opening.result.transaction(stores);
      Promise.all(stores.map(store => new Promise(done => {
        const all = reading.objectStore(store).getAll();
        all.onsuccess = () => done(JSON.stringify(all.result));
        all.onerror = () => done("");
      }))).then(found => resolve(found.join()));
    };
  })));
  const fields = [...document.querySelectorAll("input, textarea")].map(each => each.value);
  return [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, ...rows, ...fields].join("\\n");
}"""  # noqa: E501


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with Lab(tmp_path) as lab, chromium() as browser:
        lab.set("@jupyter-widgets/jupyterlab-manager/plugin", {"saveState": True})
        yield Person(lab, browser.new_context())


# What a login brings along, which nobody has typed; the kernel keeps its robots for it.
REMEMBER = """robots = []
new_robot = setup.browser
setup.browser = lambda *given: robots.append(new_robot(*given)) or robots[-1]"""
BROUGHT = """world = setup.world
cookies = [cookie.value for robot in robots for cookie in robot.http.cookies.jar]
print(*world.instagram.state.codes, *world.instagram.state.tokens, *world.strapi.users._sessions, *cookies)"""


def leaks(text: str, canaries: Iterable[str] = CANARIES) -> list[str]:
    return [canary for canary in canaries if canary in text]


def in_the_browser(page: Page, canaries: Iterable[str] = CANARIES) -> list[str]:
    return leaks(page.content() + str(page.evaluate(KEPT)), canaries)


def save(notebook: Notebook) -> str:
    notebook.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_timeout(1500)  # the save has no sign of its own
    return (notebook.person.lab.notebooks / notebook.name).read_text(encoding="utf-8")


def type_all(person: Person) -> Iterator[Notebook]:
    """Each secret into its form; those that the rehearsal refuses too."""
    notebook = person.open("1_set_up.ipynb")
    notebook.run_all()
    notebook.type("ngrok authtoken", TOKEN)
    notebook.press("Start the tunnel")
    notebook.says("forwards to the gateway")
    yield notebook
    notebook.type("Instagram app ID", SAMPLE_CLIENT_ID)
    notebook.type("Instagram app secret", CLIENT_SECRET)
    notebook.press("Save")
    notebook.says(f"Client ID {SAMPLE_CLIENT_ID} saved")
    yield notebook
    notebook.type("Strapi administrator's password", PASSWORD)
    notebook.press("Save in Strapi")
    notebook.says("Invalid credentials")
    yield notebook
    notebook.type("What do you see?", f"https://shop.example/api/connect/instagram/callback?code={CODE}")
    notebook.press("Find it")
    notebook.says("may be near it")
    yield notebook


def test_what_was_typed_is_neither_saved_nor_kept_in_the_browser(person: Person) -> None:
    saved = 0
    for notebook in type_all(person):
        saved += "application/vnd.jupyter.widget-state+json" in save(notebook)
        assert in_the_browser(notebook.page) == []
    assert saved == 4
    assert list(person.lab.folder.rglob("*-checkpoint.ipynb"))
    files = [path for path in person.lab.folder.rglob("*") if path.is_file()]
    assert [path for path in files if leaks(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_what_a_login_brings_along_is_neither_saved_nor_kept_in_the_browser(person: Person) -> None:
    notebook = person.open("1_set_up.ipynb")
    notebook.run_all()
    notebook.in_kernel(REMEMBER)
    notebook.in_kernel("from helpers.notebook.this_setup import this_setup; this_setup().rehearse_up_to(4)")
    notebook.press("Let a robot log in instead")
    notebook.press("Allow")
    notebook.says("is logged in")
    brought = notebook.in_kernel(BROUGHT).split()
    assert len(brought) >= 5  # a code, a token of Instagram's, one of Strapi's, a cookie and its signature
    saved = save(notebook)
    assert "/api/connect/" in saved
    assert leaks(saved, brought) == []
    assert in_the_browser(notebook.page, brought) == []
    files = [path for path in person.lab.folder.rglob("*") if path.is_file()]
    assert [
        path for path in files if leaks(path.read_text(encoding="utf-8", errors="replace"), brought)
    ] == []
