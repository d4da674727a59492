"""How a login fails at its end: asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.core.flows import TODAY, Flow
from helpers.core.urls import Urls
from tests.support.strapi_says import BUILT_IN, CUSTOM, SAYS, error
from tests.support.strapi_worlds import World

REFUSED_PROFILE = {"error": {"message": "Unsupported request", "type": "IGApiException", "code": 100}}


def test_a_refused_profile_is_explained_only_by_the_kits_provider(world: World, flow: Flow) -> None:
    world.instagram.profile = 400, REFUSED_PROFILE
    said = error(world.log_in(flow.provider))[2]

    explained = "Instagram refused the profile: Unsupported request (code 100)"
    assert said == (explained if flow is TODAY else SAYS[world.version]["profile refused"])


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ((500, "<html>"), "Instagram answered the profile request with status 500 and no explanation"),
        ((200, {"username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": "", "username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": 27640875392278831, "username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": "1"}), "Instagram sent no username: is this a Business or Creator account?"),
    ],
)
def test_the_kits_provider_takes_no_half_profile(world: World, profile: tuple[int, Any], said: str) -> None:
    world.instagram.profile = profile

    assert error(world.log_in(CUSTOM)) == (400, "ApplicationError", said)


def test_the_kits_provider_reads_a_wrapped_profile(world: World) -> None:
    """The shape that Meta's page shows."""
    username = world.instagram.profile[1]["username"]
    world.instagram.profile = 200, {"data": [world.instagram.profile[1]]}

    assert world.log_in(CUSTOM).json()["user"]["username"] == username


def test_the_built_in_provider_takes_a_profile_without_a_name(world: World) -> None:
    world.instagram.profile = 200, {"id": "1"}

    assert world.log_in(BUILT_IN).json()["user"]["email"] == "undefined@strapi.io"


def test_closed_sign_ups_keep_new_people_out(world: World, provider: str) -> None:
    world.actions.advanced(allow_register=False)
    try:
        refused = world.log_in(provider)
    finally:
        world.actions.advanced(allow_register=True)

    assert error(refused) == (400, "ApplicationError", "Register action is actually not available.")
    assert world.log_in(provider).status_code == 200


def test_whether_anybody_may_sign_up_is_told_without_making_an_account(world: World) -> None:
    assert world.strapi.sign_up_open() is True
    world.actions.advanced(allow_register=False)
    try:
        assert world.strapi.sign_up_open() is False
    finally:
        world.actions.advanced(allow_register=True)


def test_an_email_that_is_taken_keeps_a_person_out(world: World) -> None:
    world.actions.take_email(f"{world.instagram.profile[1]['username']}@strapi.io")

    assert error(world.log_in(BUILT_IN)) == (400, "ApplicationError", "Email is already taken.")


def test_a_blocked_user_stays_out(world: World, provider: str) -> None:
    answer = world.log_in(provider).json()
    world.actions.block(answer["user"]["email"])

    blocked = "Your account has been blocked by an administrator"
    assert error(world.log_in(provider)) == (400, "ApplicationError", blocked)
    assert error(world.get("/api/users/me", bearer=answer["jwt"]))[0] == 401


def test_a_default_role_that_is_gone_keeps_new_people_out(world: World, provider: str) -> None:
    world.actions.advanced(default_role="editor")
    try:
        refused = world.log_in(provider)
    finally:
        world.actions.advanced(default_role="authenticated")

    assert error(refused) == (400, "ApplicationError", "Cannot read properties of null (reading 'id')")


def test_a_role_may_forbid_its_users_to_ask_who_they_are(world: World) -> None:
    jwt = world.log_in(CUSTOM).json()["jwt"]
    world.actions.may_read_me(False)
    try:
        refused = world.get("/api/users/me", bearer=jwt)
    finally:
        world.actions.may_read_me(True)

    assert error(refused)[:2] == (403, "ForbiddenError")
    assert world.get("/api/users/me", bearer=jwt).status_code == 200


def test_the_users_with_an_address_in_one_domain_are_counted(world: World) -> None:
    assert world.admin.users_at("nobody.example") == 0
    for number in (1, 2):
        world.actions.take_email(f"somebody{number}@counted.example")
        world.actions.take_email(f"elsewhere{number}@counted.example.org")
        assert world.admin.users_at("counted.example") == number


def test_the_advanced_settings_of_a_new_strapi(world: World) -> None:
    settings, roles = world.admin.advanced()

    assert settings == {
        "unique_email": True,
        "allow_register": True,
        "email_confirmation": False,
        "email_reset_password": None,
        "email_confirmation_redirection": None,
        "default_role": "authenticated",
    }
    assert roles == ["authenticated", "public"]


def test_a_header_that_goes_along_is_verified_though_the_login_needs_none(
    world: World, provider: str
) -> None:
    urls = Urls("", provider)
    answers = [world.get(path, bearer="undefined") for path in (urls.connect_path, urls.auth_path)]

    refused = (401, "UnauthorizedError", "Missing or invalid credentials")
    assert [error(answer) for answer in answers] == [refused] * 2


def test_who_sends_a_jwt_along_is_not_the_public_role_any_more(world: World, provider: str) -> None:
    jwt = world.log_in(provider).json()["jwt"]

    answer = world.get(Urls("", provider).auth_path, bearer=jwt)
    assert error(answer) == (403, "ForbiddenError", "Forbidden")
