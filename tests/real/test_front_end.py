"""A real Vite and a real Next dev server behind the gateway: the page, its scripts, and its live reload."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import ClientConnection

from helpers.gateway.app import Gateway
from tests.conftest import PUBLIC
from tests.real.front_end.dev_servers import NEXT, VITE, DevServer
from tests.support.asgi import AsgiServer
from tests.support.dev_server import dial
from tests.support.servers import SOON, App, Client, ask

pytestmark = pytest.mark.real

LIVE = 60.0  # seconds after which a change should have been seen; it takes less than one
CANARY = b"canary-of-the-database"
# What tells a page that its source has changed.
CHANGED = {"vite": {"full-reload", "update"}, "next": {"serverComponentChanges"}}


class Stage:
    """A dev server and a Strapi behind one gateway."""

    def __init__(self, dev: DevServer, gateway: Gateway) -> None:
        self.dev, self.gateway = dev, gateway

    def page(self) -> tuple[str, list[str]]:
        """The page, and the scripts that it names."""
        page = ask(self.gateway.url, "/").body.decode()
        return page, re.findall(r'<script[^>]* src="([^"]+)"', page)

    def live_reload(self, url: str = "", **options: Any) -> ClientConnection:
        """Opened as the page of this dev server does it."""
        url = url or self.gateway.url
        if self.dev.kind is NEXT:
            return dial(url, "/_next/hmr?id=1", **options)
        token = re.search(r'wsToken = "([^"]+)"', ask(self.gateway.url, "/@vite/client").body.decode())
        assert token
        return dial(url, f"/?token={token[1]}", subprotocols=["vite-hmr"], **options)


@pytest.fixture(scope="module", params=[VITE, NEXT], ids=lambda kind: kind.name)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("dev-server")
    with DevServer(request.param, folder) as dev, ExitStack() as stack:
        strapi = AsgiServer(App("strapi")).start()
        stack.callback(strapi.stop)
        gateway = Gateway("instagram", strapi.url, dev.url, public=PUBLIC).start()
        stack.callback(gateway.stop)
        yield Stage(dev, gateway)


def test_the_page_and_all_its_scripts_pass(stage):
    page, scripts = stage.page()
    answers = [ask(stage.gateway.url, script) for script in scripts]

    assert len(answers) > 1
    assert {answer.status for answer in answers} == {200}
    assert all("javascript" in answer.all("content-type")[0] for answer in answers)
    assert any("Shop" in text for text in (page, *(answer.body.decode() for answer in answers)))


def test_the_api_is_strapis_and_the_admin_panel_is_closed(stage):
    assert ask(stage.gateway.url, "/api/articles").body == b"strapi"
    assert ask(stage.gateway.url, "/admin").status == 404


def test_the_dev_server_would_refuse_the_public_name_and_takes_it_through_the_gateway(stage):
    with pytest.raises((InvalidHandshake, EOFError)), stage.live_reload(stage.dev.url, open_timeout=SOON):
        pass
    with stage.live_reload() as browser:
        assert browser.recv(SOON)
    if stage.dev.kind is VITE:
        assert b"is not allowed" in ask(stage.dev.url, "/").body


def test_a_changed_source_is_told_to_the_page(stage):
    stage.page()
    deadline = time.monotonic() + LIVE
    seen: list[str] = []
    with stage.live_reload() as browser:
        while not CHANGED[stage.dev.kind.name] & set(seen):
            assert time.monotonic() < deadline, seen
            stage.dev.write(f"Shop number {len(seen)}")
            seen += said(browser, seconds=1)


# What the dev server hands out or does when it is asked itself. {root} is the project's folder, {folder} the
# one above it; each must be seen to work there, or the refusal of the gateway would prove nothing.
ATTACKS = {
    "vite": [
        ("/@fs{root}/backend/.tmp/data.db", 200, CANARY),
        ("/@fs{root}/backend/server.js?raw", 200, CANARY),
        ("{root}/backend/server.js", 200, CANARY),
        ("{root}/backend/.tmp/data.db?import&raw", 200, CANARY),
        ("/@id/{root}/backend/server.js", 200, CANARY),
        ("/@id/file://{root}/backend/server.js%3f/node_modules/x.js", 200, CANARY),
        ("/backend/.tmp/data.db", 200, CANARY),
        ("/backend/data%20copy.db", 200, CANARY),
        ("/backend/.tmp/data%2edb?url", 200, CANARY),
        ("/src/../backend/.tmp/data.db", 200, CANARY),
        ("/backend/.tmp/data.db?.css", 200, CANARY),
        ("/backend/.tmp/data.db?html-proxy&raw", 200, CANARY),
        ("/__open-in-editor", 500, b"required query param"),
        ("/__OPEN-IN-EDITOR/", 500, b"required query param"),
        ("/__open-in-editor.x", 500, b"required query param"),
    ],
    "next": [
        ("/__nextjs_server_status", 200, b"executionId"),
        ("/x/../__nextjs_server_status", 200, b"executionId"),
        ("/__nextjs_launch-editor?file=none.js", 404, b""),
        ("/__nextjs_attach-nodejs-inspector", 200, b""),
        ("/_next/mcp", 406, b"jsonrpc"),
        ("/_next/mcp/", 406, b"jsonrpc"),
        ("/_next/image?w=640&q=75&url=%2F_next%2Fmcp", 406, b""),
        ("/.well-known/appspecific/com.chrome.devtools.json", 200, b"root"),
    ],
}


def test_what_the_dev_server_has_for_its_developer_stays_with_him(stage):
    backend = stage.dev.project / "backend"
    (backend / ".tmp").mkdir(parents=True, exist_ok=True)
    (backend / ".tmp" / "data.db").write_bytes(CANARY)
    (backend / "data copy.db").write_bytes(CANARY)
    (backend / "server.js").write_bytes(b"export const secret = '" + CANARY + b"'\n")
    for attack, status, seen in ATTACKS[stage.dev.kind.name]:
        target = attack.format(root=stage.dev.project)
        with Client(stage.dev.url) as developer:
            there = developer.ask(target, host=urlsplit(stage.dev.url).netloc)
        here = ask(stage.gateway.url, target)

        assert (there.status, seen in there.body) == (status, True), (target, there.body[:300])
        assert here.status == 404, target
        assert b"Closed" in here.body
        for method in ("POST", "OPTIONS"):
            assert ask(stage.gateway.url, target, method).status == 404


def said(browser: ClientConnection, seconds: float) -> list[str]:
    """The types of the messages that come within this time."""
    types = []
    try:
        while True:
            message = browser.recv(seconds)
            types += [json.loads(message)["type"]] if isinstance(message, str) else []
    except TimeoutError:
        return types


def test_an_open_page_in_a_browser_shows_a_change_by_itself(stage, monkeypatch):
    from playwright.sync_api import expect

    from tests.support.lab import chromium

    # Plain http and another name, because browsers know that every .dev wants https.
    monkeypatch.setattr(stage.gateway, "public", "http://shop.example.com")
    rules = f"--host-resolver-rules=MAP shop.example.com {urlsplit(stage.gateway.url).netloc}"
    stage.dev.write("Shop")
    with chromium(rules) as browser:
        page = browser.new_page()
        heard = hear_websockets(page)
        page.goto(stage.gateway.public)
        expect(page.get_by_text("Shop", exact=True).first).to_be_visible()
        deadline = time.monotonic() + LIVE
        while not heard and time.monotonic() < deadline:
            page.wait_for_timeout(20)
        stage.dev.write("Store")
        expect(page.get_by_text("Store", exact=True).first).to_be_visible(timeout=LIVE * 1000)

    assert {urlsplit(url).netloc for url in heard} == {"shop.example.com"}


def hear_websockets(page: Any) -> list[str]:
    """The address of a websocket for each message that comes by it."""
    heard: list[str] = []
    page.on("websocket", lambda each: each.on("framereceived", lambda _: heard.append(each.url)))
    return heard


MODULES = 500
ROUNDS = 5


def test_a_page_of_many_modules_loads_whole(stage, record_property):
    """How much longer it takes is told at the end of a run, not asserted: others slow it, too."""
    from playwright.sync_api import Page, expect

    from tests.support.lab import chromium

    if stage.dev.kind is not VITE:
        pytest.skip("Next bundles: its page asks for a handful of files")
    folder = stage.dev.project / "many"
    folder.mkdir(exist_ok=True)
    for number in range(MODULES):
        (folder / f"m{number}.js").write_text(f"export const n{number} = {number};\n")
    imports = "".join(f'import {{ n{n} }} from "./m{n}.js"; total += n{n};\n' for n in range(MODULES))
    (folder / "all.js").write_text(f"let total = 0;\n{imports}document.title = `${{total}}`;\n")
    script = '<script type="module" src="/many/all.js"></script>'
    (stage.dev.project / "many.html").write_text(f"<!doctype html><title>-</title>{script}")

    def seconds(page: Page, url: str) -> float:
        began = time.monotonic()
        page.goto(f"{url}/many.html")
        expect(page).to_have_title(f"{sum(range(MODULES))}", timeout=LIVE * 1000)  # each module has come
        return time.monotonic() - began

    times: dict[str, list[float]] = {stage.dev.url: [], stage.gateway.url: []}
    with chromium() as browser:
        for _ in range(1 + ROUNDS):  # in turns; the first of each builds
            for url, taken in times.items():
                with browser.new_context() as context:
                    taken.append(seconds(context.new_page(), url))
    (fastest, direct), (fastest_through, through) = (
        (min(taken[1:]), statistics.median(taken[1:])) for taken in times.values()
    )
    record_property(
        "many-modules",
        f"{MODULES}, median of {ROUNDS}: {direct:.2f} s from Vite, {through:.2f} s through the gateway, "
        f"{through / direct:.2f}x; by the fastest {fastest_through / fastest:.2f}x",
    )
