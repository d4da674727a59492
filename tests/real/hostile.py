"""What an attacker sends: targets, framings that two readers may read differently, and noise."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from urllib.parse import urlsplit

from tests.conftest import PUBLIC
from tests.gateway.test_smuggling import BODIES, FRAMINGS

HOST = PUBLIC.removeprefix("https://").encode()
_AT_ONCE = 16
# Seconds for an answer: to what ends, to what may wait for more, and for the rest of it.
_FIRST, _UNFINISHED, _MORE = 30.0, 1.5, 0.3

ADMIN = ["/admin", "/admin/init", "/admin/login", "/admin/information", "/content-manager/collection-types",
         "/users-permissions/providers", "/users-permissions/roles", "/content-type-builder/content-types",
         "/content-releases"]  # fmt: skip
# Ways to say a path so that one reader sees /api or the page, and the next one what was meant.
FORMS = ["{path}", "/{path}", "/.{path}", "//{host}{path}", "/api/..{path}", "/api/%2e%2e{path}",
         "/api/%252e%252e{path}", "/api/.%2e{path}", "/api/..;{path}", "/api/x/../..{path}",
         "/api/..%2f{path}", "/api\\..{path}", "/api%2f..{path}", "/_health/..{path}",
         "/_health/%2e%2e{path}", "/API/..{path}", "/api/%c0%ae%c0%ae{path}",
         "/x/..{path}", "http://{host}{path}"]  # fmt: skip
METHODS = [b"GET", b"POST", b"PUT", b"OPTIONS", b"HEAD", b"TRACE", b"CONNECT", b"get", b"G\0T", b"PRI", b""]
BEGINS = [
    b"/api/",
    b"/",
    b"/_health",
    b"/.kit/hello",
    b"/api/connect/instagram?",
    b"*",
    b"",
    b"/@vite/client",
]
VERSIONS = [b"1.1", b"1.0", b"0.9", b"2", b"9.9", b"1.1 "]
NAMES = [b"Host", b"Connection", b"X-Forwarded-For", b"X-Forwarded-Host", b"Forwarded", b"Cookie", b"Origin",
         b"Upgrade", b"Expect", b"Range", b"Transfer-Encoding", b"Content-Length", b"Authorization", b"TE",
         b"X-Original-URL", b"X-HTTP-Method-Override", b"Sec-WebSocket-Key", b"X\0", b" X", b""]  # fmt: skip
VALUES = [b"", b"close, content-length", b"127.0.0.1", b"[::1", b"websocket", b"100-continue", b"bytes=0-",
          b"1", b"chunked", b"/admin/init", b"DELETE", b"Bearer undefined", b"kit_browser=x; koa.sess=y",
          b"\xff\xfe", b"a" * 20000, b"x\r\n\r\nGET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\0",
          b"," * 5000]  # fmt: skip


def targets(paths: Iterable[str]) -> list[bytes]:
    pairs = product(paths, FORMS)
    return [form.format(path=path, host=HOST.decode()).encode() for path, form in pairs]


def asked(target: bytes, method: bytes = b"GET", body: bytes = b"", headers: Iterable[bytes] = ()) -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: " + HOST, b"Connection: close", *headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def shapes() -> Iterator[bytes]:
    """Each framing with each method is a shape; each is sent with every body."""
    for framing, method, body in product(FRAMINGS, (b"POST", b"GET"), BODIES):
        head = b"\r\n".join([method + b" /api/x HTTP/1.1", b"Host: " + HOST, *framing])
        yield head + b"\r\n\r\n" + body


def noise(count: int) -> Iterator[bytes]:
    """Requests that are wrong somewhere, most of them in several places; the same each time."""
    dice = random.Random(20261128)  # noqa: S311
    for _ in range(count):
        # Half of them are sound enough to be passed on.
        sound = dice.random() < 0.5
        tail = b"x" * dice.choice([0, 5, 9000, 70000]) if not sound else b"%08x" % dice.getrandbits(32)
        method, begin = (
            dice.choice(METHODS[: 6 if sound else None]),
            dice.choice(BEGINS[: 5 if sound else None]),
        )
        lines = [b"%b %b%b HTTP/%b" % (method, begin, tail, b"1.1" if sound else dice.choice(VERSIONS))]
        lines += [b"Host: " + HOST, b"Connection: close"] if sound or dice.random() < 0.6 else []
        names, values = (NAMES[4:10], VALUES[:14]) if sound else (NAMES, VALUES)
        pairs = dice.choice([0, 1, 2, 3, 40 if sound else 150])
        lines += [dice.choice(names) + b": " + dice.choice(values) for _ in range(pairs)]
        yield b"\r\n".join([*lines, b"", b"" if sound else dice.randbytes(dice.randrange(200))])


def say(url: str, data: bytes) -> bytes:
    """All that is answered to it, until nothing more comes."""
    parts, heard = urlsplit(url), b""
    with socket.create_connection((parts.hostname, parts.port), 5) as client, suppress(OSError):
        client.sendall(data)
        client.settimeout(_FIRST if _ends(data) else _UNFINISHED)
        while piece := client.recv(65536):
            heard += piece
            client.settimeout(_MORE)  # what stands behind it would be answered at once
    return heard


def _ends(data: bytes) -> bool:
    return b"connection: close" in data.lower()


def say_all(url: str, requests: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    """Each with what was answered."""
    asking = list(requests)
    with ThreadPoolExecutor(_AT_ONCE) as several:
        return list(zip(asking, several.map(lambda each: say(url, each), asking), strict=True))
