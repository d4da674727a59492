"""The provider settings: one changes, all others stay, and somebody else's change is noticed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from helpers.core.errors import Conflict, KitError, Refused, Unexpected
from helpers.core.masking import Secret
from helpers.strapi.client import Admin
from tests.support.canned_strapi import BROKEN, HTML, STORED, WANTED, Canned, refusal
from tests.support.provider_settings import change_provider


def test_secrets_of_all_providers_stay_out_of_sight(admin: Admin) -> None:
    providers = admin.providers()
    change = admin.plan("instagram", **WANTED)

    assert providers["github"]["secret"] == Secret("github-client-secret")
    assert "github-client-secret" not in repr(providers)
    assert WANTED["secret"].reveal() not in repr(change)


def test_a_plan_names_the_fields_and_writes_nothing(admin: Admin, canned: Canned) -> None:
    change = admin.plan("instagram", **WANTED)

    assert set(change.fields) == {"enabled", "key", "secret", "callback"}
    assert canned.methods == ["GET"]


def test_an_unknown_provider_is_refused(admin: Admin) -> None:
    with pytest.raises(Refused, match="does not know the provider nowhere") as caught:
        admin.plan("nowhere", **WANTED)
    assert caught.value.failure == "A01"


def test_one_entry_is_changed_and_everything_else_written_back(admin: Admin, canned: Canned) -> None:
    change_provider(admin, "instagram", scope=["new"], **WANTED)

    entry = {
        "enabled": True,
        "key": "17",
        "secret": WANTED["secret"].reveal(),
        "callbackUrl": "x",
        "scope": ["new"],
        "callback": "https://a.example/b",
    }
    assert canned.stored == {**STORED, "instagram": entry}
    assert list(canned.stored) == list(STORED)


def test_a_second_time_nothing_is_written(admin: Admin, canned: Canned) -> None:
    change_provider(admin, "instagram", **WANTED)
    again = change_provider(admin, "instagram", **WANTED)

    assert again.fields == ()
    assert canned.methods.count("PUT") == 1


def test_restore_brings_the_entry_back(admin: Admin, canned: Canned) -> None:
    change = change_provider(admin, "instagram", **WANTED)
    admin.restore(change)
    admin.restore(change)

    assert canned.stored == STORED
    assert canned.methods.count("PUT") == 2


def test_restore_leaves_alone_what_somebody_changed_since(admin: Admin, canned: Canned) -> None:
    change = change_provider(admin, "instagram", **WANTED)
    canned.stored["instagram"]["key"] = "18"

    with pytest.raises(Conflict):
        admin.restore(change)
    assert canned.stored["instagram"]["key"] == "18"


def test_a_plan_is_not_applied_to_what_somebody_changed_since(admin: Admin, canned: Canned) -> None:
    change = admin.plan("instagram", **WANTED)
    canned.stored["instagram"]["enabled"] = 0

    with pytest.raises(Conflict):
        admin.apply(change)
    assert "PUT" not in canned.methods


@pytest.mark.parametrize("meddled", [{"github": {"enabled": True}}, {"new": {}}, {"instagram": {}}])
def test_somebody_else_writing_at_the_same_time_is_noticed(
    meddled: dict[str, Any], admin: Admin, canned: Canned
) -> None:
    async def meddle(request: Request) -> Response:
        response = await canned._as_strapi(request)
        canned.stored |= meddled
        return response

    canned.answers["PUT /users-permissions/providers"] = meddle
    with pytest.raises(Conflict) as caught:
        change_provider(admin, "instagram", **WANTED)
    assert caught.value.evidence == next(iter(meddled))


@pytest.mark.parametrize(
    "answer", [HTML, BROKEN, JSONResponse({"done": True}), refusal(400, "Request body cannot be empty")]
)
def test_a_write_that_is_not_confirmed_is_no_success(answer: Response, admin: Admin, canned: Canned) -> None:
    canned.answers["PUT /users-permissions/providers"] = answer
    with pytest.raises(KitError):
        change_provider(admin, "instagram", **WANTED)


def test_settings_of_another_shape_are_not_written_back(admin: Admin, canned: Canned) -> None:
    canned.answers["GET /users-permissions/providers"] = JSONResponse({"instagram": "on"})
    with pytest.raises(Unexpected):
        change_provider(admin, "instagram", **WANTED)
    assert "PUT" not in canned.methods
