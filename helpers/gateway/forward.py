"""Pass one request on to an upstream and its answer back, as they come and byte for byte.

A bare transport does it instead of a client: it has no cookie jar to mix people up and follows no redirects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address

import httpx
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from helpers.core.masking import Secret
from helpers.core.urls import parsed
from helpers.failures import Failure
from helpers.web.pages import failure_page

PATIENCE = 120.0  # seconds between two signs of life of an upstream; dev servers build on the first request
_STALLED = 30.0  # seconds between two pieces of a request's body
_POOL_PATIENCE = 5.0  # seconds for one of the connections to an upstream
UNREACHED = (
    "kit.unreached"  # set in the scope when the answer is the gateway's own, for want of the upstream's
)

_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
               b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}  # fmt: skip
# Said anew for the upstream, or not at all: what a server behind a proxy believes, no client may say.
# Expect is answered already, by reading the body.
_SAID_ANEW = {b"host", b"expect", b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port",
              b"x-forwarded-prefix", b"x-forwarded-proto", b"x-forwarded-scheme", b"x-forwarded-server",
              b"x-forwarded-ssl", b"x-forwarded-uri", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip",
              b"true-client-ip", b"x-original-host", b"x-original-url", b"x-rewrite-url", b"x-http-method",
              b"x-http-method-override", b"x-method-override"}  # fmt: skip
# Node hangs up after five idle seconds; a connection must not be reused at that very moment.
_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=2)


class ClientGone(Exception):
    """Whoever asked has hung up."""


class ClientStalled(Exception):
    """Whoever asked has announced a body and sends nothing: he must not hold a connection to the upstream."""


class Upstream:
    """A server behind the gateway; ``async with`` holds the connections to it.

    ``failure`` tells what it means when it does not answer; it is asked only then, because the catalogue of
    failures takes memory and time. With ``own_host`` the upstream sees its own name as
    ``Host``, because dev servers refuse every other; Strapi is to see the public one.
    """

    def __init__(
        self,
        name: str,
        origin: str,
        failure: Callable[[], Failure],
        *,
        own_host: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self.name, self.origin, self._failure = name, origin, failure
        self._url = httpx.URL(origin)
        # On this machine nobody stands in between, and a dev server signs its certificate itself.
        self.verify = self._url.scheme == "https" and self._url.host not in ("localhost", "127.0.0.1", "::1")
        self.own_host = own_host
        self._timeout = {"connect": 5.0, "read": patience, "write": 30.0, "pool": _POOL_PATIENCE}
        self._transport = httpx.AsyncBaseTransport()

    async def __aenter__(self) -> Upstream:
        self._transport = httpx.AsyncHTTPTransport(verify=self.verify, trust_env=False, limits=_LIMITS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def forward(self, scope: Scope, receive: Receive, send: Send, public: str) -> None:
        """``public`` is the origin under which the client sees us, empty if only the client knows."""
        headers = Headers(scope=scope)
        sends_body = "transfer-encoding" in headers or "content-length" in headers
        client = _Client(receive, sends_body=sends_body)
        request = httpx.Request(
            scope["method"],
            self._url,
            headers=self.headers(scope, headers, public),
            stream=client,
            extensions={"target": raw_target(scope), "timeout": self._timeout},
        )
        try:
            async with asyncio.TaskGroup() as both:
                watch = both.create_task(client.watch())
                await self._exchange(request, client, scope, send)
                watch.cancel()
        except* ClientGone:
            pass  # nobody is left to be told; the connection to the upstream is closed by now

    async def _exchange(self, request: httpx.Request, client: _Client, scope: Scope, send: Send) -> None:
        try:
            answer = await self._transport.handle_async_request(request)
        except ClientStalled:
            await PlainTextResponse("The body did not arrive in time.", 408)(scope, client.receive, send)
            return
        except httpx.PoolTimeout:
            said = "Too many requests are open at once. Try again in a moment."
            await PlainTextResponse(said, 503)(scope, client.receive, send)
            return
        except (httpx.TransportError, OSError) as error:
            scope[UNREACHED] = True
            await self.own_answer(scope, error)(scope, client.receive, send)
            return
        client.body_read.set()  # or never will be: some answer before they have it all
        if self.own_host and signed_by_strapi(answer.headers.raw):
            await answer.aclose()
            await closed()(scope, client.receive, send)
            return
        kept = end_to_end([(name.lower(), value) for name, value in answer.headers.raw])
        try:
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            async for chunk in answer.stream:  # type: ignore[union-attr]  # an async transport's is async
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            await answer.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def headers(self, scope: Scope, given: Headers, public: str) -> list[tuple[bytes, bytes]]:
        """What the upstream is told; ``given`` is what ``scope`` says, and ``public`` as in ``forward``."""
        chunked = "transfer-encoding" in given
        seen_as = parsed(public or f"{scope['scheme']}://{given.get('host', '')}")
        host = self._url.netloc if self.own_host else seen_as.netloc.encode("latin-1")
        # Two statements about the length are how requests are smuggled; the one we obeyed goes on.
        dropped = _SAID_ANEW | ({b"content-length"} if chunked else set())
        kept = [pair for pair in end_to_end(scope["headers"]) if pair[0] not in dropped]
        return [
            (b"host", host),
            *kept,
            *([(b"transfer-encoding", b"chunked")] if chunked else []),
            (b"x-forwarded-host", seen_as.netloc.encode("latin-1")),
            (b"x-forwarded-proto", seen_as.scheme.encode()),
            (b"x-forwarded-for", _who_asks(scope, given)),
        ]

    def own_answer(self, scope: Scope, error: Exception) -> Response:
        status, seen = 502, f"{self.name} does not answer at {self.origin}."
        if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
            status, seen = 504, f"{self.name} at {self.origin} took the request but did not answer in time."
        elif isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
            seen = (
                f"What listens at {self.origin} hung up or does not speak HTTP. {self.name} should be there."
            )
        failure = self._failure()
        if "text/html" in Headers(scope=scope).get("accept", ""):
            return failure_page(status, seen, failure)
        details = {"failure": failure.id, "fix": failure.fix}
        told = {"status": status, "name": type(error).__name__, "message": seen, "details": details}
        # In the shape of Strapi's own errors, which the front end knows how to show.
        return JSONResponse({"data": None, "error": told}, status)

    async def status_of(self, path: str, token: Secret, seconds: float) -> int | None:
        """The status of a GET with this bearer token; None if there is no answer in time."""
        request = httpx.Request(
            "GET",
            self._url.join(path),
            headers={"authorization": f"Bearer {token.reveal()}"},
            extensions={"timeout": self._timeout},
        )
        try:
            async with asyncio.timeout(seconds):
                answer = await self._transport.handle_async_request(request)
                await answer.aclose()
        except (httpx.TransportError, OSError):
            return None
        return answer.status_code


class _Client(httpx.AsyncByteStream):
    """The client's side: its body as it arrives, and after that whether it is still there."""

    def __init__(self, receive: Receive, *, sends_body: bool) -> None:
        self.receive = receive
        self.body_read = asyncio.Event()
        if not sends_body:
            self.body_read.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.body_read.is_set():
            try:
                async with asyncio.timeout(_STALLED):
                    message = await self.receive()
            except TimeoutError:
                raise ClientStalled from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                self.body_read.set()

    async def watch(self) -> None:
        await self.body_read.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass
        raise ClientGone


def _who_asks(scope: Scope, given: Headers) -> bytes:
    """What the tunnel has appended, or else the peer; in front of it stands what a client invents."""
    last = ",".join(given.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    try:
        return str(ip_address(last)).encode()
    except ValueError:
        return (scope["client"][0] if scope["client"] else "").encode("latin-1")


def signed_by_strapi(headers: list[tuple[bytes, bytes]]) -> bool:
    """A front end that passes on to Strapi would let in by its own door what is closed at ours."""
    return any(name.lower() == b"x-powered-by" and b"strapi" in value.lower() for name, value in headers)


def closed() -> Response:
    """The refusal of what is nobody's business on the internet."""
    said = "Closed: the admin panel and a dev server's own tools are not reachable from the internet.\n"
    where = "On the computer where Strapi runs the admin panel is at http://localhost:1337/admin\n"
    return PlainTextResponse(said + where, 404)


def raw_target(scope: Scope) -> bytes:
    """The request target as the client wrote it: decoding and encoding again would change it."""
    query: bytes = scope["query_string"]
    return bytes(scope["raw_path"]) + (b"?" + query if query else b"")


def end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """All but the headers between two neighbours, which ``Connection`` may add to by name.

    One by one and in order: joining several ``Set-Cookie`` would lose cookies.
    """
    named = b",".join(value for name, value in headers if name == b"connection").lower()
    between = _HOP_BY_HOP | {name.strip() for name in named.split(b",")}
    return [pair for pair in headers if pair[0] not in between]
