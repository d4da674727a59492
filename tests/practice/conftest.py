"""A rehearsal to break and to repair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({}, home=tmp_path))
    yield kit
    kit.close()
