"""A real browser, a real Strapi, https names: the login as a person does it, and the trace while they do.

Debian's Chromium blocks third-party cookies, as Safari does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from helpers.core import settings
from helpers.core.flows import HOSTS, TODAY
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.doctor import checks
from helpers.gateway.app import Gateway
from helpers.kit import Kit
from helpers.login.verdict import judge
from helpers.web import frontend
from helpers.web.server import Server
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD
from tests.real.test_login import DOMAIN, PUBLIC, Stage, open_stage, save_provider
from tests.support.https_names import HttpsNames
from tests.support.lab import SOON, Lab, Notebook, Person, chromium
from tests.support.servers import free_port

pytestmark = pytest.mark.real

ENDS_IN_SESSION = "5.54.0"
PORT = "Port on this machine that it leads to"


@pytest.fixture(scope="module", params=[ENDS_IN_SESSION, "5.50.0"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("strapi"), request.param) as stage:
        yield stage


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A Strapi of its own: the administrator's sign-ins are counted."""
    with open_stage(tmp_path_factory.mktemp("strapi"), ENDS_IN_SESSION) as stage:
        yield stage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def internet(stage: Stage, gateway_port: int, folder: Path) -> Iterator[HttpsNames]:
    """Instagram's names and the tunnel's, as a browser behind a proxy sees them."""
    ports = dict.fromkeys(HOSTS, stage.instagram_server.port) | {DOMAIN: gateway_port}
    with HttpsNames(ports, folder) as names:
        yield names


def window(browser: Browser, names: HttpsNames) -> BrowserContext:
    proxy = names.environment["HTTPS_PROXY"]
    return browser.new_context(proxy={"server": proxy, "bypass": "localhost"}, ignore_https_errors=True)


@pytest.fixture
def opened(stage: Stage, tmp_path: Path, browser: Browser) -> Iterator[tuple[Gateway, Page]]:
    """The gateway behind its public name, and a tab of somebody who has never been there."""
    with ExitStack() as closing:
        gateway = Gateway(TODAY.provider, stage.strapi.url, public=PUBLIC).start()
        closing.callback(gateway.stop)
        names = closing.enter_context(internet(stage, int(gateway.url.rpartition(":")[2]), tmp_path))
        context = window(browser, names)
        closing.callback(context.close)
        yield gateway, context.new_page()


def verdict(gateway: Gateway) -> tuple[bool, str | None]:
    attempt = gateway.witness.wait(lambda each: judge(each, TODAY.provider).decided, timeout=15)
    found = judge(attempt, TODAY.provider)
    return found.ok, found.failure


def test_allow_ends_with_the_persons_name_on_the_front_end(
    stage: Stage, opened: tuple[Gateway, Page]
) -> None:
    gateway, page = opened
    save_provider(stage, stage.prepare(TODAY))
    page.goto(PUBLIC)
    page.get_by_role("link", name="Log in with Instagram").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text(stage.instagram.account.username).first).to_be_visible(timeout=SOON)
    assert page.url.startswith(PUBLIC)
    assert verdict(gateway) == (True, None)


def test_deny_is_told_on_the_front_end_and_in_the_verdict(stage: Stage, opened: tuple[Gateway, Page]) -> None:
    gateway, page = opened
    save_provider(stage, stage.prepare(TODAY))
    page.goto(Urls(PUBLIC, TODAY.provider).connect)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text(re.compile("denied", re.I)).first).to_be_visible(timeout=SOON)
    assert verdict(gateway) == (False, "B18")


def test_the_documented_layout_ends_as_the_doctor_foretells(
    stage: Stage, opened: tuple[Gateway, Page], tmp_path: Path
) -> None:
    gateway, page = opened
    front_end = Server(frontend.create_app(TODAY.provider, backend=PUBLIC)).start()
    origin = f"http://localhost:{front_end.port}"
    try:
        stage.prepare(TODAY)
        save_provider(stage, Urls(PUBLIC, TODAY.provider, origin))
        foretold = doctors_word(stage, tmp_path)
        page.goto(f"{origin}/")
        page.get_by_role("link", name="Log in with Instagram").click()
        page.get_by_role("button", name="Allow").click()
        page.wait_for_url(f"{origin}/connect/**")
        assert verdict(gateway) == (foretold is None, foretold)
    finally:
        front_end.stop()
    assert foretold == ("A18" if ends_in_session(stage) else None)
    if foretold is None:
        expect(page.get_by_text(stage.instagram.account.username).first).to_be_visible(timeout=SOON)


def ends_in_session(stage: Stage) -> bool:
    return stage.strapi.project.name.endswith(ENDS_IN_SESSION)


def doctors_word(stage: Stage, folder: Path) -> str | None:
    """What the check of the session cookie says before anybody has logged in."""
    kit = Kit(settings.load(facts(stage), home=folder))
    try:
        return checks.run(kit, ("session-cookie",))[0].failure
    finally:
        kit.close()


def facts(stage: Stage) -> dict[str, str]:
    return {
        "KIT_MODE": "live",
        "PUBLIC_URL": PUBLIC,
        "STRAPI_URL": stage.strapi.url,
        "STRAPI_ADMIN_EMAIL": ADMIN_EMAIL,
        "STRAPI_ADMIN_PASSWORD": ADMIN_PASSWORD.reveal(),
        "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID,
        "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
    }


def test_the_trace_in_the_notebook_grows_while_the_person_logs_in(
    stage: Stage, browser: Browser, tmp_path: Path
) -> None:
    save_provider(stage, stage.prepare(TODAY))
    with live_notebook(stage, browser, tmp_path, facts(stage)) as (notebook, names, port):
        notebook.run_all()
        notebook.type(PORT, str(port))
        notebook.press("Start the tunnel")
        notebook.says("forwards to the gateway")
        notebook.press("Log in with Instagram")
        address = notebook.outputs.locator("a.kit-link").get_attribute("href", timeout=SOON)
        mark = notebook.in_kernel("print(setup.gateway.own_browser.key)")
        assert mark
        assert address == f"{Urls(PUBLIC, TODAY.provider).connect}?kit-browser={mark}"
        trace = notebook.outputs.locator("table.kit-trace")
        tab = opened_by_the_person(notebook, browser, names)
        expect(trace).to_contain_text("Start the login", timeout=SOON)
        expect(trace).not_to_contain_text("Proof", timeout=SOON)
        tab.get_by_role("button", name="Allow").click()
        expect(trace).to_contain_text("Proof", timeout=SOON)
        notebook.says("is logged in")
        tab.context.close()


def test_after_a_restart_one_goes_on_at_the_same_address_and_types_no_secret_again(
    fresh: Stage, browser: Browser, tmp_path: Path
) -> None:
    """The tunnel is the person's own, typed into its form: no setting names it."""
    fresh.prepare(TODAY)
    given = {"KIT_MODE": "live", "STRAPI_URL": fresh.strapi.url}
    with live_notebook(fresh, browser, tmp_path, given) as (notebook, names, port):
        notebook.run_all()
        notebook.outputs.get_by_text("I have a tunnel of my own").first.click()
        notebook.type("Its public address", PUBLIC)
        notebook.type(PORT, str(port))
        notebook.press("Start the tunnel")
        notebook.says("forwards to the gateway")
        provider = notebook.code_cell("provider_form()")
        for label, text in (
            ("Client ID", SAMPLE_CLIENT_ID),
            ("Client Secret", SAMPLE_CLIENT_SECRET),
            ("Strapi administrator's e-mail", ADMIN_EMAIL),
            ("Strapi administrator's password", ADMIN_PASSWORD.reveal()),
        ):
            field = provider.get_by_label(label, exact=True)
            field.fill(text)
            field.press("Tab")
        notebook.press("Save in Strapi")
        notebook.says("all others untouched")
        notebook.restart()
        head = notebook.code_cell("chapter(1)")
        head.get_by_role("button", name="Go on").click()
        told = head.locator(".kit-status", has_text="This still stands")
        expect(told).to_be_visible(timeout=SOON)
        for step in ("1.1 Start a tunnel", "1.2 Tell your backend", "2.9 ID and secret", "3.3 Fill in"):
            expect(told).to_contain_text(step)
        board = notebook.board(4)
        expect(board).to_contain_text(f"{PUBLIC} leads to this gateway")
        expect(board).to_contain_text("its secret stands there and need not be typed again")
        assert notebook.in_kernel("print(bool(setup.settings.client_secret))") == "False"
        notebook.press("Log in with Instagram")
        tab = opened_by_the_person(notebook, browser, names)
        tab.get_by_role("button", name="Allow").click()
        notebook.says("is logged in")
        tab.context.close()


def opened_by_the_person(notebook: Notebook, browser: Browser, names: HttpsNames) -> Page:
    """A tab at the address that the notebook offers."""
    address = notebook.outputs.locator("a.kit-link").get_attribute("href", timeout=SOON)
    assert address
    tab = window(browser, names).new_page()
    tab.goto(address)
    expect(tab.get_by_role("button", name="Allow")).to_be_visible(timeout=SOON)
    return tab


@contextmanager
def live_notebook(
    stage: Stage, browser: Browser, folder: Path, given: dict[str, str]
) -> Iterator[tuple[Notebook, HttpsNames, int]]:
    """The setup, opened in a kernel for which the public name leads to a free port of this machine."""
    port = free_port()
    with ExitStack() as closing:
        names = closing.enter_context(internet(stage, port, folder))
        given = given | names.environment | {"NO_PROXY": "127.0.0.1,localhost"}
        lab = closing.enter_context(Lab(folder / "lab", **given))
        person = Person(lab, browser.new_context())
        closing.callback(person.page.context.close)
        yield person.open("1_set_up.ipynb"), names, port
