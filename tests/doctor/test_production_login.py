"""A login at the real address is proved by the user it leaves, and by nothing less."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from helpers.core.errors import Refused, Stopped, Unexpected, Unreachable
from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.doctor.production_login import ProductionLogin
from helpers.rehearsal.deployed import DeployedWorld
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD
from helpers.strapi.client import Admin, Strapi

NAME = "kit_rehearsal"


@pytest.fixture
def world() -> Iterator[DeployedWorld]:
    with DeployedWorld() as world:
        world.proxy.open_admin = True
        yield world


@pytest.fixture
def admin(world: DeployedWorld) -> Iterator[Admin]:
    with httpx.Client(transport=world.internet.transport()) as http:
        yield Strapi(http, world.layout.strapi).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)


def log_in(world: DeployedWorld, name: str = NAME, id_: str = "17") -> None:
    email = f"{id_}@{TODAY.provider}.invalid"
    world.strapi.users.connect(TODAY.provider, {"username": name, "email": email})


def test_a_new_user_of_the_account_is_the_proof(world: DeployedWorld, admin: Admin) -> None:
    login = ProductionLogin(admin)
    assert login.seen(NAME) == ""
    log_in(world)
    assert login.seen(f"{NAME}") == f"A login of @{NAME} was seen: Strapi has a new user {NAME}"
    assert login.wait(NAME, timeout=5, cancelled=threading.Event()).startswith("A login of")


def test_a_taken_name_with_four_digits_is_the_same_account(world: DeployedWorld, admin: Admin) -> None:
    world.strapi.users.add("local", NAME, "somebody@example.com")
    login = ProductionLogin(admin)
    log_in(world)
    assert "new user" in login.seen(NAME)


@pytest.mark.parametrize(("name", "id_"), [("somebody_else", "18"), (f"{NAME}x", "19")])
def test_somebody_else_is_no_proof(world: DeployedWorld, admin: Admin, name: str, id_: str) -> None:
    login = ProductionLogin(admin)
    log_in(world, name, id_)
    assert login.seen(NAME) == ""


def test_a_user_of_another_provider_is_no_proof(world: DeployedWorld, admin: Admin) -> None:
    login = ProductionLogin(admin)
    world.strapi.users.add("local", NAME, "somebody@example.com")
    assert login.seen(NAME) == ""


def test_a_user_who_was_there_before_is_told_apart_from_none(world: DeployedWorld, admin: Admin) -> None:
    log_in(world)
    login = ProductionLogin(admin)
    log_in(world)
    with pytest.raises(Stopped, match="has a user in this Strapi already") as stopped:
        login.wait(NAME, timeout=0.1, cancelled=threading.Event())
    assert "502" in stopped.value.fix[0]
    with pytest.raises(Stopped, match="No login of @nobody was seen") as stopped:
        login.wait("nobody", timeout=0.1, cancelled=threading.Event())
    assert "502" in stopped.value.fix[0]


def test_whoever_cancels_is_told_no_reason(world: DeployedWorld, admin: Admin) -> None:
    log_in(world)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped, match="No login of @") as stopped:
        ProductionLogin(admin).wait(NAME, timeout=600, cancelled=cancelled)
    assert stopped.value.failure is None


def test_a_user_behind_a_hundred_others_is_no_new_one(world: DeployedWorld, admin: Admin) -> None:
    log_in(world)
    for number in range(100):
        other = world.strapi.users.add("local", f"other{number}", f"other{number}@example.com")
        other["updatedAt"] = "2099-01-01T00:00:00.000Z"
    login = ProductionLogin(admin)
    with pytest.raises(Stopped, match="has a user in this Strapi already"):
        login.wait(NAME, timeout=0.1, cancelled=threading.Event())


def test_a_cancelled_wait_ends_at_once(admin: Admin) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped):
        ProductionLogin(admin).wait(NAME, timeout=600, cancelled=cancelled)


def test_who_may_not_read_users_is_told_so(world: DeployedWorld) -> None:
    with httpx.Client(transport=world.internet.transport()) as http, pytest.raises(Refused):
        Strapi(http, world.layout.strapi).sign_in(ADMIN_EMAIL, Secret("wrong"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [(httpx.Response(200, json={"results": ["x"]}), Unexpected), (httpx.ConnectError("down"), Unreachable)],
)
def test_nonsense_and_silence_are_told_as_such(answer: httpx.Response | Exception, error: type) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/admin/login":
            return httpx.Response(200, json={"data": {"token": "t"}})
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        admin = Strapi(http, "https://api.example.com").sign_in(ADMIN_EMAIL, Secret("x"))
        with pytest.raises(error):
            ProductionLogin(admin)
