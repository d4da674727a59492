"""A rehearsal to work in, and a kernel that has just started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook import ready as ends
from helpers.notebook import this_setup


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({}, home=tmp_path))
    yield kit
    kit.close()


@pytest.fixture
def ready(kit: Kit) -> Kit:
    """The rehearsal as it is before the login."""
    kit.rehearse_up_to(4)
    return kit


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As fresh as a kernel that has just started, and ended like one."""
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    monkeypatch.setattr(this_setup, "_kit", None)
    monkeypatch.setattr(this_setup, "_shown", {})
    monkeypatch.setattr(ends, "_seen", set())
    yield
    if this_setup._kit:
        this_setup._kit.close()
