"""Which program is the agent, and what is not fit to be it."""

from __future__ import annotations

import os
import textwrap
import urllib.request
from pathlib import Path

import pytest

from helpers.core.errors import TunnelError
from helpers.tunnel import ngrok_agent
from tests.support.tunnels import (
    UPSTREAM,
    Bench,
    Scripted,
    script,
)


@pytest.mark.parametrize(
    ("text", "mode", "sentence"),
    [
        ("echo ngrok version 3.29.0", 0o700, "too old"),
        ("echo ngrok version 2.3.41", 0o700, "too old"),
        ("echo hello", 0o700, "does not answer as an ngrok agent"),
        ("exit 1", 0o700, "does not answer as an ngrok agent"),
        ("printf '\\377'", 0o700, "does not answer as an ngrok agent"),
        ("echo ngrok version 3.39.0", 0o600, "does not answer as an ngrok agent"),
        ("echo ngrok version 3.39.0; test $# = 1 || exec echo bad flag >&2", 0o700, "did not get ready"),
    ],
)
def test_a_program_that_cannot_serve_is_refused(bench: Bench, text: str, mode: int, sentence: str) -> None:
    program = script(bench.folder / "programs" / "ngrok", text, mode)
    with pytest.raises(TunnelError, match=sentence) as caught:
        bench.tunnel(ngrok_path=program).start(UPSTREAM)
    assert caught.value.failure == ("C22" if mode & 0o100 else "C26")  # which says: chmod +x


def test_what_a_failing_agent_prints_to_stderr_is_evidence(bench: Bench) -> None:
    program = script(
        bench.folder / "ngrok", "test $# != 1 || exec echo ngrok version 3.39.0; echo bad flag >&2"
    )
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(ngrok_path=program).start(UPSTREAM)
    assert "bad flag" in caught.value.evidence


AGENT = """
    test "$1" = --version && exec echo ngrok version 3.39.0
    echo 'lvl=info msg="starting web service" addr=127.0.0.1:PORT'
    echo 'msg="client session established"'
    echo 'msg="tunnel session started"'
    exec sleep 60"""


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nno JSON", b"HTTP/1.0 201 Created\r\n\r\n{}"]
)
def test_an_agent_that_answers_nonsense_is_refused(bench: Bench, said: bytes) -> None:
    api = Scripted(said)
    text = textwrap.dedent(AGENT).replace("PORT", api.url.rpartition(":")[2])
    made = bench.tunnel(ngrok_path=script(bench.folder / "ngrok", text))
    with pytest.raises(TunnelError, match="did not get ready") as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == "C22"
    api.close()


def test_pyngroks_own_command_is_not_taken_for_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "venv" / "ngrok", "from pyngrok.ngrok import main")
    real = script(tmp_path / "bin" / "ngrok", "echo ngrok version 3.39.0")
    monkeypatch.setenv("PATH", f"{tmp_path}/venv{os.pathsep}{os.pathsep}{tmp_path}/bin")
    assert ngrok_agent.find() == real
    monkeypatch.setenv("PYNGROK_NGROK_PATH", "/opt/ngrok")
    assert ngrok_agent.find() == Path("/opt/ngrok")


@pytest.mark.parametrize("said", [None, b"HTTP/1.1 403 Forbidden\r\n\r\n", b"nonsense\r\n\r\n"])
def test_a_failed_download_of_the_agent_is_e01(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, said: bytes | None
) -> None:
    proxy = Scripted(said) if said else None
    monkeypatch.setenv("https_proxy", proxy.url if proxy else "http://127.0.0.1:9")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("pyngrok.conf.DEFAULT_NGROK_PATH", str(bench.folder / "none"))
    monkeypatch.setattr(urllib.request, "_opener", None)
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(ngrok_path=None).start(UPSTREAM)
    assert caught.value.failure == "E01"
    assert caught.value.evidence
    if proxy:
        proxy.close()
