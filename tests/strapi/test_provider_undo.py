"""A provider's former settings come back, and nobody else's change is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import Conflict
from helpers.core.masking import Secret
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.strapi.client import Admin, Strapi
from helpers.strapi.provider_undo import Undo
from helpers.web.server import Server
from tests.support.provider_settings import change_provider

OURS = "0123456789abcdef0123456789abcdef"
THEIRS = "fedcba9876543210fedcba9876543210"
HERE = "http://localhost:1337"
PAGE = "https://x.example/connect/instagram/redirect"


@pytest.fixture
def admin() -> Iterator[Admin]:
    server = Server(StrapiStandIn().app).start()
    with httpx.Client(trust_env=False) as http:
        yield Strapi(http, server.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    server.stop()


def change(admin: Admin, undo: Undo, secret: str, key: str = "1", provider: str = "instagram") -> None:
    planned = admin.plan(provider, key=key, secret=Secret(secret), callback=PAGE)
    undo.remember(planned)
    admin.apply(planned)


def test_two_changes_are_undone_to_what_was_before_the_first(admin: Admin, tmp_path: Path) -> None:
    before = admin.providers()
    change(admin, Undo(tmp_path, HERE), OURS)
    change(admin, Undo(tmp_path, HERE), OURS, key="2")
    undo = Undo(tmp_path, HERE)
    assert undo.recorded == ["instagram"]
    undo.restore_provider(admin, "instagram")
    assert admin.providers() == before
    assert list(tmp_path.iterdir()) == []


def test_two_providers_are_put_back_each_by_itself(admin: Admin, tmp_path: Path) -> None:
    before, undo = admin.providers(), Undo(tmp_path, HERE)
    change(admin, undo, OURS)
    change(admin, undo, OURS, provider="github")
    assert undo.recorded == ["instagram", "github"]
    undo.restore_provider(admin, "instagram")
    assert undo.recorded == ["github"]
    undo.restore_provider(admin, "github")
    assert admin.providers() == before


def test_what_was_changed_in_another_strapi_is_never_written_into_this_one(
    admin: Admin, tmp_path: Path
) -> None:
    change(admin, Undo(tmp_path, HERE), OURS)
    elsewhere = Undo(tmp_path, "http://localhost:1338")
    assert (elsewhere.recorded, elsewhere.elsewhere) == ([], [HERE])
    assert Undo(tmp_path, HERE).recorded == ["instagram"]


def test_a_secret_that_was_there_before_comes_back(admin: Admin, tmp_path: Path) -> None:
    change_provider(admin, "instagram", key="9", secret=Secret(THEIRS), callback=PAGE)
    before, undo = admin.providers(), Undo(tmp_path, HERE)
    change(admin, undo, OURS)
    undo.restore_provider(admin, "instagram")
    assert admin.providers() == before


def test_a_change_that_never_arrived_does_not_stand_in_the_way(admin: Admin, tmp_path: Path) -> None:
    before, undo = admin.providers(), Undo(tmp_path, HERE)
    change(admin, undo, OURS)
    undo.remember(admin.plan("instagram", key="2", secret=Secret(OURS), callback=PAGE))
    undo.restore_provider(admin, "instagram")
    assert admin.providers() == before


def test_a_provider_that_strapi_dropped_with_its_file_is_a_restored_one(tmp_path: Path) -> None:
    strapi, undo = StrapiStandIn(), Undo(tmp_path, HERE)
    server = Server(strapi.app).start()
    try:
        with httpx.Client(trust_env=False) as http:
            admin = Strapi(http, server.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
            change(admin, undo, OURS, provider="instagram-business")
            del strapi.providers["instagram-business"]
            before = admin.providers()
            undo.restore_provider(admin, "instagram-business")
            assert admin.providers() == before
    finally:
        server.stop()
    assert undo.recorded == []


def test_what_somebody_else_stored_between_two_changes_is_what_comes_back(
    admin: Admin, tmp_path: Path
) -> None:
    undo = Undo(tmp_path, HERE)
    change(admin, undo, OURS)
    change_provider(admin, "instagram", key="9", secret=Secret(THEIRS), callback=PAGE)
    theirs = admin.providers()
    change(admin, undo, OURS)
    undo.restore_provider(admin, "instagram")
    assert admin.providers() == theirs


def test_the_record_is_private_and_holds_no_secret_that_was_written(admin: Admin, tmp_path: Path) -> None:
    change(admin, Undo(tmp_path, HERE), OURS)
    (record,) = tmp_path.iterdir()
    assert record.stat().st_mode & 0o777 == 0o600
    assert OURS not in record.read_text()


@pytest.mark.parametrize("changed", [{"key": "7"}, {"secret": Secret(THEIRS)}])
def test_what_somebody_else_changed_since_is_not_overwritten(
    admin: Admin, tmp_path: Path, changed: dict[str, object]
) -> None:
    undo = Undo(tmp_path, HERE)
    change(admin, undo, OURS)
    change_provider(admin, "instagram", **{"key": "1", "secret": Secret(OURS), "callback": PAGE} | changed)
    with pytest.raises(Conflict):
        undo.restore_provider(admin, "instagram")
    assert undo.recorded == ["instagram"]


@pytest.mark.parametrize("record", ["", "{", "[]"])
def test_nothing_changed_or_a_damaged_record_is_nothing_to_put_back(tmp_path: Path, record: str) -> None:
    undo = Undo(tmp_path, HERE)
    assert undo.recorded == []
    (tmp_path / "providers.json").write_text(record)
    assert undo.recorded == []
