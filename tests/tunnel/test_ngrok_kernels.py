"""One tunnel and several kernels: whose agent it is, and when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core.errors import TunnelError
from helpers.tunnel import ngrok_agent, ngrok_lease, proof
from tests.support.tunnels import (
    DOMAIN,
    PUBLIC,
    TOKEN,
    UPSTREAM,
    Bench,
    processes_mentioning,
    script,
    until,
)

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
        before = ngrok_lease.lease(bench.folder / "state").read_text()
        yield process
        process.kill()
    # Should a test have failed, the agent is still there.
    ngrok_lease.lease(bench.folder / "before").write_text(before)
    ngrok_lease.end_leased(bench.folder / "before", bench.folder / "state" / "ngrok.yml")


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
    line = ngrok_lease.life_line(tmp_path)
    assert line is not None
    os.close(line)
    program = ngrok_agent.launcher(script(tmp_path / "ngrok", "exec sleep 3600"), tmp_path, DOMAIN)
    with subprocess.Popen([program]) as process:
        assert process.wait(10) == -signal.SIGTERM
    until(lambda: not processes_mentioning(tmp_path))


def test_a_line_in_the_pipe_lets_the_agent_go(tmp_path: Path) -> None:
    """Whoever has ended the agent himself must not have its number signalled later."""
    line = ngrok_lease.life_line(tmp_path)
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
        ngrok_lease.lease(state).write_text(json.dumps({"pid": bystander.pid}))
        assert bench.tunnel().start(UPSTREAM) == PUBLIC
        assert bystander.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": null}'])
def test_a_damaged_lease_is_ignored(bench: Bench, text: str) -> None:
    state = bench.folder / "state"
    state.mkdir()
    ngrok_lease.lease(state).write_text(text)
    ngrok_lease.end_leased(state, state / "ngrok.yml")
    assert ngrok_lease.leased_pid(state) is None
