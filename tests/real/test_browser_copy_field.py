"""A long text to copy, in a real browser, in light and in dark: all of it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE, entry_source, provider_source
from tests.support.lab import Lab, Person, chromium
from tests.support.look import NARROW, findings, too_wide

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def person(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Person]:
    with Lab(tmp_path) as lab, chromium() as browser:
        lab.set("apputils-extension/themes", {"theme": request.param})
        person = Person(lab, browser.new_context(viewport={"width": NARROW, "height": 900}))
        yield person
        person.page.context.close()
        assert person.troubles == []


def hidden(text: Locator) -> int:
    """Pixels of it that only scrolling would show."""
    return int(text.evaluate("each => each.scrollHeight - each.clientHeight"))


def test_a_long_text_says_how_long_it_is_and_unfolds_while_a_short_one_stands_whole(person: Person) -> None:
    notebook = person.open("1_set_up.ipynb")
    notebook.run_all()
    notebook.unfold(f"Read {PROVIDER_FILE}")
    long, short = (notebook.outputs.get_by_role("region", name=name) for name in (PROVIDER_FILE, ENTRY_FILE))
    expect(short).to_be_visible()
    assert len(entry_source().splitlines()) < 20
    assert hidden(short) == 0
    assert hidden(long) > 1000
    notebook.press(f"Show all {len(provider_source().splitlines())} lines")
    assert hidden(long) == 0
    expect(long).to_contain_text(provider_source().splitlines()[-3].strip())
    assert too_wide(notebook) == []
    assert findings(notebook) == []
    notebook.press("Show less")
    assert hidden(long) > 1000
