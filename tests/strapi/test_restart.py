"""Waiting for a Strapi that restarts: seen at last, given up, cancelled, woken where it saw nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.core.errors import KitError, Stopped, Unreachable
from helpers.strapi import restart


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LOOK", "_RESTARTING", "_OVERLOOKED"):
        monkeypatch.setattr(restart, name, getattr(restart, name) / 100)


def answers(*given: bool | KitError) -> Callable[[], bool]:
    """One after the other, the last one for ever."""
    left = list(given)

    def seen() -> bool:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, KitError):
            raise answer
        return answer

    return seen


def test_what_cannot_be_asked_meanwhile_is_asked_again() -> None:
    assert restart.wait(answers(Unreachable("down"), False, True), 10, threading.Event())


def test_what_never_comes_is_given_up() -> None:
    assert not restart.wait(answers(False), 0.05, threading.Event())
    assert not restart.wait(answers(Unreachable("down")), 0.05, threading.Event())


def test_the_wait_can_be_cancelled() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped):
        restart.wait(answers(False), 10, cancelled)


def test_a_strapi_that_overlooked_the_change_is_shown_one_more(tmp_path: Path) -> None:
    package = tmp_path / "package.json"
    package.write_text("{}")
    os.utime(package, (0, 0))
    assert restart.wait(
        lambda: package.stat().st_mtime > time.time() - 60, 10, threading.Event(), str(tmp_path)
    )
    assert package.read_text() == "{}"


def test_a_strapi_that_is_down_is_not_disturbed(tmp_path: Path) -> None:
    package = tmp_path / "package.json"
    package.write_text("{}")
    os.utime(package, (0, 0))
    assert not restart.wait(answers(Unreachable("down")), 0.5, threading.Event(), str(tmp_path))
    assert package.stat().st_mtime == 0


@pytest.mark.parametrize(
    ("folder", "ignored"),
    [
        ("/srv/ann/shop", False),
        ("/srv/ann/distant/builder", False),
        ("/srv/ann/tmp/shop", True),
        ("/srv/ann/.work/shop", True),
        ("/srv/ann/build/shop", True),
    ],
)  # fmt: skip
def test_it_is_known_where_strapi_sees_no_change(folder: str, ignored: bool) -> None:
    assert restart.unwatched(folder) is ignored
