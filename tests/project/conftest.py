"""A journal, and a file of a project, for the tests of what is written into projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.project.journal import Journal
from tests.support.journals import OLD


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    (tmp_path / "package.json").write_text("{}")
    return Journal(tmp_path / "state" / "changes.jsonl")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "server.js"
    path.parent.mkdir()
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path
