"""The public address: the real pyngrok against the stand-in agent, with everything that goes wrong."""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from helpers.core.errors import KitError, Stopped, TunnelError
from helpers.core.masking import Secret
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.tunnel import ngrok_agent, proof
from helpers.tunnel.ngrok import NgrokTunnel
from helpers.tunnel.own import BroughtTunnel
from helpers.tunnel.proof import confirm
from helpers.web.server import Answer, Server
from tests.support.asgi import AsgiServer

TOKEN = "2theAuthtokenThatNobodyMaySee_0001"
DOMAIN = "65e60559.ngrok-free.dev"
PUBLIC = f"https://{DOMAIN}"
UPSTREAM = "http://127.0.0.1:9"
HELLO, NONCE = "/hello", "the-nonce-of-this-very-server"


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
    return found


def processes_mentioning(folder: Path) -> list[str]:
    """Command lines of living processes; a zombie has none."""
    if not Path("/proc/self").exists():
        listing = subprocess.run(
            ["/bin/ps", "-ww", "-eo", "args="], capture_output=True, text=True, check=True
        )
        return [line for line in listing.stdout.splitlines() if str(folder) in line]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return [line for line in found if str(folder) in line]


class Scripted:
    """A server that says yes to every GET and ``said`` to the first other request, its last."""

    def __init__(self, said: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(said,))
        self._thread.start()

    def _run(self, said: bytes) -> None:
        asked = b"GET"
        while asked.startswith(b"GET"):
            sock, _ = self._listener.accept()
            with sock:
                asked = sock.recv(65536)
                sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n" if asked.startswith(b"GET") else said)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):  # closing on unread words would take back the answer
                    pass

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


class Bench:
    """Tunnels on one account; each state folder stands for a notebook server of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cloud = folder, Cloud().start()
        self.tunnels: list[NgrokTunnel] = []

    def install(self, **environment: str) -> Path:
        defaults = {"KIT_NGROK_CLOUD": self.cloud.address, "KIT_NGROK_DOMAIN": f"{DOMAIN},mine.ngrok.app"}
        return install_agent(self.folder / f"bin{len(self.tunnels)}", **defaults | environment)

    def tunnel(
        self, token: str = TOKEN, *, state: str = "state", fault: str = "", **options: Any
    ) -> NgrokTunnel:
        environment = options.pop("environment", {}) | {"KIT_NGROK_FAULT": fault}
        options.setdefault("ngrok_path", self.install(**environment))
        options.setdefault("patience", 0.3)
        made = NgrokTunnel(authtoken=Secret(token), state_dir=self.folder / state, **options)
        self.tunnels.append(made)
        return made

    def edge(self) -> str:
        return self.cloud.url

    def pid(self, state: str = "state") -> int | None:
        return ngrok_agent.leased_pid(self.folder / state)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for made in bench.tunnels:
        made.stop()
    bench.cloud.stop()
    until(lambda: not processes_mentioning(tmp_path))
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "ngrok"])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"host": DOMAIN}, trust_env=False) as client:
        yield client


@pytest.fixture
def upstream() -> Iterator[Server]:
    server = AsgiServer(Starlette(routes=[Route("/{path:path}", PlainTextResponse(NONCE))])).start()
    yield server
    server.stop()


# Starting and stopping


def test_a_start_leads_from_the_public_address_to_the_upstream(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    assert made.start(upstream.url) == PUBLIC
    assert made.alive
    assert client.get(bench.edge() + HELLO).text == NONCE
    made.stop()
    assert not made.alive
    assert not bench.cloud.sessions


def test_a_second_start_returns_the_running_tunnel(bench: Bench) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    pid = bench.pid()
    assert made.start(UPSTREAM) == PUBLIC
    assert bench.pid() == pid


def test_a_start_for_another_upstream_moves_the_tunnel(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    assert made.start(upstream.url) == PUBLIC
    assert client.get(bench.edge() + HELLO).text == NONCE


def test_an_interrupted_cell_leaves_a_running_tunnel_alone(bench: Bench) -> None:
    bench.tunnel().start(UPSTREAM)
    assert os.getpgid(bench.pid()) != os.getpgid(0), "Ctrl-C goes to a group of processes"


def test_a_domain_of_ones_own_is_asked_for(bench: Bench) -> None:
    assert bench.tunnel(domain="mine.ngrok.app").start(UPSTREAM) == "https://mine.ngrok.app"


def test_stopping_twice_or_before_a_start_does_nothing(bench: Bench) -> None:
    made = bench.tunnel()
    made.stop()
    made.start(UPSTREAM)
    made.stop()
    made.stop()
    assert not made.alive


def test_a_dead_agent_is_noticed_and_a_start_replaces_it(bench: Bench) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    os.kill(bench.pid(), signal.SIGKILL)
    until(lambda: not made.alive)
    assert made.start(UPSTREAM) == PUBLIC
    assert made.alive


def test_an_agent_that_dies_by_itself_is_noticed(bench: Bench) -> None:
    made = bench.tunnel(fault="dies")
    made.start(UPSTREAM)
    until(lambda: not made.alive)
    made.stop()


def test_the_log_keeps_flowing_so_that_the_agent_never_stands_still(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    made.start(upstream.url)
    for _ in range(700):  # more lines than a pipe holds
        assert client.get(bench.edge()).status_code == 200
    assert "join connections" in made.log[-1]
    assert len(made.log) == 100


# Refusals


@pytest.mark.parametrize(
    ("token", "failure"),
    [
        ("", "C01"),
        ("ngrok config add-authtoken 2abc", "C02"),
        ("too_short", "C02"),
        ("revoked_theAuthtokenThatNobodyMaySee", "C03"),
        ("limit_theAuthtokenThatNobodyMaySee", "C04"),
        ("old_theAuthtokenThatNobodyMaySee", "C12"),
    ],
)
def test_a_refused_token_is_named_and_never_repeated(
    bench: Bench,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    token: str,
    failure: str,
) -> None:
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(token).start(UPSTREAM)
    assert caught.value.failure == failure
    assert caught.value.__cause__ is caught.value.__context__ is None, "where pyngrok's text would hide"
    told = "".join([*caught.value._render_traceback_(), *capfd.readouterr(), caplog.text])
    assert not token or token not in told
    assert "ERROR:" not in told, "what the agent prints to stderr"


CODES = "C01 123 4018, C02 105, C03 107 300, C04 108, C05 3200, C06 3004 8012, C07 6024, C10 334, "
CODES += "C11 314 320 15013, C12 120 121, C14 9009, C16 9040, C17 725 727 734"
ROWS = [(row.split()[0], number) for row in CODES.split(", ") for number in row.split()[1:]]


@pytest.mark.parametrize(("failure", "number"), ROWS)
def test_an_ngrok_error_is_found_in_the_catalogue(failure: str, number: str) -> None:
    error = ngrok_agent.refusal(f"Some words.\\r\\n\\r\\nERR_NGROK_{number}\\r\\n")
    assert error.failure == failure
    assert error.evidence == f"Some words. ERR_NGROK_{number}"
    assert error.fix


def test_half_a_token_is_never_evidence() -> None:
    token = Secret(TOKEN)
    evidence = ngrok_agent.refusal(f"{'x' * 380} {token.reveal()} ERR_NGROK_105").evidence
    assert TOKEN[:4] not in evidence


def test_an_ngrok_error_that_nobody_has_explained_yet_leads_to_its_page(bench: Bench) -> None:
    with pytest.raises(TunnelError, match="ERR_NGROK_77777") as caught:
        bench.tunnel(fault="77777").start(UPSTREAM)
    assert caught.value.fix == ("Read https://ngrok.com/docs/errors/err_ngrok_77777",)


@pytest.mark.parametrize(
    ("domain", "environment", "failure"),
    [("elsewhere.ngrok.app", {}, "C11"), ("", {"KIT_NGROK_DOMAIN": ""}, "C11")],
)
def test_a_domain_of_another_account_is_refused(
    bench: Bench, domain: str, environment: dict[str, str], failure: str
) -> None:
    made = bench.tunnel(domain=domain, environment=environment)
    with pytest.raises(TunnelError) as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == failure
    assert not made.alive


def test_a_domain_in_use_is_refused_and_nothing_is_left_running(bench: Bench) -> None:
    bench.tunnel(state="colleague").start(UPSTREAM)
    made = bench.tunnel()
    with pytest.raises(TunnelError) as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == "C10"
    assert len(processes_mentioning(bench.folder)) == 1


def test_a_domain_that_becomes_free_meanwhile_is_waited_for(bench: Bench) -> None:
    holder, made = bench.tunnel(state="colleague"), bench.tunnel(patience=10)
    holder.start(UPSTREAM)

    def stop_when_refused() -> None:
        until(lambda: any("status=502" in line for line in made.log))
        holder.stop()

    helper = threading.Thread(target=stop_when_refused)
    helper.start()
    assert made.start(UPSTREAM) == PUBLIC
    helper.join()


def test_one_agent_too_many_is_refused(bench: Bench) -> None:
    only_one = {"KIT_NGROK_SESSIONS": "1"}
    bench.tunnel(state="colleague", environment=only_one).start(UPSTREAM)
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(environment=only_one).start(UPSTREAM)
    assert caught.value.failure == "C04"


@pytest.mark.parametrize(("fault", "seen"), [("offline", "no such host"), ("tls", "x509")])
def test_no_way_to_ngrok_is_told_from_a_refusal(bench: Bench, fault: str, seen: str) -> None:
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(fault=fault, deadline=2).start(UPSTREAM)
    assert caught.value.failure == "C15"
    assert seen in caught.value.evidence


@pytest.mark.parametrize("others", ["", "example.com"])
def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    others: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers the proxies of its first use
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", others)
    assert bench.tunnel().start(UPSTREAM) == PUBLIC
    assert urllib.request.proxy_bypass("example.com") is bool(others)
    assert not urllib.request.proxy_bypass("ngrok.com")


# Waiting


@pytest.mark.parametrize("fault", ["silent", "no-endpoints-api"])
def test_an_agent_that_never_gets_ready_is_given_up_and_ended(bench: Bench, fault: str) -> None:
    made = bench.tunnel(fault=fault, deadline=1)
    with pytest.raises(TunnelError, match="did not get ready") as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == "C22"
    assert processes_mentioning(bench.folder) == []
    made._ngrok_path, made._deadline = bench.install(), 30.0
    assert made.start(UPSTREAM) == PUBLIC, "pyngrok has been freed too"


def test_a_slow_agent_is_waited_for(bench: Bench) -> None:
    assert bench.tunnel(fault="slow").start(UPSTREAM) == PUBLIC


def test_a_start_can_be_cancelled(bench: Bench) -> None:
    made, cancelled = bench.tunnel(fault="silent"), threading.Event()

    def cancel() -> None:
        until(bench.pid)
        cancelled.set()

    helper = threading.Thread(target=cancel)
    helper.start()
    with pytest.raises(Stopped):
        made.start(UPSTREAM, cancelled)
    helper.join()
    assert processes_mentioning(bench.folder) == []


def test_a_start_cancelled_before_the_agent_runs_starts_none(bench: Bench) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped):
        bench.tunnel().start(UPSTREAM, cancelled)
    assert processes_mentioning(bench.folder) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As a kernel is while a cell runs, wherever it was started: a job in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupting_the_cell_ends_the_start(bench: Bench) -> None:
    ended = threading.Event()

    def interrupt() -> None:
        until(bench.pid)
        _thread.interrupt_main()
        while not ended.wait(8):  # Python loses one that falls into a finalizer; a person presses again
            _thread.interrupt_main()

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        bench.tunnel(fault="silent").start(UPSTREAM)
    ended.set()
    helper.join()
    assert processes_mentioning(bench.folder) == []


# One tunnel, several kernels

KERNEL = """
    import sys
    from pathlib import Path
    from helpers.core.masking import Secret
    from helpers.tunnel.ngrok import NgrokTunnel

    token, state, program, upstream = sys.argv[1:]
    tunnel = NgrokTunnel(authtoken=Secret(token), state_dir=Path(state), ngrok_path=Path(program))
    print(tunnel.start(upstream), flush=True)
    sys.stdin.readline()
    print(tunnel.alive)
    tunnel.stop()
"""


@pytest.fixture
def kernel(bench: Bench) -> Iterator[subprocess.Popen[str]]:
    """Another Python that holds a tunnel; a line on its stdin makes it tell whether it still does."""
    program = bench.install(KIT_NGROK_LINGER="3600")
    (bench.folder / "before").mkdir()
    command = [sys.executable, "-c", textwrap.dedent(KERNEL)]
    with subprocess.Popen(
        [*command, TOKEN, bench.folder / "state", program, UPSTREAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(proof.__file__).parents[2],
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{PUBLIC}\n"
        before = ngrok_agent.lease(bench.folder / "state").read_text()
        yield process
        process.kill()
    # Should a test have failed, the agent is still there.
    ngrok_agent.lease(bench.folder / "before").write_text(before)
    ngrok_agent.end_leased(bench.folder / "before", bench.folder / "state" / "ngrok.yml")


def test_the_agent_of_a_killed_kernel_ends_with_it(bench: Bench, kernel: subprocess.Popen[str]) -> None:
    """Nothing was tidied up, and this agent would linger for an hour."""
    assert processes_mentioning(bench.folder)
    kernel.kill()
    kernel.wait()
    until(lambda: not processes_mentioning(bench.folder))
    assert bench.tunnel().start(UPSTREAM) == PUBLIC
    assert len(processes_mentioning(bench.folder)) == 1


def test_the_agent_of_a_kernel_that_was_gone_before_it_ran_ends_at_once(tmp_path: Path) -> None:
    """The pipe has no other end any more: that is no reason to wait for one."""
    line = ngrok_agent.life_line(tmp_path)
    assert line is not None
    os.close(line)
    program = ngrok_agent.launcher(script(tmp_path / "ngrok", "exec sleep 3600"), tmp_path, DOMAIN)
    with subprocess.Popen([program]) as process:
        assert process.wait(10) == -signal.SIGTERM
    until(lambda: not processes_mentioning(tmp_path))


def test_a_line_in_the_pipe_lets_the_agent_go(tmp_path: Path) -> None:
    """Whoever has ended the agent himself must not have its number signalled later."""
    line = ngrok_agent.life_line(tmp_path)
    assert line is not None
    program = ngrok_agent.launcher(script(tmp_path / "ngrok", "echo up\nexec sleep 3600"), tmp_path, DOMAIN)
    with subprocess.Popen([program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        os.write(line, b"\n")
        os.close(line)
        until(lambda: not _is_read(tmp_path / "agent.life"))
        assert process.poll() is None
        process.kill()


def _is_read(pipe: Path) -> bool:
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def test_a_tunnel_that_another_process_holds_is_left_alone_and_its_holder_named(
    bench: Bench, kernel: subprocess.Popen[str]
) -> None:
    with pytest.raises(TunnelError, match=f"held open by your process {kernel.pid}") as held:
        bench.tunnel().start(UPSTREAM)
    assert held.value.failure is None
    assert held.value.fix
    told, _ = kernel.communicate("\n")
    assert told == "True\n"


def test_a_lease_whose_number_now_belongs_to_somebody_else_harms_nobody(bench: Bench) -> None:
    state = bench.folder / "state"
    state.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        ngrok_agent.lease(state).write_text(json.dumps({"pid": bystander.pid}))
        assert bench.tunnel().start(UPSTREAM) == PUBLIC
        assert bystander.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": null}'])
def test_a_damaged_lease_is_ignored(bench: Bench, text: str) -> None:
    state = bench.folder / "state"
    state.mkdir()
    ngrok_agent.lease(state).write_text(text)
    ngrok_agent.end_leased(state, state / "ngrok.yml")
    assert ngrok_agent.leased_pid(state) is None


# The authtoken


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


# Which agent


def script(path: Path, text: str, mode: int = 0o700) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


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
    assert caught.value.failure == "C22"


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


# Confirming


def test_confirm_recognises_our_own_server(bench: Bench, client: httpx.Client, upstream: Server) -> None:
    bench.tunnel().start(upstream.url)
    assert not confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM).interstitial


def test_confirm_sees_the_warning_page_even_if_this_client_has_clicked_it_away(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    bench.tunnel(fault="interstitial").start(upstream.url)
    client.cookies.set("abuse_interstitial", DOMAIN)
    seen = confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM)
    assert seen.interstitial
    assert "ERR_NGROK_6024" in seen.evidence


def test_confirm_finds_the_upstream_down(bench: Bench, client: httpx.Client) -> None:
    bench.tunnel().start(UPSTREAM)
    with pytest.raises(TunnelError) as caught:
        confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM)
    assert (caught.value.failure, UPSTREAM in caught.value.fix[0]) == ("C06", True)
    assert "nothing answers where it leads" in str(caught.value)


def code(number: int) -> dict[str, str]:
    return {"ngrok-error-code": f"ERR_NGROK_{number}"}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.Response(404, headers=code(3200), text="offline"), "C05"),
        (httpx.Response(404, text="<p>ERR_NGROK_3200</p>"), "C05"),
        (httpx.Response(502, headers=code(8012)), "C06"),
        (httpx.Response(502, headers=code(3004)), "C06"),
        (httpx.Response(530, headers=code(727)), "C17"),
        (httpx.Response(429, headers=code(734)), "C17"),
        (httpx.Response(402, headers=code(725)), "C17"),
        (httpx.Response(503, text="another tunnel's way to say it"), "C06"),
        (httpx.Response(530, text="error code: 1033"), "C23"),
        (httpx.Response(503, text="503 - Tunnel Unavailable"), "C23"),
        (httpx.Response(401, text="loca.lt Friendly Reminder. Tunnel Password:"), "C24"),
        (httpx.Response(302, headers={"location": "https://euw.tunnels.api.visualstudio.com/auth/x"}), "C24"),
        (httpx.Response(404, text="<title>No such app</title>"), "C25"),
        (httpx.Response(404, headers={"x-render-routing": "no-server"}), "C25"),
        (httpx.Response(200, text="Your new ngrok Cloud Endpoint!"), "C10"),
        (httpx.Response(200, text=f"<p>{NONCE}</p>"), "C10"),
        (httpx.Response(200, content=b"x" * 1_000_000), "C10"),
        (httpx.Response(200, content=b"\xff\xfe"), "C10"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "C10"),
        (httpx.RemoteProtocolError("illegal status line"), "C10"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "C05"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "C15"),
        (httpx.ReadTimeout("timed out"), "C05"),
        (httpx.DecodingError("not gzip"), "C05"),
    ],
)
def test_confirm_names_what_answers_instead(answer: httpx.Response | Exception, failure: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(transport=httpx.MockTransport(handler)) as http, pytest.raises(TunnelError) as caught:
        confirm(http, PUBLIC, HELLO, NONCE, UPSTREAM)
    assert caught.value.failure == failure
    assert len(caught.value.evidence) <= 400
    if failure == "C06":
        assert UPSTREAM in caught.value.fix[0]


def test_confirm_tells_a_tunnel_that_leads_straight_to_strapi(client: httpx.Client) -> None:
    strapi = Server(StrapiStandIn().app, names=lambda: {PUBLIC.removeprefix("https://")}).start()
    with pytest.raises(TunnelError, match="straight to Strapi") as caught:
        confirm(client, strapi.url, HELLO, NONCE, UPSTREAM)
    strapi.stop()
    assert (caught.value.failure, UPSTREAM in caught.value.fix[0]) == (None, True)


def test_confirm_tells_a_tunnel_that_asks_for_another_host(client: httpx.Client) -> None:
    async def app(_: object) -> Answer:
        return Answer(text=NONCE)

    gateway = Server(app).start()
    with pytest.raises(TunnelError, match="asks for another host") as caught:
        confirm(client, gateway.url, HELLO, NONCE, UPSTREAM)
    gateway.stop()
    assert (caught.value.failure, "localhost" in caught.value.fix[1]) == (None, True)


def test_confirm_notices_that_browsers_are_turned_away() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        browser = request.headers["user-agent"].startswith("Mozilla")
        return httpx.Response(403) if browser else httpx.Response(200, text=NONCE)

    with httpx.Client(transport=httpx.MockTransport(handler)) as http, pytest.raises(KitError) as caught:
        confirm(http, PUBLIC, HELLO, NONCE, UPSTREAM)
    assert caught.value.failure == "C09"


# A tunnel of one's own


def test_a_brought_tunnel_is_taken_at_its_word() -> None:
    brought = BroughtTunnel("https://mine.example/")
    assert not brought.alive
    assert brought.start(UPSTREAM) == brought.start() == "https://mine.example"
    assert brought.alive
    brought.stop()
    assert not brought.alive


def test_importing_the_tunnel_costs_no_pyngrok() -> None:
    question = "import sys, helpers.tunnel.proof; print('pyngrok' in sys.modules, 'yaml' in sys.modules)"
    root = Path(proof.__file__).parents[2]
    assert subprocess.check_output([sys.executable, "-c", question], cwd=root) == b"False False\n"
