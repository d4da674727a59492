"""Folders of rehearsals: one's own, and nobody's."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.core.errors import KitError
from helpers.core.flows import TODAY
from helpers.rehearsal import scratch, world


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.skipif(sys.platform == "win32", reason="swept on POSIX only")
def test_what_a_killed_kernel_left_is_removed_by_the_next_rehearsal(temporary: Path) -> None:
    left = temporary / f"kit-rehearsal-{ended()}-abc"
    (left / "my-strapi").mkdir(parents=True)
    new = scratch.new_folder()
    assert not left.exists()
    assert new.is_dir()


def test_what_is_in_use_and_what_is_not_ours_stays(temporary: Path) -> None:
    kept = [temporary / name for name in (f"kit-rehearsal-{os.getpid()}-x", "kit-rehearsal-old", "something")]
    for path in kept:
        path.mkdir()
    scratch.new_folder()
    assert [path for path in kept if not path.exists()] == []


def test_a_rehearsal_ends_with_its_process(temporary: Path) -> None:
    imports = "from helpers.core.settings import Settings; from helpers.kit import Kit"
    script = f"{imports}; Kit(Settings()).open_address()"
    environment = os.environ | {"TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(temporary.iterdir()) == []


def test_nobody_else_reads_it() -> None:
    assert stat.S_IMODE(scratch.new_folder().stat().st_mode) == 0o700


def test_the_copy_of_a_read_only_project_can_be_written(temporary: Path) -> None:
    source = temporary / "read only"
    (source / "config").mkdir(parents=True)
    (source / "config" / "server.js").write_text("{}")
    for path in (source / "config" / "server.js", source / "config", source):
        path.chmod(0o555 if path.is_dir() else 0o444)
    scratch.copy_project(source, temporary / "copy")
    assert (temporary / "copy" / "config" / "server.js").read_text() == "{}"
    assert [path for path in (temporary / "copy").rglob("*") if not path.stat().st_mode & 0o200] == []
    (source / "config").chmod(0o755)
    source.chmod(0o755)


def test_a_temporary_folder_in_which_no_program_may_be_started_is_told_and_nothing_is_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.os, "access", lambda path, mode: mode != os.X_OK)
    with pytest.raises(KitError, match="there none may be started") as caught:
        world.World(TODAY).start()
    assert caught.value.evidence == f"{temporary} is mounted noexec"
    assert "TMPDIR" in caught.value.fix[0]
    assert list(temporary.iterdir()) == []


def test_a_disk_that_gets_full_is_told_and_nothing_is_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(world.shutil, "copyfile", full)
    with pytest.raises(KitError, match="needs a temporary folder") as caught:
        world.World(TODAY).start()
    assert caught.value.evidence == "No space left on device"
    assert list(temporary.iterdir()) == []
