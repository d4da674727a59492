"""The ngrok agent as a program: found or downloaded, and launched with no secret in sight."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.core.errors import TunnelError
from helpers.failures import known
from helpers.tunnel import ngrok_lease, ngrok_refusals

OLDEST = (3, 30)  # the first with /api/endpoints: https://ngrok.com/docs/agent/changelog/


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
    failure = known.AGENT_DOES_NOT_START
    try:
        done = subprocess.run(  # noqa: S603 - the reader's own ngrok
            [program, "--version"], env=_quiet_environment(), capture_output=True, timeout=10, check=False
        )
        said = done.stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError) as error:
        problem = str(error)
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            failure = known.AGENT_CANNOT_RUN_HERE
    version = re.search(r"version (\d+)\.(\d+)", said)
    if not version:
        evidence = ngrok_refusals.shown(said or problem)
        raise TunnelError(
            f"{program} does not answer as an ngrok agent does",
            failure=failure,
            evidence=evidence,
        )
    if (int(version[1]), int(version[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise TunnelError(
            f"The ngrok agent at {program} is too old: the kit needs {wanted} or newer",
            failure=known.AGENT_DOES_NOT_START,
            evidence=ngrok_refusals.shown(said),
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


def launcher(program: Path, state_dir: Path, domain: str, upstream: str = "") -> Path:
    """What pyngrok shall start in the agent's place, so that nothing must be changed in this process.

    It empties the environment of what is none of the agent's business, writes the lease before the agent can
    say or do anything, and sends what the agent prints to stderr, token included, to its log instead of the
    notebook. Beside the agent it leaves a shell that ends it when the life line of the lease breaks; a line
    through that lets go. Windows has no such pipe: there the agent is started directly and leaves no lease.
    """
    if os.name == "nt":
        return program
    known = {"domain": domain, "upstream": upstream, "kernel": os.getpid()}
    facts = shlex.quote(json.dumps(known)[:-1] + ', "pid": ')
    line = shlex.quote(str(ngrok_lease.life_line_path(state_dir)))
    text = (
        f"#!/bin/sh\nunset {_unwanted()} _\numask 077\n"
        f"printf '%s%s}}\\n' {facts} $$ > {shlex.quote(str(ngrok_lease.lease(state_dir)))}\n"
        # Opened for both first: opening for reading alone would wait for a kernel that is gone already.
        f"exec 3<>{line} 4<{line} 3>&-\nsh -c 'read _ || kill $0' $$ <&4 4<&- > /dev/null 2>&1 &\nexec 4<&-\n"
        f'exec {shlex.quote(str(program))} "$@" 2>&1\n'
    )
    path = state_dir / "ngrok-agent"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o700)
    return path
