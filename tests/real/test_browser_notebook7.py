"""The same notebooks in Notebook 7, which is JupyterLab's parts in a plainer frame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.lab import READY, SOON, Lab, chromium, run_all_cells

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]


def test_a_login_is_rehearsed_in_notebook_7(tmp_path: Path) -> None:
    with Lab(tmp_path, app="notebook") as server, chromium() as browser:
        page = browser.new_page(viewport={"width": 1024, "height": 900})
        page.goto(f"{server.url}/notebooks/notebooks/1_set_up.ipynb?token={server.token}")
        expect(page.locator(".jp-Notebook")).to_be_visible(timeout=READY)
        server.connected("1_set_up.ipynb")
        run_all_cells(page, page.locator(".jp-Notebook"))
        head = page.locator(".jp-CodeCell", has_text="chapter(4)").first
        head.get_by_role("button", name="Catch up to here").click(timeout=READY)
        expect(head.locator(".kit-status")).to_contain_text("Done for you: ", timeout=READY)
        page.locator("table.kit-board button", has_text="4.1 Launch and connect").click()
        expect(page.get_by_role("heading", name="4.1 Launch and connect")).to_be_in_viewport(timeout=SOON)
        page.get_by_role("button", name="Let a robot log in instead", exact=True).click(timeout=READY)
        page.get_by_role("button", name="Allow", exact=True).click(timeout=SOON)
        expect(page.locator(".kit-status", has_text="is logged in").first).to_be_visible(timeout=SOON)
        expect(page.locator("table.kit-trace")).to_contain_text("Proof")
        expect(page.get_by_text(re.compile(r"\bVBox\(|Traceback"))).to_have_count(0)
        page.context.close()
