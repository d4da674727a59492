"""The notebook for going live in a real browser, in light and in dark: from two addresses to a login."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.lab import SOON, Lab, Person, chromium
from tests.support.look import NARROW, cut_off, findings, too_wide

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture
def person(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Person]:
    theme, width = request.param
    with Lab(tmp_path) as lab, chromium() as browser:
        lab.set("apputils-extension/themes", {"theme": THEMES[theme]})
        person = Person(lab, browser.new_context(viewport={"width": width, "height": 900}))
        if theme == "light":
            person.pictures = {"go-live": "go-live"}
        yield person
        person.page.context.close()
        assert person.troubles == []


@pytest.mark.parametrize("person", [("light", NARROW), ("dark", 1280)], indirect=True, ids=str)
def test_going_live_is_rehearsed_and_looks_right(person: Person) -> None:
    notebook = person.open("3_go_live.ipynb")
    notebook.run_all()
    person.page.wait_for_timeout(2500)
    assert notebook.scrolled() < 200  # the top, where the reader begins
    notebook.press("Show me the lines")
    notebook.says("The lines stand below")
    notebook.press("Save in production's Strapi")
    notebook.says("Saved in production's Strapi")
    notebook.outputs.get_by_label("Set up wrong there").select_option("Number 1")
    notebook.press("Check what is deployed")
    expect(notebook.outputs.locator('.kit-status[data-kind="failed"]')).to_be_visible(timeout=SOON)
    notebook.outputs.get_by_label("Set up wrong there").select_option("Nothing")
    notebook.press("Check what is deployed")
    notebook.says("passed")
    notebook.press("Wait for my login")
    notebook.says("A login of @")
    notebook.picture("go-live", notebook.code_cell('go_live("check")').locator(".jp-Cell-outputArea"))
    assert too_wide(notebook) == []
    assert cut_off(notebook) == []
    assert findings(notebook) == []
