"""A rehearsal for the doctor to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit

Rehearsed = Callable[..., Kit]


@pytest.fixture
def rehearsed(tmp_path: Path) -> Iterator[Rehearsed]:
    kits: list[Kit] = []

    def rehearsed(flow: str = "today", engine: str | None = None) -> Kit:
        kits.append(Kit(settings.load({"KIT_FLOW": flow}, home=tmp_path), engine=engine))
        kits[-1].rehearse_up_to(4)
        kits[-1].changed()
        return kits[-1]

    yield rehearsed
    for kit in kits:
        kit.close()
