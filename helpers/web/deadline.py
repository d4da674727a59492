"""Requests and other work that end in time, whatever the other side does.

httpx limits the wait for each next byte, so a server that sends one byte now and then holds a client for
ever. Here the work runs in a thread of its own, and after its time nobody waits for that thread any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import httpx

_T = TypeVar("_T")


def aside(work: Callable[[], _T], name: str = "kit-aside") -> Future[_T]:
    """Run in a thread that nobody waits for at the end, unlike an executor's."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """What ``work`` returns or raises, or TimeoutError when it takes longer."""
    return aside(work).result(seconds)


@dataclass(frozen=True)
class Fetched:
    """``whole`` is False for a body that went on behind ``most`` bytes."""

    status: int
    headers: httpx.Headers
    body: bytes
    whole: bool

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def fetch(
    http: httpx.Client, request: httpx.Request, *, seconds: float, most: int, cookie: str = ""
) -> Fetched:
    """The answer to one request that follows no redirect, cut off behind ``most`` bytes.

    It sends no cookie but ``cookie``, whatever the client holds.

    Raises:
        httpx.HTTPError: no answer; one that is not complete after ``seconds`` is an httpx.ReadTimeout.
    """
    # Should the client hold cookies, they belong to somebody's login.
    request.headers.pop("cookie", None)
    if cookie:
        request.headers["cookie"] = cookie
    # What is small when packed may be huge when unpacked.
    request.headers["accept-encoding"] = "identity"
    given_up = threading.Event()

    def receive() -> Fetched:
        body = b""
        with closing(http.send(request, stream=True, follow_redirects=False)) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > most or given_up.is_set():
                    break
        return Fetched(response.status_code, response.headers, body[:most], len(body) <= most)

    try:
        return within(seconds, receive)
    except httpx.InvalidURL as error:  # httpx reads Location also where nobody follows it
        raise httpx.RemoteProtocolError(f"it leads to no address: {error}", request=request) from None
    except TimeoutError:
        given_up.set()
        raise httpx.ReadTimeout(f"no complete answer within {seconds:g} s") from None
