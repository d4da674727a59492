"""A JupyterLab of its own and a person in front of it: what they open, type, press and read."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
PICTURES = os.environ.get("PICTURES")  # the folder to rewrite; usually nobody asks for pictures
SAVED = "--FileContentsManager.post_save_hook=helpers.project.git.saved"  # as `make lab` starts it
SOON, READY = 15_000.0, 60_000.0  # milliseconds for an answer, for a whole notebook

_IN_KERNEL = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = kernel.requestExecute({ code, store_history: false });
  let printed = "";
  asked.onIOPub = ({ content }) => (printed += content.text ?? content.evalue ?? "");
  await asked.done;
  return printed;
}"""

_SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # All of a notebook stays in the page, also what is scrolled away.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class Lab:
    """A server on a free port, with folders of its own; ``settings`` are JupyterLab's, by plugin."""

    def __init__(self, folder: Path, app: str = "jupyterlab", **environment: str) -> None:
        self.folder, self.app, self.token = folder, app, secrets.token_hex(16)
        self.notebooks, self.home = folder / "notebooks", folder / "home"
        self._given = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Lab:
        self.folder.mkdir(exist_ok=True)
        shutil.copytree(ROOT / "notebooks", self.notebooks)
        self.home.mkdir()
        for name, settings in _SETTINGS.items():
            self.set(name, settings)
        names = ("CONFIG", "DATA", "RUNTIME")
        own = {f"JUPYTER_{name}_DIR": str(self.folder / name.lower()) for name in names}
        own |= {
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "JUPYTER_TOKEN": self.token,
            "KIT_HOME": str(self.home),
        }
        command = [sys.executable, "-m", self.app, "--no-browser", "--allow-root", "--ServerApp.port=0",
                   f"--ServerApp.root_dir={self.folder}", "--expose-app-in-browser", SAVED]  # fmt: skip
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | own | self._given, cwd=self.folder, stdout=log, stderr=log
            )
        self.url = self._address()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(30)

    def set(self, plugin: str, settings: dict[str, Any]) -> None:
        """Takes effect with the next page that is opened."""
        extension, _, name = plugin.rpartition("/")
        path = self.folder / "settings/@jupyterlab" / extension / f"{name}.jupyterlab-settings"
        if extension.startswith("@"):
            path = self.folder / "settings" / extension / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")

    def connected(self, name: str) -> None:
        """Wait until a page has this notebook's kernel on the line; its own "Idle" comes too early."""
        until = time.monotonic() + READY / 1000
        while time.monotonic() < until:
            answer = httpx.get(f"{self.url}/api/sessions?token={self.token}", timeout=READY / 1000)
            sessions: list[dict[str, Any]] = answer.json()
            kernels = [session["kernel"] for session in sessions if session["name"] == name]
            if any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels):
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "server.log").read_text(encoding="utf-8")[-2000:])

    def _address(self) -> str:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for path in (self.folder / "runtime").glob("jpserver-*.json"):
                found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8") or "{}")
                if found.get("port"):
                    return f"http://127.0.0.1:{found['port']}"
            time.sleep(0.1)
        raise TimeoutError((self.folder / "server.log").read_text(encoding="utf-8")[-2000:])


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Debian's Chromium, which blocks third-party cookies as Safari does."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        browser.close()


def press_menu(page: Page, menu: str, item: str) -> None:
    page.get_by_role("menubar").get_by_text(menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def run_all_cells(page: Page, panel: Locator) -> None:
    """Run > Run All Cells, until the first cell has begun."""
    first = panel.locator(".jp-CodeCell .jp-InputPrompt").first
    for _ in range(3):  # a kernel that has just come may let the first try fall
        press_menu(page, "Run", "Run All Cells")
        with suppress(AssertionError):
            expect(first).to_have_text(re.compile(r"\[[\d*]+\]"), timeout=4000)
            return
    raise AssertionError(f"No cell began: {first.inner_text()}")


class Person:
    """One person, one window. ``done`` counts what they did; ``troubles`` is what the console said."""

    def __init__(self, lab: Lab, context: BrowserContext) -> None:
        self.lab, self.page = lab, context.new_page()
        self.done: Counter[str] = Counter()
        self.troubles: list[str] = []
        self.pictures: dict[str, str] = {}
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def open(self, name: str) -> Notebook:
        """From the address bar of the first notebook on, the others by their links."""
        address = f"{self.lab.url}/lab/workspaces/{secrets.token_hex(4)}/tree/notebooks/{name}"
        self.page.goto(f"{address}?token={self.lab.token}&reset")
        return Notebook(self, name)

    def follow(self, notebook: Notebook, name: str) -> Notebook:
        """Press the link to another notebook."""
        notebook.panel.get_by_role("link", name=name).last.click()
        self.done["clicks"] += 1
        return Notebook(self, name)


class Notebook:
    """One open notebook: its outputs are what a person looks at, its cells what they run."""

    def __init__(self, person: Person, name: str) -> None:
        self.person, self.page, self.name = person, person.page, name
        self.panel: Locator = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.outputs = self.panel.locator(".jp-OutputArea")
        expect(self.panel.locator(".jp-Notebook").first).to_be_visible(timeout=READY)
        expect(self.page.locator(f'.lm-TabBar-tab.lm-mod-current:has-text("{name}")').first).to_be_visible()
        person.lab.connected(name)

    def run_all(self) -> None:
        """Run > Run All Cells, and wait for the last one."""
        run_all_cells(self.page, self.panel)
        self.person.done["clicks"] += 2
        self.ran()

    def ran(self) -> None:
        last = self.panel.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").first
        expect(last).to_have_text(re.compile(r"\[\d+\]"), timeout=READY)
        # Forms whose kernel has just come may still be on their way into the page.
        expect(self.outputs.locator("button:visible").first).to_be_visible(timeout=SOON)

    def restart(self) -> None:
        """Kernel > Restart Kernel and Run All Cells."""
        press_menu(self.page, "Kernel", "Restart Kernel and Run All Cells…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.person.done["clicks"] += 3
        last = self.panel.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").first
        expect(last).to_have_text(re.compile(r"\[[ *]\]"), timeout=SOON)
        self.ran()

    def picture(self, name: str, of: Locator | None = None) -> None:
        """The page, or the whole of one part of it, as ``make pictures`` keeps it in docs."""
        name = self.person.pictures.get(name, "")
        if not PICTURES or not name:
            return
        usual = self.page.viewport_size
        assert usual
        self.page.set_viewport_size({"width": usual["width"], "height": 2400 if of else usual["height"]})
        self.page.mouse.move(0, 0)
        (of or self.page).screenshot(path=ROOT / PICTURES / f"{name}.png")
        self.page.set_viewport_size(usual)

    def board(self, done: int) -> Locator:
        """The board, as soon as it says so many steps are done."""
        board = self.outputs.locator("table.kit-board").first
        expect(board.locator("caption")).to_contain_text(f"{done} of 6 steps done", timeout=SOON)
        return board

    def scrolled(self) -> float:
        """How far the page has been scrolled down, in pixels."""
        frame = self.panel.locator(".jp-WindowedPanel-outer").first
        return float(frame.evaluate("each => each.scrollTop"))

    def cell(self, containing: str) -> Locator:
        """The output of the cell that shows this text."""
        return self.panel.locator(".jp-Cell-outputArea", has_text=containing).last

    def code_cell(self, source: str) -> Locator:
        """The cell whose code has this text, with what it shows."""
        return self.panel.locator(".jp-CodeCell", has_text=source).first

    def field(self, label: str) -> Locator:
        return self.outputs.get_by_label(label, exact=True).first

    def type(self, label: str, text: str, *, how: str = "typed") -> None:
        """Into an empty field, then on to the next one as people do."""
        field = self.field(label)
        field.fill(text)
        field.press("Tab")
        self.person.done[how] += 1
        self.person.done["URLs"] += how == "typed" and bool(re.match("https?://", text))

    def button(self, name: str) -> Locator:
        return self.outputs.get_by_role("button", name=name, exact=True).first

    def press(self, name: str, *, times: int = 1) -> None:
        """``times=2`` is the double click of somebody in a hurry."""
        self.button(name).click(click_count=times)
        self.person.done["clicks"] += 1

    def unfold(self, title: str) -> None:
        self.outputs.locator(".jupyter-widget-Collapse-header", has_text=title).first.click()

    def in_kernel(self, code: str) -> str:
        """What the kernel prints: the world behind the widgets, which a page alone does not show."""
        printed: str = self.page.evaluate(_IN_KERNEL, code)
        return printed.strip()

    def says(self, text: str | re.Pattern[str]) -> Locator:
        """A status line with this text; it is waited for."""
        line = self.outputs.locator(".kit-status", has_text=text).first
        expect(line).to_be_visible(timeout=SOON)
        return line
