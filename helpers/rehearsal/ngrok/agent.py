"""A stand-in for the ngrok agent, run by the unchanged pyngrok; nothing it does leaves this machine.

"The cloud" is the folder ``KIT_NGROK_CLOUD``: one ``<host>.json`` per online address, whose ``port`` is where
its public side listens for plain HTTP, and one ``session-<pid>.json`` per agent, so that two agents meet the
limits of a real account. Further environment:

    KIT_NGROK_DOMAIN    the account's domains; the first is used when no URL is asked for
    KIT_NGROK_SESSIONS  how many agents the account may run (3)
    KIT_NGROK_VERSION   what ``--version`` says
    KIT_NGROK_LINGER    seconds an orphan lives on, as a quiet real one does (5)
    KIT_NGROK_FAULT     comma list of: offline tls silent slow dies no-endpoints-api interstitial
                        quota programs-only (a policy of the account keeps browsers out),
                        or the number of an error that refuses the session (9040)

Authtokens that begin with ``revoked``, ``limit`` or ``old`` are refused, and so are those that are not at
least 20 letters, digits, ``_`` or ``-``; all addresses but its own belong to another account.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any, NoReturn

from helpers.rehearsal.ngrok.log import fail, log


def main(arguments: list[str]) -> None:
    version = os.environ.get("KIT_NGROK_VERSION", "3.39.10")
    words, options = _parse(arguments)
    match words:
        case ["start"]:
            _start(options, version)
        case ["config", "add-authtoken", token]:
            _add_authtoken(options["config"], token)
        case ["config", "check"]:
            _read(options["config"])
            print(f"Valid configuration file at {options['config']}")
        case ["version"] | [] if words or "version" in options:
            print(f"ngrok version {version}")
        case _:
            sys.exit(f"ERROR:  unknown command: {' '.join(words)}")


def _parse(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    words, options, rest = [], {}, iter(arguments)
    for argument in rest:
        name, has_value, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--"):
            words.append(argument)
        elif name in ("none", "version") or has_value:
            options[name] = value
        else:
            options[name] = next(rest, "")
    return words, options


def _read(path: str) -> dict[str, Any]:
    """JSON is YAML too, and what the kit writes needs no more."""
    with suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
        return dict(json.load(file))
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            config: dict[str, Any] = yaml.safe_load(file) or {}
    except (OSError, yaml.YAMLError) as error:
        sys.exit(f"ERROR:  Error reading configuration file '{path}': {error}")
    return config


def _add_authtoken(path: str, token: str) -> None:
    import yaml

    config: dict[str, Any] = _read(path) if os.path.exists(path) else {"version": "3"}
    section: dict[str, Any] = config if str(config.get("version")) == "2" else config.setdefault("agent", {})
    section["authtoken"] = token
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)
    print(f"Authtoken saved to configuration file: {path}")


def _start(options: dict[str, str], version: str) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    faults = set(os.environ.get("KIT_NGROK_FAULT", "").split(","))
    if "silent" in faults:
        _wait_for_orphanhood()
        return
    log("info", "open config file", path=options.get("config", ""), err="nil")
    # Only now, because what pyngrok waits for is the first line.
    from helpers.rehearsal.ngrok.account import Cloud
    from helpers.rehearsal.ngrok.local_api import Api

    config = _read(options["config"]) if "config" in options else {}
    section = config.get("agent", {}) if str(config.get("version")) == "3" else config
    token = options.get("authtoken") or str(section.get("authtoken", ""))
    cloud = Cloud(os.environ["KIT_NGROK_CLOUD"], token)
    code = 0
    try:
        _connect(cloud, Api(cloud, version, faults), section.get("web_addr", ""), faults)
        _wait_for_orphanhood()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        cloud.free()
    os._exit(code)  # conversations still under way have no say in it


def _leave(*_: object) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt going offline
    sys.exit(0)


def _connect(cloud: Any, api: Any, web_addr: str, faults: set[str]) -> None:
    from helpers.rehearsal.ngrok.account import UNREACHABLE

    try:
        port = api.open(web_addr)
    except OSError as error:
        fail(f"listen tcp {web_addr}: bind: {error.strerror}")
    while lost := [text for name, text in UNREACHABLE.items() if name in faults]:
        log("eror", "failed to reconnect session", obj="tunnels.session", err=lost[0])
        time.sleep(0.25)
    if "slow" in faults:
        time.sleep(0.5)
    if code := next(filter(str.isdigit, faults), "") or cloud.refuses_session(port):
        fail(f"authentication failed: {cloud.sentence(code)}")
    log("info", "client session established", obj="tunnels.session")
    log("info", "tunnel session started", obj="tunnels.session")


def _wait_for_orphanhood() -> None:
    """Come back some time after nobody is left to read the log; signals end the wait by SystemExit."""
    if not hasattr(select, "poll"):
        threading.Event().wait()
    woken, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)  # else a signal that comes just before the wait would not end it
    readers = select.poll()
    readers.register(woken, select.POLLIN)
    readers.register(1, 0)  # nothing but the far end's closing is reported
    readers.poll()
    time.sleep(float(os.environ.get("KIT_NGROK_LINGER", "5")))
