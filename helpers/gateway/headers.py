"""What the two sides of a forwarded request are told in its headers."""

from __future__ import annotations

import re
from ipaddress import ip_address

from helpers.core.urls import parsed
from helpers.web.serving import Request

_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
               b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}  # fmt: skip
# Said anew for the upstream, or not at all: what a server behind a proxy believes, no client may say, be it
# of whichever proxy. Expect is answered already, by reading the body.
_SAID_ANEW = re.compile(
    rb"host|expect|(.*-)?forwarded(-.*)?|x-original-.*|x-rewrite-.*|(.*-)?(client)?ip(v[46])?|x-remote-addr"
    rb"|x-(host|http-host-override|http-method|http-method-override|method-override)"
    rb"|x-(url-)?scheme|x-arr-ssl|front-end-https"
)

Pairs = list[tuple[bytes, bytes]]
OWN_COOKIE = b"kit_browser"  # the gateway's own; no upstream sees it


def end_to_end(headers: tuple[tuple[bytes, bytes], ...]) -> Pairs:
    """All but the headers between two neighbours, which ``Connection`` may add to by name.

    One by one and in order: joining several ``Set-Cookie`` would lose cookies.
    """
    named = b",".join(value for name, value in headers if name.lower() == b"connection").lower()
    between = _HOP_BY_HOP | {name.strip() for name in named.split(b",")} - {b"content-length", b"host"}
    return [pair for pair in headers if pair[0].lower() not in between]


def told(request: Request, own: bytes, public: str) -> Pairs:
    """What an upstream is told: it is called ``own``, or else by the name that the client uses."""
    kept = [pair for pair in end_to_end(request.raw_headers) if not _is_said_anew(pair[0])]
    if OWN_COOKIE in b"".join(value for name, value in kept if name.lower() == b"cookie"):
        kept = [pair for pair in map(_without_ours, kept) if pair[1] or pair[0].lower() != b"cookie"]
    if request.seen:  # a packed answer could not be read while it passes
        kept = [pair for pair in kept if pair[0].lower() != b"accept-encoding"]
        kept.append((b"accept-encoding", b"identity"))
    if "Transfer-Encoding" in request.headers:
        kept.append((b"transfer-encoding", b"chunked"))
    seen_as = parsed(public or f"http://{request.headers.get('Host', '')}")
    netloc = seen_as.netloc.encode("utf-8", "surrogateescape")
    return [
        (b"host", own or netloc),
        *kept,
        (b"x-forwarded-host", netloc),
        (b"x-forwarded-proto", (seen_as.scheme or "http").encode()),
        (b"x-forwarded-for", who_asks(request)),
    ]


def _is_said_anew(name: bytes) -> bool:
    """CGI and what came after it know no difference between ``_`` and ``-``."""
    return _SAID_ANEW.fullmatch(name.lower().replace(b"_", b"-")) is not None


def _without_ours(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = pair
    if name.lower() != b"cookie":
        return pair
    kept = [each for each in value.split(b";") if each.partition(b"=")[0].strip() != OWN_COOKIE]
    return name, b";".join(kept).strip()


def request_head(request: Request, headers: Pairs) -> bytes:
    """The request's line and these headers, as an upstream gets them."""
    return head(b"%s %s HTTP/1.1" % (request.method.encode(), _raw_target(request)), headers)


def head(first: bytes, headers: Pairs) -> bytes:
    """The head of a message, down to the empty line."""
    return b"\r\n".join([first, *(name + b": " + value for name, value in headers), b"", b""])


def chunk(piece: bytes) -> bytes:
    """A piece of a body whose length nobody has said; an empty one would end it."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def _raw_target(request: Request) -> bytes:
    """The request target as the client wrote it: decoding and encoding again would change it."""
    return request.raw_path.encode("utf-8", "surrogateescape")


def who_asks(request: Request) -> bytes:
    """What the tunnel has appended, or else the peer; in front of it stands what a client invents."""
    last = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
    try:
        return str(ip_address(last.partition("%")[0])).encode()  # a zone may be any text
    except ValueError:
        return (request.remote or "").encode()


def secured(headers: tuple[tuple[bytes, bytes], ...], public: str) -> tuple[tuple[bytes, bytes], ...]:
    """On an https address every cookie is for https alone; Strapi, asked over http, cannot say so."""
    if not public.startswith("https:"):
        return headers
    return tuple(map(_secured, headers))


def _secured(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = pair
    flags = {flag.strip().lower() for flag in value.split(b";")[1:]}
    return (name, value + b"; Secure") if name.lower() == b"set-cookie" and b"secure" not in flags else pair


def signed_by_strapi(headers: tuple[tuple[bytes, bytes], ...]) -> bool:
    """A front end that passes on to Strapi would let in by itself what is closed here."""
    signs = {b"x-powered-by": b"strapi", b"set-cookie": b"strapi_admin"}
    return any(signs.get(name.lower(), b"\n") in value.lower() for name, value in headers)
