"""Whatever hangs, lies or never ends: the doctor comes to an end, and says something that is true."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from helpers.core import settings
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, PASSED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.strapi.rate_limits import PoliteStrapi

AT_MOST = 15.0  # seconds, promised whatever happens

Conduct = Callable[[socket.socket, threading.Event], None]


def says_nothing(_: socket.socket, over: threading.Event) -> None:
    over.wait(60)


def hangs_up(_: socket.socket, __: threading.Event) -> None:
    pass


def talks_nonsense(connection: socket.socket, _: threading.Event) -> None:
    connection.sendall(b"\x16\x03\x01 certainly not HTTP\r\n\r\n")


def answers_html(connection: socket.socket, _: threading.Event) -> None:
    body = b"<!doctype html><title>Welcome to nginx</title>"
    connection.sendall(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n" % len(body)
    )
    connection.sendall(body)


def never_ends(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while not over.wait(0.01):
        connection.sendall(b'{"data":' * 100)


def drips_its_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not over.wait(0.5):
        connection.sendall(b"x")


def drips_its_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while not over.wait(0.5):
        connection.sendall(b"x")


def is_silent_but_for_its_health(connection: socket.socket, over: threading.Event) -> None:
    if b" /_health " in connection.recv(65536, socket.MSG_PEEK):
        connection.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    else:
        over.wait(60)


CONDUCTS = (says_nothing, hangs_up, talks_nonsense, answers_html, never_ends, drips_its_headers,
            drips_its_body, is_silent_but_for_its_health)  # fmt: skip


@contextlib.contextmanager
def server(conduct: Conduct) -> Iterator[str]:
    """Treats all its connections like that, at the same time."""
    over, threads = threading.Event(), []
    listener = socket.create_server(("127.0.0.1", 0))

    def treat(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536, socket.MSG_PEEK)
            conduct(connection, over)
            connection.recv(65536)  # else closing it would take back what it was sent

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=treat, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(10)


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """A port whose queue is full: the system lets nobody in and tells nobody so."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for each in waiting:
            each.close()


def doctors(tmp_path: Path, url: str) -> Kit:
    """A rehearsal in which Strapi, the front end and whoever has the public address are found at ``url``."""
    kit = Kit(settings.load({}, home=tmp_path))
    kit.rehearse_up_to(4)
    assert kit.world
    kit.public_address.close()
    kit.gateway.use_frontend(url)
    kit.open_address()
    kit.strapi = PoliteStrapi(kit.http, url)
    kit.world.internet.add(kit.world.domain, urlsplit(url).port or 0)
    return kit


def timed(kit: Kit) -> tuple[float, dict[str, Result]]:
    began = time.monotonic()
    results = checks.run(kit)
    return time.monotonic() - began, {result.id: result for result in results}


def test_whatever_answers_the_doctor_ends_in_time_and_tells_the_truth(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        urls = {conduct.__name__: stack.enter_context(server(conduct)) for conduct in CONDUCTS}
        urls["lets_nobody_in"] = stack.enter_context(black_hole())
        kits = {name: doctors(tmp_path, url) for name, url in urls.items()}
        # A stuck probe must not keep the next run from ending either.
        asked = [*kits, "drips_its_headers"]
        with ThreadPoolExecutor(len(kits)) as pool:
            runs = list(zip(kits, pool.map(timed, kits.values()), strict=True))
            runs.append(("drips_its_headers", timed(kits["drips_its_headers"])))
            closing = time.monotonic()
            list(pool.map(Kit.close, kits.values()))
            assert time.monotonic() - closing < AT_MOST  # nobody waits for a probe that is stuck
    assert [name for name, _ in runs] == asked
    for name, (seconds, results) in runs:
        assert seconds < AT_MOST, name
        ended = {id_: each.status for id_, each in results.items() if each.status == UNKNOWN}
        assert ended == {}, name  # whoever hangs is called by name
        astray = results["public-address"]
        assert (astray.status, astray.failure) in ((FAILED, "C05"), (FAILED, "C10")), (name, astray)
        if name != "is_silent_but_for_its_health":
            assert results["strapi"].failure in ("C06", "E04"), (name, results["strapi"])
        assert FAILED in (results["strapi"].status, results["provider"].status), name
        if name not in ("answers_html", "never_ends"):  # a front end may do both
            assert results["front-end"].status == FAILED, (name, results["front-end"])
        assert results["credentials"].status == PASSED
    assert left_over() == []


def left_over(patience: float = 12.0) -> list[str]:
    """Threads that still ask, when those whom they asked are gone."""
    until = time.monotonic() + patience
    while True:
        names = [each.name for each in threading.enumerate() if each.name.startswith(("kit-", "check-"))]
        if not names or time.monotonic() > until:
            return names
        time.sleep(0.1)


def test_a_process_does_not_wait_for_what_hangs(tmp_path: Path) -> None:
    with server(drips_its_headers) as url:
        given = {"KIT_MODE": "live", "KIT_HOME": str(tmp_path), "STRAPI_URL": url}
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "helpers", "doctor", "--json"],
            env=os.environ | given,
            cwd=Path(checks.__file__).parents[2],
            capture_output=True,
            timeout=60,
            check=False,
        )
        seconds = time.monotonic() - began
    assert seconds < AT_MOST
    assert (done.returncode, done.stderr) == (1, b"")
    found = {check["id"]: check["failure"] for check in json.loads(done.stdout)["checks"]}
    assert found["strapi"] == "C06"
