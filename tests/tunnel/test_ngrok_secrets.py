"""The authtoken is nowhere but in memory, and the agent knows no other secret."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from helpers.core.errors import Stopped
from tests.support.tunnels import (
    TOKEN,
    UPSTREAM,
    Bench,
    until,
)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into the agent through /proc")
def test_the_token_is_nowhere_but_in_memory(
    bench: Bench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGROK_AUTHTOKEN", TOKEN)
    made = bench.tunnel()
    made.start(UPSTREAM)
    process = Path(f"/proc/{bench.pid()}")
    secret = TOKEN.encode()
    for place in ("cmdline", "environ"):
        assert secret not in (process / place).read_bytes(), place
    made.stop()
    found = [path for path in bench.folder.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert found == []
    assert TOKEN not in "".join([*capfd.readouterr(), *made.log, *map(str, vars(made).values())])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into the agent through /proc")
def test_the_agent_knows_its_way_home_and_out_and_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STRAPI_ADMIN_PASSWORD", "INSTAGRAM_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "X"):
        monkeypatch.setenv(name, "canary-of-the-environment")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    bench.tunnel().start(UPSTREAM)
    environ = Path(f"/proc/{bench.pid()}/environ").read_bytes()

    assert b"canary" not in environ
    assert b"NO_PROXY=127.0.0.1" in environ
    assert b"HOME=" in environ


def test_the_token_waits_in_a_private_file_only_while_the_agent_starts(bench: Bench) -> None:
    made, cancelled = bench.tunnel(fault="silent"), threading.Event()
    file = bench.folder / "state" / "ngrok.yml"
    modes = []

    def look() -> None:
        until(bench.pid)
        modes.append((file.stat().st_mode & 0o777, TOKEN in file.read_text()))
        cancelled.set()

    helper = threading.Thread(target=look)
    helper.start()
    with pytest.raises(Stopped):
        made.start(UPSTREAM, cancelled)
    helper.join()
    assert modes == [(0o600, True)]
    assert not file.exists()
    assert (bench.folder / "state").stat().st_mode & 0o777 == 0o700
