"""A stand-in for the ngrok agent, run by the unchanged pyngrok; nothing it does leaves this machine.

It has arguments, a configuration and a log. All else, the account, the local API and the way of a request,
is in the kit's process, at the loopback port ``KIT_NGROK_CLOUD``: one connection, which says what to log and
learns by its end that the agent is gone, however it ended. What that process is told of the environment:

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
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

from helpers.rehearsal.ngrok.log import fail, log

_PIECE = 65536
_GOODBYE = 3.0  # seconds for the cloud to let us go


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
    woken, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())  # else a signal that comes just before a wait would not end it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    if "silent" in os.environ.get("KIT_NGROK_FAULT", "").split(","):
        list(_pieces(woken, None))
        return
    log("info", "open config file", path=options.get("config", ""), err="nil")
    config = _read(options["config"]) if "config" in options else {}
    section = config.get("agent", {}) if str(config.get("version")) == "3" else config
    token = options.get("authtoken") or str(section.get("authtoken", ""))
    told = {name: value for name, value in os.environ.items() if name.startswith("KIT_NGROK_")}
    told |= {"token": token, "web_addr": section.get("web_addr", ""), "version": version}
    with suppress(OSError), socket.create_connection(("127.0.0.1", int(told["KIT_NGROK_CLOUD"]))) as cloud:
        try:
            cloud.sendall(json.dumps(told).encode() + b"\n")
            _obey(cloud, woken)
        finally:
            cloud.shutdown(socket.SHUT_WR)
            cloud.settimeout(_GOODBYE)
            while cloud.recv(_PIECE):  # until all that was ours is free again
                pass


def _leave(*_: object) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt going offline
    sys.exit(0)


def _obey(cloud: socket.socket, woken: socket.socket) -> None:
    said = b""
    for piece in _pieces(woken, cloud):
        *lines, said = (said + piece).split(b"\n")
        for line in lines:
            match json.loads(line):
                case ["log", level, message, facts]:
                    log(level, message, **facts)
                    cloud.sendall(b".")  # a log that nobody reads stops everything, as with the real one
                case ["fail", reason]:
                    fail(reason)
                case ["die"]:
                    os._exit(1)


def _pieces(woken: socket.socket, cloud: socket.socket | None) -> Iterator[bytes]:
    """What the cloud says, until it ends, a signal comes, or nobody is left to read the log."""
    watched: list[Any] = [woken, *([cloud] if cloud else [])]
    if not hasattr(select, "poll"):  # then nothing tells of orphanhood either
        while True:
            readable = select.select(watched, [], [])[0]
            if woken in readable or cloud is None or not (piece := cloud.recv(_PIECE)):
                return
            yield piece
    poll, until = select.poll(), 0.0
    for each in watched:
        poll.register(each, select.POLLIN)
    poll.register(1, 0)  # nothing but the far end's closing is reported
    while True:
        ready = {
            number for number, _ in poll.poll(max(0, until - time.monotonic()) * 1000 if until else None)
        }
        if 1 in ready:
            poll.unregister(1)
            until = time.monotonic() + float(os.environ.get("KIT_NGROK_LINGER", "5"))
        if woken.fileno() in ready or (until and time.monotonic() >= until):
            return
        if cloud and cloud.fileno() in ready:
            if not (piece := cloud.recv(_PIECE)):
                return
            yield piece
