"""A provider's former settings come back, and nobody else's change is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpers.errors import Conflict
from helpers.masking import Secret
from helpers.rehearsal.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.serving import Server
from helpers.strapi import Admin, Strapi
from helpers.undo import Undo

OURS = "0123456789abcdef0123456789abcdef"
THEIRS = "fedcba9876543210fedcba9876543210"
PAGE = "https://x.example/connect/instagram/redirect"


@pytest.fixture
def admin() -> Iterator[Admin]:
    server = Server(StrapiStandIn().app).start()
    with httpx.Client(trust_env=False) as http:
        yield Strapi(http, server.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    server.stop()


def change(admin: Admin, undo: Undo, secret: str, key: str = "1") -> None:
    planned = admin.plan("instagram", key=key, secret=Secret(secret), callback=PAGE)
    undo.remember(planned)
    admin.apply(planned)


def test_two_changes_are_undone_to_what_was_before_the_first(admin: Admin, tmp_path: Path) -> None:
    before, undo = admin.providers(), Undo(tmp_path)
    change(admin, undo, OURS)
    change(admin, Undo(tmp_path), OURS, key="2")
    assert Undo(tmp_path).restore_provider(admin) == "instagram"
    assert admin.providers() == before
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_was_there_before_comes_back(admin: Admin, tmp_path: Path) -> None:
    admin.change_provider("instagram", key="9", secret=Secret(THEIRS), callback=PAGE)
    before, undo = admin.providers(), Undo(tmp_path)
    change(admin, undo, OURS)
    undo.restore_provider(admin)
    assert admin.providers() == before


def test_the_record_is_private_and_holds_no_secret_that_was_written(admin: Admin, tmp_path: Path) -> None:
    change(admin, Undo(tmp_path), OURS)
    record = tmp_path / "provider.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert OURS not in record.read_text()


@pytest.mark.parametrize("changed", [{"key": "7"}, {"secret": Secret(THEIRS)}])
def test_what_somebody_else_changed_since_is_not_overwritten(
    admin: Admin, tmp_path: Path, changed: dict[str, object]
) -> None:
    undo = Undo(tmp_path)
    change(admin, undo, OURS)
    admin.change_provider("instagram", **{"key": "1", "secret": Secret(OURS), "callback": PAGE} | changed)
    with pytest.raises(Conflict):
        undo.restore_provider(admin)
    assert (tmp_path / "provider.json").exists()


def test_nothing_changed_is_nothing_to_put_back(admin: Admin, tmp_path: Path) -> None:
    assert Undo(tmp_path).restore_provider(admin) == ""


@pytest.mark.parametrize("record", ["", "{", "[]"])
def test_a_damaged_record_is_no_record(admin: Admin, tmp_path: Path, record: str) -> None:
    (tmp_path / "provider.json").write_text(record)
    assert Undo(tmp_path).restore_provider(admin) == ""
