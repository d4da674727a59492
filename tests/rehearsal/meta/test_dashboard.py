"""The rehearsal's dashboard: what it keeps, what it drops, and what Instagram then answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.errors import KitError
from helpers.core.masking import Secret
from helpers.doctor.recognise import read
from helpers.failures import known
from helpers.kit import Kit
from helpers.rehearsal.meta.dashboard import META_ID, Dashboard
from helpers.rehearsal.meta.walk import set_up

ADDRESSES = ("https://shop.example/back", "https://shop.example/gone", "https://shop.example/delete")


@pytest.fixture(params=["today", "documented"])
def flow(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kit(flow: str, tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({"KIT_FLOW": flow}, home=tmp_path))
    yield kit
    kit.close()


@pytest.fixture
def meta(kit: Kit) -> Dashboard:
    assert kit.world
    return kit.world.meta


today = pytest.mark.parametrize("flow", ["today"], indirect=True)
documented = pytest.mark.parametrize("flow", ["documented"], indirect=True)


def shown(meta: Dashboard) -> str:
    return json.dumps(meta.page())


def form(meta: Dashboard) -> None:
    """To the form with the three addresses, of an app that exists."""
    for name in ("go-use-cases", "to-setup", "to-login", "go-basic-display"):
        meta.press(name)


# Creating the app


def test_before_it_is_made_instagram_knows_no_app(meta: Dashboard) -> None:
    assert (meta.app.client_id, meta.app.testers, meta.app.permissions) == ("", set(), set())


@today
@pytest.mark.parametrize("name", ["My Instagram shop", "telegram bot", "IG login", "FB thing", "Facetime"])
def test_a_name_with_a_brand_of_metas_is_refused(meta: Dashboard, name: str) -> None:
    meta.press("to-details")
    meta.press("next", {"name": name})
    assert "can't contain" in shown(meta)
    meta.press("next", {"name": "Big shop"})
    assert "Use case" in shown(meta)
    assert meta.app.name == "Big shop"


def test_an_app_without_a_name_is_none(meta: Dashboard) -> None:
    meta.press("to-details")
    for name in ("next", "create"):
        meta.press(name, {"name": " "})
    assert "first" in shown(meta)
    assert meta.app.name == ""


def test_what_is_not_on_the_page_cannot_be_pressed(meta: Dashboard) -> None:
    before = shown(meta)
    for name in ("save", "accept", "submit", "permissions", "go-roles", "nonsense"):
        meta.press(name)
    assert shown(meta) == before


@today
def test_another_use_case_has_no_setup_for_instagram(meta: Dashboard) -> None:
    meta.press("to-details")
    meta.press("next", {"name": "Shop"})
    meta.press("next", {"use-case": meta.labels["other_use_cases"][0]})
    meta.press("create")
    assert meta.labels["setup"] not in shown(meta)
    assert meta.app.client_id == ""
    meta.press("to-choose")
    meta.press("next", {"use-case": meta.labels["right_use_case"]})
    assert meta.labels["setup"] in shown(meta)
    assert meta.app.client_id == settings.SAMPLE_CLIENT_ID


@today
@pytest.mark.parametrize(
    ("place", "told"),
    [("facebook", "another product of Meta's"), ("unified", "begin with EAA")],
)
def test_the_other_setups_say_what_is_known_and_lead_back(meta: Dashboard, place: str, told: str) -> None:
    set_up(meta, meta, ADDRESSES)
    meta.press("go-use-cases")
    meta.press(f"to-{place}")
    assert told in shown(meta)
    meta.press("to-use-cases")
    assert meta.labels["setup"] in shown(meta)


def test_the_menu_says_where_one_is(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    current = [each["name"] for each in meta.page()["menu"] if each["current"]]
    assert current == ["go-basic-display" if meta.flow.retired else "go-use-cases"]


# The three addresses


def test_what_was_saved_as_chips_counts(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    assert meta.app.redirect_uris == {ADDRESSES[0]}
    assert meta.app.has_all_addresses


def test_what_was_only_typed_is_dropped_without_a_word(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    meta.press("save", {"redirect": "https://shop.example/typed"})
    assert meta.said == meta.addresses.refused == ""
    assert meta.app.redirect_uris == {ADDRESSES[0]}


def test_chips_that_were_not_saved_are_gone_with_the_page(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    before = meta.visit
    meta.enter("redirect", "https://shop.example/second")
    assert "second" in shown(meta)
    meta.press("reload")
    assert "second" not in shown(meta)
    assert meta.visit > before
    assert meta.app.redirect_uris == {ADDRESSES[0]}


def test_a_removed_chip_counts_no_more_once_saved(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    meta.remove("redirect", ADDRESSES[0])
    assert meta.app.redirect_uris == {ADDRESSES[0]}
    meta.press("save")
    assert meta.app.redirect_uris == set()


@pytest.mark.parametrize("uri", ["http://localhost:1337/back", "http://shop.example/back", "localhost"])
def test_an_address_without_https_is_refused_and_nothing_is_kept(meta: Dashboard, uri: str) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    meta.enter("redirect", uri)
    meta.press("save")
    assert "Error saving redirect URIs" in shown(meta)
    assert meta.app.redirect_uris == {ADDRESSES[0]}


def test_meta_may_add_a_slash_while_it_saves(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    meta.addresses.add_slashes()
    assert meta.app.redirect_uris == {f"{ADDRESSES[0]}/"}
    form(meta)
    assert f"{ADDRESSES[0]}/" in shown(meta)


def test_the_other_two_addresses_are_missed_by_instagram(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    meta.remove("deletion", ADDRESSES[2])
    meta.press("save")
    assert not meta.app.has_all_addresses


@today
def test_the_box_for_webhooks_takes_no_redirect_address(
    meta: Dashboard, record_property: Callable[[str, object], None]
) -> None:
    set_up(meta, meta, ADDRESSES)
    meta.press("verify", {"webhook": "https://shop.example/other", "verify": "x"})
    assert "couldn't be validated" in shown(meta)
    assert read(shown(meta)).matches[0].failure.id == "B24"
    assert meta.app.redirect_uris == {ADDRESSES[0]}
    record_property("provokes", "B24")


# Secrets and pairs


def test_a_secret_is_shown_only_when_asked_for(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    form(meta)
    meta.press("to-setup")
    secret = settings.SAMPLE_CLIENT_SECRET
    assert secret not in shown(meta)
    assert meta.show("secret") == Secret(secret)
    assert not meta.show("meta-secret")  # it stands on another page


def test_the_meta_apps_pair_is_another_one(meta: Dashboard) -> None:
    set_up(meta, meta, ADDRESSES)
    meta.press("go-basic")
    assert META_ID in shown(meta)
    assert settings.SAMPLE_CLIENT_ID not in shown(meta)
    assert meta.show("meta-secret") != Secret(settings.SAMPLE_CLIENT_SECRET)


# What a login then meets


def login(kit: Kit, **pair: str) -> str | None:
    """The id of the failure that a login ends with; None when it works."""
    assert kit.world
    app = kit.world.meta.app
    kit.use(client_id=pair.get("id", app.client_id or "1"),
            client_secret=Secret(pair.get("secret", app.client_secret.reveal() or "0" * 32)))  # fmt: skip
    kit.write_provider_file()
    kit.save_provider()
    robot, began = kit.browser(), time.monotonic()
    try:
        robot.finish(robot.start(), allow=True)
    except KitError as error:
        return error.failure
    verdict = kit.logins.verdict(kit.logins.wait(timeout=10, since=began))
    assert verdict.ok or verdict.failure
    return verdict.failure


def ready(kit: Kit) -> Dashboard:
    kit.rehearse_up_to(3)
    assert kit.world
    return kit.world.meta


def test_a_dashboard_that_was_done_leads_to_a_login(kit: Kit) -> None:
    ready(kit)
    assert login(kit) is None


def test_no_app_at_all_is_not_recognised(kit: Kit) -> None:
    kit.rehearse_up_to(2)
    assert login(kit) == known.APP_NOT_RECOGNISED


def test_an_address_without_enter_is_a_refused_one(kit: Kit) -> None:
    meta = ready(kit)
    form(meta)
    meta.remove("redirect", kit.urls.callback)
    meta.press("save", {"redirect": kit.urls.callback})
    assert login(kit) == known.REDIRECT_URI_REFUSED
    meta.enter("redirect", kit.urls.callback)
    meta.press("save")
    assert login(kit) is None


def test_a_slash_too_many_is_a_refused_address(kit: Kit) -> None:
    meta = ready(kit)
    form(meta)
    meta.remove("redirect", kit.urls.callback)
    meta.enter("redirect", f"{kit.urls.callback}/")
    meta.press("save")
    assert login(kit) == known.REDIRECT_URI_REFUSED


def test_empty_addresses_end_the_session(kit: Kit) -> None:
    meta = ready(kit)
    form(meta)
    for name, address in zip(("deauthorize", "deletion"), kit.addresses_for_meta[1:], strict=True):
        meta.remove(name, address)
    meta.press("save")
    assert login(kit) == known.SESSION_INVALID


def test_the_meta_apps_id_is_not_recognised(kit: Kit) -> None:
    ready(kit)
    assert login(kit, id=META_ID) == known.APP_NOT_RECOGNISED


@today
def test_the_meta_apps_secret_is_the_wrong_one(kit: Kit) -> None:
    meta = ready(kit)
    assert login(kit, secret=meta.meta_secret.reveal()) == known.CLIENT_SECRET_WRONG


@today
def test_a_plain_tester_has_no_role_and_an_invitation_must_be_accepted(kit: Kit) -> None:
    meta = ready(kit)
    meta.uninvite()
    meta.press("go-roles")
    meta.press("add", {"role": "Testers", "username": meta.account.username})
    meta.press("go-account")
    meta.press("accept")
    assert login(kit) == known.NO_ROLE_IN_APP
    meta.press("go-roles")
    meta.press("add", {"role": "Instagram Testers", "username": meta.account.username})
    assert "(pending)" in shown(meta)
    assert login(kit) == known.NO_ROLE_IN_APP
    meta.press("go-account")
    meta.press("accept")
    assert login(kit) is None


@today
def test_a_personal_account_is_refused_until_it_is_a_professional_one(kit: Kit) -> None:
    meta = ready(kit)
    meta.press("go-account")
    meta.press("switch")
    assert login(kit) == known.NO_ROLE_IN_APP  # in the same words, which the catalogue tells apart
    meta.press("switch")
    assert login(kit) is None


@documented
def test_nobody_logs_in_before_the_permission_was_submitted(kit: Kit) -> None:
    meta = ready(kit)
    meta.uninvite()
    assert login(kit) == known.NO_ROLE_IN_APP
    form(meta)
    meta.press("submit")
    assert login(kit) is None


def test_an_app_that_was_deleted_is_to_be_made_again(kit: Kit) -> None:
    meta = ready(kit)
    meta.delete_app()
    assert (meta.app.client_id, meta.app.redirect_uris) == ("", set())
    set_up(meta, meta, kit.addresses_for_meta)
    assert login(kit) is None
