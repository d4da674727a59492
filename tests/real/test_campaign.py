"""The attacker's campaign against the gateway, before a real Strapi and a real Vite that leads to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from helpers.gateway.app import Gateway
from tests.conftest import PUBLIC
from tests.real import hostile
from tests.real.front_end.dev_servers import VITE, DevServer
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, RealStrapi

pytestmark = pytest.mark.real

CANARY = "canary-of-the-database"
SIGNED_IN = json.dumps({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD.reveal()}).encode()
JSON = [b"Content-Type: application/json"]
# What only Strapi's admin side says.
ADMINS = re.compile(rb'"hasAdmin"|"token"|"strapiVersion"|"configuration"|Strapi Admin')
REQUESTS = 3000  # of noise
LOGGED = re.compile(r"http: (\S+) (\S+) \(")
CONFIG = """
const rewrite = (path) => path.replace('/strapi', '')
export default {{ server: {{ proxy: {{ '/strapi': {{ target: '{strapi}', rewrite }} }} }} }}
"""


class Stage:
    def __init__(self, strapi: RealStrapi, dev: DevServer, gateway: Gateway) -> None:
        self.strapi, self.dev, self.gateway = strapi, dev, gateway
        self._read = 0

    def reached(self) -> list[str]:
        """What Strapi says it was asked since the last time."""
        text = self.strapi.log.read_text(errors="replace")
        self._read, before = len(text), self._read
        return [found[2] for found in LOGGED.finditer(re.sub(r"\x1b\[\d+m", "", text[before:]))]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        strapi = stack.enter_context(RealStrapi(tmp_path_factory.mktemp("strapi")))
        files = {
            "vite.config.js": CONFIG.format(strapi=strapi.url),
            "backend/.tmp/data.db": CANARY,
            "backend/config/server.js": f"export const secret = '{CANARY}'\n",
            "backend/.env": f"SECRET={CANARY}\n",
            ".env": f"SECRET={CANARY}\n",
        }
        dev = stack.enter_context(DevServer(VITE, tmp_path_factory.mktemp("vite"), files))
        gateway = Gateway("instagram", strapi.url, dev.url, public=PUBLIC).start()
        stack.callback(gateway.stop)
        stage = Stage(strapi, dev, gateway)
        stage.reached()
        yield stage


def developer(stage: Stage, target: str) -> bytes:
    """What the dev server says to whom it belongs."""
    return hostile.say(stage.dev.url, hostile.asked(target.encode()).replace(hostile.HOST, b"localhost"))


def statuses(said: list[tuple[bytes, bytes]]) -> str:
    counted = Counter(answer[9:12].decode(errors="replace") or "hung up" for _, answer in said)
    return ", ".join(f"{number} x {status}" for status, number in counted.most_common())


def test_no_target_reaches_the_admin_side(stage, record_property):
    targets = hostile.targets(hostile.ADMIN)
    there = hostile.say(stage.strapi.url, hostile.asked(b"/admin/login", b"POST", SIGNED_IN, JSON))
    assert ADMINS.search(there), "Strapi itself has it"
    stage.reached()
    said = hostile.say_all(stage.gateway.url, map(hostile.asked, targets))
    said += hostile.say_all(
        stage.gateway.url, (hostile.asked(each, b"POST", SIGNED_IN, JSON) for each in targets)
    )

    assert [asked for asked, answer in said if ADMINS.search(answer)] == []
    assert [path for path in stage.reached() if not re.match("/(api|_health)(/|$|\\?)", path)] == []
    record_property("campaign", f"{len(targets)} targets, {len(said)} requests: {statuses(said)}")


def test_no_target_reaches_the_admin_side_through_the_front_ends_own_proxy(stage, record_property):
    there = hostile.say(
        stage.dev.url, hostile.asked(b"/strapi/admin/init").replace(hostile.HOST, b"localhost")
    )
    assert b"hasAdmin" in there, "the front end lets everybody in by itself"
    targets = hostile.targets(f"/strapi{path}" for path in hostile.ADMIN)
    said = hostile.say_all(stage.gateway.url, map(hostile.asked, targets))
    said += hostile.say_all(
        stage.gateway.url, (hostile.asked(each, b"POST", SIGNED_IN, JSON) for each in targets)
    )

    assert [asked for asked, answer in said if ADMINS.search(answer)] == []
    record_property("campaign", f"{len(targets)} by the front end, {len(said)} requests: {statuses(said)}")


def test_no_target_reaches_a_file_of_the_developers(stage, record_property):
    root = stage.dev.project
    inside = ["/backend/.tmp/data.db", "/backend/.tmp/data.db?import&raw", "/backend/.env", "/.env?raw"]
    whole = [
        f"/@fs{root}/backend/config/server.js",
        f"{root}/backend/config/server.js?raw",
        f"/@id/{root}/.env",
    ]
    there = developer(stage, inside[0])
    assert CANARY.encode() in there, "the dev server hands it out"
    targets = hostile.targets([*inside, *whole])
    said = hostile.say_all(stage.gateway.url, map(hostile.asked, targets))

    assert [asked for asked, answer in said if CANARY.encode() in answer] == []
    record_property("campaign", f"{len(targets)} at files: {statuses(said)}")


def test_no_request_is_hidden_in_another(stage, record_property):
    stage.reached()
    said = hostile.say_all(stage.gateway.url, hostile.shapes())

    reached = stage.reached()
    assert reached, "what is sound passes"
    assert [path for path in reached if "hidden" in path] == []
    framings = len(said) // len(hostile.BODIES)
    record_property("campaign", f"{framings} smuggling shapes, {len(said)} requests: {statuses(said)}")


def test_noise_opens_nothing_and_breaks_nothing(stage, record_property):
    stage.reached()
    said = hostile.say_all(stage.gateway.url, hostile.noise(REQUESTS))

    assert [asked for asked, answer in said if ADMINS.search(answer) or CANARY.encode() in answer] == []
    assert [asked for asked, answer in said if b"It failed here" in answer] == []
    reached = stage.reached()
    assert reached, "what is sound passes"
    assert [path for path in reached if not re.match("/(api|_health)(/|$|\\?)", path)] == []
    assert hostile.say(stage.gateway.url, hostile.asked(b"/_health")).startswith(b"HTTP/1.1 204")
    assert b"A shop" in hostile.say(stage.gateway.url, hostile.asked(b"/"))
    record_property("campaign", f"{len(said)} hostile requests: {statuses(said)}")
