"""Start and stop the workshop's hub; what ``make -C workshop start`` and ``stop`` call."""

from __future__ import annotations

import argparse
import compileall
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
_START, _STOP = 60.0, 30.0  # seconds
_GRACE = 5.0  # seconds for a kernel whose server has ended


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
    {"start": start, "stop": stop, "remove": remove}[arguments.command](arguments)


def start(arguments: argparse.Namespace) -> None:
    # The attendees cannot write here, nor read what a kit of root's own has left; without this each of their
    # kernels would compile everything itself.
    os.umask(0o022)
    compileall.compile_dir(HERE.parent / "helpers", quiet=1, force=True)
    os.umask(0o077)  # all that is written here is the facilitator's alone
    state = arguments.state.resolve()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if running(state):
        sys.exit("The hub is running already: make -C workshop stop ends it.")
    _warn(arguments)
    cards = write_cards(state / "cards.tsv", arguments.name, arguments.attendees)
    _refuse_other_peoples_names(read_cards(cards), comment(state))
    scheme = "https" if arguments.cert else "http"
    url = f"{scheme}://{arguments.address}:{arguments.port}/"
    given = os.environ | {
        "WORKSHOP_STATE": str(state),
        "WORKSHOP_URL": url,
        "WORKSHOP_HOST": f"{arguments.name}-host",
        "WORKSHOP_CERT": arguments.cert,
        "WORKSHOP_KEY": arguments.key,
        "WORKSHOP_COMMENT": comment(state),
        "WORKSHOP_PROXY": _proxy(),
    }
    config = os.environ.get("WORKSHOP_CONFIG", str(HERE / "jupyterhub_config.py"))
    with (state / "hub.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", config],
            cwd=state, env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (state / "hub.pid").write_text(str(process.pid), encoding="ascii")
    _wait_until_up(url, process, state / "hub.log")
    print(f"The hub is at {url}\nThe cards to hand out: {cards}\nThe board: {url}services/board/")


def _warn(arguments: argparse.Namespace) -> None:
    if os.geteuid() != 0:
        print("Not started as root: all attendees share YOUR account, and can read each other's files.")
        print("That is for trying it out. For a workshop start it as root, where nothing else is kept.\n")
    elif closed := next((path for path in (HERE, *HERE.parents) if not path.stat().st_mode & 0o001), None):
        sys.exit(
            f"{closed} is closed to the attendees: clone the repository to /opt/instagram-login instead."
        )
    elif not _runs_for_others():
        sys.exit(f"{sys.executable} is closed to the attendees: run make with PYTHON=/usr/bin/python3.")
    if arguments.address != "127.0.0.1" and not arguments.cert:
        print("Without CERT and KEY passwords cross the room unencrypted.\n")


def _runs_for_others() -> bool:
    """A Python in somebody's home folder does not."""
    path = Path(sys.executable).resolve()
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def _proxy() -> str:
    """Beside this Python, where make puts it, or wherever the machine has it."""
    beside = Path(sys.prefix) / "node_modules" / ".bin" / "configurable-http-proxy"
    found = str(beside) if beside.exists() else shutil.which(beside.name)
    return found or sys.exit("There is no configurable-http-proxy: install it with npm, or use make.")


def comment(state: Path) -> str:
    """By which the Unix users that a start has created are known again."""
    return f"workshop {state}"


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
    asked = url.replace("0.0.0.0", "127.0.0.1") + "hub/health"  # noqa: S104 - the opposite of listening there
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"The hub ended at once. The end of {log}:\n{_end_of(log)}")
        try:
            urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310 - our own address
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


def running(state: Path) -> int | None:
    """The hub's process, if that number is still one that runs a hub."""
    try:
        pid = int((state / "hub.pid").read_text(encoding="ascii"))
        os.kill(pid, 0)
        arguments = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    except (OSError, ValueError):
        return None
    return pid if "jupyterhub" in arguments else None


def stop(arguments: argparse.Namespace) -> None:
    """End the hub, the proxy, the board and every attendee's server and kernels."""
    pid = running(arguments.state.resolve())
    if pid is None:
        print("No hub is running.")
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP
    while running(arguments.state.resolve()):
        if time.monotonic() > until:
            sys.exit(f"The hub (process {pid}) does not end. Read the end of {arguments.state / 'hub.log'}")
        time.sleep(0.1)
    (arguments.state / "hub.pid").unlink()
    _end_the_rest([user.pw_name for user in accounts(arguments.state.resolve())])
    print("Stopped. The attendees' files are still there: make -C workshop remove deletes them.")


def accounts(state: Path) -> list[pwd.struct_passwd]:
    """The users that a start has created; none unless it was root's."""
    return [user for user in pwd.getpwall() if os.geteuid() == 0 and user.pw_gecos == comment(state)]


def _end_the_rest(names: list[str]) -> None:
    """A kernel may outlive its server, by moments or for good; these accounts exist for nothing else."""
    until = time.monotonic() + _GRACE
    for name in names:
        while subprocess.run(["pgrep", "-u", name], stdout=subprocess.DEVNULL, check=False).returncode == 0:
            if time.monotonic() > until:
                subprocess.run(["pkill", "-KILL", "-u", name], check=False)
            time.sleep(0.1)


def remove(arguments: argparse.Namespace) -> None:
    """Delete the users that a start has created, with their home folders, and the passwords."""
    stop(arguments)
    state = arguments.state.resolve()
    for user in accounts(state):
        subprocess.run(["userdel", "--remove", user.pw_name], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", str(state)], check=True)
    print("Removed: the attendees' accounts, home folders and passwords.")


if __name__ == "__main__":
    main()
