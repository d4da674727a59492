"""The ngrok agent as a program: found or downloaded, launched with no secret in sight, ended by its lease."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from helpers import failures
from helpers.core.errors import TunnelError
from helpers.core.masking import redact
from helpers.failures import known

OLDEST = (3, 30)  # the first with /api/endpoints: https://ngrok.com/docs/agent/changelog/
_ENDING_PATIENCE = 3.0  # seconds after each signal
_MOST_EVIDENCE = 400  # characters


def find() -> Path | None:
    """The agent this machine has: ``PYNGROK_NGROK_PATH``, one on the PATH, or pyngrok's earlier download."""
    if named := os.environ.get("PYNGROK_NGROK_PATH"):
        return Path(named)
    from pyngrok.conf import DEFAULT_NGROK_PATH

    folders = filter(None, os.environ.get("PATH", "").split(os.pathsep))
    found = [shutil.which("ngrok", path=folder) for folder in folders]
    if os.path.exists(DEFAULT_NGROK_PATH):
        found.append(DEFAULT_NGROK_PATH)
    return next((Path(path) for path in found if path and not _is_pyngrok(Path(path))), None)


def _is_pyngrok(path: Path) -> bool:
    """Installing pyngrok puts a command named ``ngrok`` on the PATH that is not the agent."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        start = file.read(4096)
        file.seek(max(0, path.stat().st_size - 4096))  # where Windows' launchers keep their script
        return b"pyngrok" in start + file.read()
    return False  # it may be run but not read: no script, then


def download(folder: Path) -> Path:
    """ngrok's current agent, in ``folder``; a second call finds it there.

    Raises:
        PyngrokNgrokInstallError: it could not be fetched or unpacked.
    """
    from pyngrok import installer

    path: Path = folder / installer.get_ngrok_bin()
    if not path.exists():
        draft = folder / "download" / path.name
        # pyngrok reports its progress on stdout, which belongs to whoever asked for JSON.
        with contextlib.redirect_stdout(sys.stderr):
            installer.install_ngrok(str(draft))
        draft.replace(path)
        shutil.rmtree(draft.parent)
    return path


def require_version(program: Path) -> None:
    """An older agent would hang: pyngrok waits for an API it does not have."""
    said = problem = ""
    try:
        done = subprocess.run(  # noqa: S603 - the reader's own ngrok
            [program, "--version"], env=_quiet_environment(), capture_output=True, timeout=10, check=False
        )
        said = done.stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError) as error:
        problem = str(error)
    version = re.search(r"version (\d+)\.(\d+)", said)
    if not version:
        evidence = shown(said or problem)
        raise TunnelError(
            f"{program} does not answer as an ngrok agent does",
            failure=known.AGENT_DOES_NOT_START,
            evidence=evidence,
        )
    if (int(version[1]), int(version[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise TunnelError(
            f"The ngrok agent at {program} is too old: the kit needs {wanted} or newer",
            failure=known.AGENT_DOES_NOT_START,
            evidence=shown(said),
        )


# All that the agent may know of this process's environment: where it is at home, and its way out.
_KEPT = re.compile(
    r"(?i)PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy"
    r"|SYSTEMROOT|SYSTEMDRIVE|USERPROFILE|APPDATA|LOCALAPPDATA|PATHEXT|COMSPEC"
)


def _quiet_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}


def _unwanted() -> str:
    """The other names, as far as a shell can take them back."""
    return " ".join(name for name in os.environ if name.isidentifier() and not _KEPT.fullmatch(name))


def lease(state_dir: Path) -> Path:
    return state_dir / "agent.json"


def life_line(state_dir: Path) -> int | None:
    """A pipe that only this process holds: its reader sees this process's end, even by SIGKILL."""
    if os.name == "nt":
        return None
    path = _life_line(state_dir)
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR)


def _life_line(state_dir: Path) -> Path:
    return state_dir / "agent.life"


def launcher(program: Path, state_dir: Path, domain: str, upstream: str = "") -> Path:
    """What pyngrok shall start in the agent's place, so that nothing must be changed in this process.

    It empties the environment of what is none of the agent's business, writes the lease before the agent can
    say or do anything, and sends what the agent prints to stderr, token included, to its log instead of the
    notebook. Beside the agent it leaves a shell that ends it when the :func:`life_line` breaks; a line
    through it lets go. Windows has no such door: there the agent is started directly and leaves no lease.
    """
    if os.name == "nt":
        return program
    known = {"domain": domain, "upstream": upstream, "kernel": os.getpid()}
    facts = shlex.quote(json.dumps(known)[:-1] + ', "pid": ')
    line = shlex.quote(str(_life_line(state_dir)))
    text = (
        f"#!/bin/sh\nunset {_unwanted()} _\numask 077\n"
        f"printf '%s%s}}\\n' {facts} $$ > {shlex.quote(str(lease(state_dir)))}\n"
        # Opened for both first: opening for reading alone would wait for a kernel that is gone already.
        f"exec 3<>{line} 4<{line} 3>&-\nsh -c 'read _ || kill $0' $$ <&4 4<&- > /dev/null 2>&1 &\nexec 4<&-\n"
        f'exec {shlex.quote(str(program))} "$@" 2>&1\n'
    )
    path = state_dir / "ngrok-agent"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o700)
    return path


class Lease(NamedTuple):
    """An agent, the process that started it, and the address on this machine to which it leads."""

    pid: int
    kernel: int
    upstream: str


def leased(state_dir: Path) -> Lease | None:
    """What the lease says; whether anything of it still runs is another question."""
    try:
        facts = json.loads(lease(state_dir).read_text(encoding="utf-8"))
        return Lease(int(facts["pid"]), int(facts.get("kernel", 0)), str(facts.get("upstream", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def leased_pid(state_dir: Path) -> int | None:
    found = leased(state_dir)
    return found.pid if found else None


def held_elsewhere(state_dir: Path, config: Path) -> Lease | None:
    """The lease of an agent that runs for another process of this user's that runs, too."""
    found = leased(state_dir)
    if found is None or found.kernel in (0, os.getpid()):
        return None
    return found if str(config) in _arguments(found.pid) and runs(found.kernel) else None


def runs(pid: int) -> bool:
    return pid > 0 and bool(_arguments(pid))


def end_leased(state_dir: Path, config: Path) -> None:
    """End the agent named by the lease, if that process is still one that was started with ``config``."""
    pid = leased_pid(state_dir)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + _ENDING_PATIENCE
        with contextlib.suppress(OSError):
            if str(config) in _arguments(pid):
                os.kill(pid, number)
        while str(config) in _arguments(pid) and time.monotonic() < until:
            time.sleep(0.01)
    lease(state_dir).unlink(missing_ok=True)


def _arguments(pid: int) -> str:
    """A running process's command line; psutil would be a dependency for this one question."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        return ""
    command = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_ENDING_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def refusal(text: str) -> TunnelError:
    """The catalogue's name for what ngrok said, by its error number or, without one, by its words."""
    if code := re.search(r"ERR_NGROK_(\d+)", text):
        entries = (entry for entry in failures.all_failures().values() if entry.id[0] == "C")
        id_ = next((entry.id for entry in entries if entry.found_in(code[0])), None)
        if id_:
            return TunnelError.of(id_, shown(text))
        page = f"https://ngrok.com/docs/errors/{code[0].lower()}"
        return TunnelError(f"ngrok refused with {code[0]}", evidence=shown(text), fix=[f"Read {page}"])
    if re.search(r"x509|tls:|certificate", text):
        return TunnelError.of(known.FIREWALL_BEFORE_NGROK, shown(text))
    if re.search(r"dial tcp|no such host|failed to reconnect", text):
        return TunnelError(
            "The ngrok agent cannot reach ngrok", failure=known.FIREWALL_BEFORE_NGROK, evidence=shown(text)
        )
    return TunnelError(
        "The ngrok agent did not get ready", failure=known.AGENT_DOES_NOT_START, evidence=shown(text)
    )


def shown(text: str) -> str:
    """One short line, redacted before it is cut: half a token is still half a secret."""
    line = " ".join(re.sub(r"\\[rn]", " ", redact(text)).split())
    return line if len(line) <= _MOST_EVIDENCE else line[: _MOST_EVIDENCE - 1] + "…"
