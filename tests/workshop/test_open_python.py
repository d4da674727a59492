"""The Python of a workshop is one that its attendees may run, found before anything is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.other_user import needs_root
from workshop import open_python


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python in a folder that only its owner enters, run by root."""
    program = tmp_path / "python3"
    program.touch(mode=0o755)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


def test_a_python_in_a_closed_folder_is_not_open(closed: Path):
    assert not open_python.is_open(closed)
    assert open_python.is_open("/bin/sh")


def test_a_link_to_a_closed_python_is_not_open_either(closed: Path):
    link = Path("/tmp") / f"kit-link-{os.getpid()}"  # noqa: S108 - open to all, as a venv may be
    link.symlink_to(closed)
    try:
        assert not open_python.is_open(link)
    finally:
        link.unlink()


@needs_root
def test_the_systems_python_stands_in_for_a_closed_one(closed: Path, monkeypatch, capsys):
    monkeypatch.setattr(open_python, "_run", lambda *_: True)
    open_python.main()
    assert capsys.readouterr().out == "/usr/bin/python3\n"


@needs_root
def test_without_any_open_python_it_says_the_way_out(closed: Path, monkeypatch):
    monkeypatch.setattr(open_python, "_SYSTEMS", closed)
    with pytest.raises(SystemExit, match=r"is closed to other users.*python3-venv.*PYTHON="):
        open_python.main()


def test_who_is_not_root_runs_it_all_with_their_own(closed: Path, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    open_python.main()
    assert capsys.readouterr().out == f"{closed}\n"
