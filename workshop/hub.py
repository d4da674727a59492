"""Start and stop the workshop's hub; what ``make -C workshop start`` and ``stop`` call.

Not a JupyterHub in the foreground: it would end twenty people's work with the facilitator's terminal. And
what is left of a crashed hub would still have to be found and ended, which is most of ``ending.py``.
"""

from __future__ import annotations

import argparse
import compileall
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

import ending
from open_python import is_open

HERE = Path(__file__).resolve().parent
_START = 60.0  # seconds
_ALL_OF_THE_MACHINE = "0.0.0.0"  # noqa: S104 - listened to only when asked for
_UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("start", "stop", "remove"))
    parser.add_argument("--attendees", type=int, default=20, help="how many cards (default: 20)")
    parser.add_argument("--name", default="attendee", help="what their names begin with (default: attendee)")
    parser.add_argument(
        "--address", default="127.0.0.1", help="where to listen; 0.0.0.0 is for the whole room"
    )
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--cert", default="", help="a TLS certificate, with --key")
    parser.add_argument("--key", default="")
    parser.add_argument(
        "--state", type=Path, default=HERE / ".state", help="where passwords and the log are kept"
    )
    arguments = parser.parse_args()
    state = arguments.state.resolve()
    ending.refuse_somebody_elses(state)
    if arguments.command == "start":
        start(arguments, state)
    else:
        {"stop": ending.stop, "remove": ending.remove}[arguments.command](state)


def start(arguments: argparse.Namespace, state: Path) -> None:
    if ending.running(state):
        sys.exit("The hub is running already: make -C workshop stop ends it.")
    _warn(arguments)
    # The attendees cannot write here, nor read what a kit of root's own has left; without this each of their
    # kernels would compile everything itself.
    os.umask(0o022)
    compileall.compile_dir(HERE.parent / "helpers", quiet=2, force=True)
    os.umask(0o077)  # all that is written here is the facilitator's alone
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending.end_leftovers(state)
    cards = write_cards(state / "cards.tsv", arguments.name, arguments.attendees)
    _refuse_other_peoples_names(read_cards(cards), ending.comment(state))
    scheme = "https" if arguments.cert else "http"
    url = f"{scheme}://{arguments.address}:{arguments.port}/"
    process = _run_hub(arguments, state, url)
    _wait_until_up(url.replace(_ALL_OF_THE_MACHINE, "127.0.0.1"), process, state / "hub.log")
    typed = url.replace(_ALL_OF_THE_MACHINE, socket.gethostname())
    print(f"The hub is at {typed}\nThe cards to hand out: {cards}\nThe board: {typed}services/board/")


def _run_hub(arguments: argparse.Namespace, state: Path, url: str) -> subprocess.Popen[bytes]:
    given = os.environ | {
        "WORKSHOP_STATE": str(state),
        "WORKSHOP_URL": url,
        "WORKSHOP_HOST": f"{arguments.name}-host",
        "WORKSHOP_CERT": arguments.cert,
        "WORKSHOP_KEY": arguments.key,
        "WORKSHOP_COMMENT": ending.comment(state),
        "WORKSHOP_PORTS": " ".join(map(str, ports(state / "ports"))),
        "WORKSHOP_PROXY": _proxy(),
    }
    config = os.environ.get("WORKSHOP_CONFIG", str(HERE / "jupyterhub_config.py"))
    with (state / "hub.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", config],
            cwd=state, env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (state / "hub.pid").write_text(str(process.pid), encoding="ascii")
    return process


def _warn(arguments: argparse.Namespace) -> None:
    if os.geteuid() != 0:
        print("Not started as root: all attendees share YOUR account, and can read each other's files.")
        print("That is for trying it out. For a workshop start it as root, where nothing else is kept.\n")
    elif closed := next((path for path in (HERE, *HERE.parents) if not path.stat().st_mode & 0o001), None):
        sys.exit(
            f"{closed} is closed to the attendees: clone the repository to /opt/instagram-login instead."
        )
    elif not (is_open(sys.executable) and is_open(sys.prefix)):
        sys.exit(
            f"{sys.executable} is closed to the attendees: delete {sys.prefix} and run make start again."
        )
    elif _UNPRIVILEGED.exists() and int(_UNPRIVILEGED.read_text(encoding="ascii")) < 1024:
        print("Here every user may listen below port 1024, and could take the place of a hub that has ended.")
        print("sysctl -w net.ipv4.ip_unprivileged_port_start=1024 keeps those ports for root.\n")
    if arguments.address != "127.0.0.1" and not arguments.cert:
        print("Without CERT and KEY passwords cross the room unencrypted.\n")


def ports(kept: Path) -> list[int]:
    """Of the hub, the board, and the proxy's own side; kept, because running kernels know them.

    Root's are below 1024: no attendee can listen there in the place of a hub that has crashed.
    """
    before = [int(port) for port in kept.read_text(encoding="ascii").split()] if kept.exists() else []
    found = _free(before)
    if len(found) < 3:
        reserved = secrets.SystemRandom().sample(range(600, 1024), 424)
        found = _free(reserved if os.geteuid() == 0 else [0, 0, 0])
    kept.write_text(" ".join(map(str, found)), encoding="ascii")
    return found


def _free(candidates: Iterable[int]) -> list[int]:
    """The first three of them that nobody has; 0 stands for any."""
    found: list[int] = []
    with ExitStack() as held:
        for port in candidates:
            with suppress(OSError):
                listener = held.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(listener.getsockname()[1])
            if len(found) == 3:
                break
    return found


def _proxy() -> str:
    """Beside this Python, where make puts it, or wherever the machine has it."""
    beside = Path(sys.prefix) / "node_modules" / ".bin" / "configurable-http-proxy"
    found = str(beside) if beside.exists() else shutil.which(beside.name)
    return found or sys.exit("There is no configurable-http-proxy: install it with npm, or use make.")


def _refuse_other_peoples_names(cards: dict[str, str], ours: str) -> None:
    taken = [user.pw_name for user in pwd.getpwall() if user.pw_name in cards and user.pw_gecos != ours]
    if taken and os.geteuid() == 0:
        sys.exit(f"This machine has a user {taken[0]} already: choose other names, such as NAME=guest.")


def read_cards(path: Path) -> dict[str, str]:
    return dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())


def write_cards(path: Path, name: str, attendees: int) -> Path:
    """Keeps the passwords of an earlier start; readable by its owner alone."""
    path.touch(mode=0o600)
    known = read_cards(path)
    width = max(2, len(str(attendees)))
    for who in (f"{name}-host", *(f"{name}-{number:0{width}}" for number in range(1, attendees + 1))):
        known.setdefault(who, secrets.token_urlsafe(9))
    path.write_text("".join(f"{who}\t{word}\n" for who, word in known.items()), encoding="utf-8")
    return path


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # a proxy leads out, not to us
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"The hub ended at once. The end of {log}:\n{_end_of(log)}")
        try:
            ask(url + "hub/health", timeout=5).close()
            return
        except urllib.error.HTTPError:
            pass  # the proxy answers, the hub not yet
        except urllib.error.URLError as error:
            if "certificate" in str(error).lower():
                return  # one that only the room's browsers know
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"The hub does not answer at {url}. The end of {log}:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    main()
