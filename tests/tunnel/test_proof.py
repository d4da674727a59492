"""The proof that a public address leads here, and what is said when it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import KitError, TunnelError
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.tunnel import proof
from helpers.tunnel.proof import confirm
from helpers.web.server import Server
from helpers.web.serving import Answer
from tests.support.tunnels import (
    DOMAIN,
    HELLO,
    NONCE,
    PUBLIC,
    UPSTREAM,
    Bench,
)


def test_confirm_recognises_our_own_server(bench: Bench, client: httpx.Client, upstream: Server) -> None:
    bench.tunnel().start(upstream.url)
    assert not confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM).interstitial


def test_confirm_sees_the_warning_page_even_if_this_client_has_clicked_it_away(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    bench.tunnel(fault="interstitial").start(upstream.url)
    client.cookies.set("abuse_interstitial", DOMAIN)
    seen = confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM)
    assert seen.interstitial
    assert "ERR_NGROK_6024" in seen.evidence


def test_confirm_finds_the_upstream_down(bench: Bench, client: httpx.Client) -> None:
    bench.tunnel().start(UPSTREAM)
    with pytest.raises(TunnelError) as caught:
        confirm(client, bench.edge(), HELLO, NONCE, UPSTREAM)
    assert (caught.value.failure, UPSTREAM in caught.value.fix[0]) == ("C06", True)
    assert "nothing answers where it leads" in str(caught.value)


def code(number: int) -> dict[str, str]:
    return {"ngrok-error-code": f"ERR_NGROK_{number}"}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.Response(404, headers=code(3200), text="offline"), "C05"),
        (httpx.Response(404, text="<p>ERR_NGROK_3200</p>"), "C05"),
        (httpx.Response(502, headers=code(8012)), "C06"),
        (httpx.Response(502, headers=code(3004)), "C06"),
        (httpx.Response(530, headers=code(727)), "C17"),
        (httpx.Response(429, headers=code(734)), "C17"),
        (httpx.Response(402, headers=code(725)), "C17"),
        (httpx.Response(503, text="another tunnel's way to say it"), "C06"),
        (httpx.Response(530, text="error code: 1033"), "C23"),
        (httpx.Response(503, text="503 - Tunnel Unavailable"), "C23"),
        (httpx.Response(401, text="loca.lt Friendly Reminder. Tunnel Password:"), "C24"),
        (httpx.Response(302, headers={"location": "https://euw.tunnels.api.visualstudio.com/auth/x"}), "C24"),
        (httpx.Response(404, text="<title>No such app</title>"), "C25"),
        (httpx.Response(404, headers={"x-render-routing": "no-server"}), "C25"),
        (httpx.Response(200, text="Your new ngrok Cloud Endpoint!"), "C10"),
        (httpx.Response(200, text=f"<p>{NONCE}</p>"), "C10"),
        (httpx.Response(200, content=b"x" * 1_000_000), "C10"),
        (httpx.Response(200, content=b"\xff\xfe"), "C10"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "C10"),
        (httpx.RemoteProtocolError("illegal status line"), "C10"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "C05"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "C15"),
        (httpx.ReadTimeout("timed out"), "C05"),
        (httpx.DecodingError("not gzip"), "C05"),
    ],
)
def test_confirm_names_what_answers_instead(answer: httpx.Response | Exception, failure: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(transport=httpx.MockTransport(handler)) as http, pytest.raises(TunnelError) as caught:
        confirm(http, PUBLIC, HELLO, NONCE, UPSTREAM)
    assert caught.value.failure == failure
    assert len(caught.value.evidence) <= 400
    if failure == "C06":
        assert UPSTREAM in caught.value.fix[0]


def test_confirm_tells_a_tunnel_that_leads_straight_to_strapi(client: httpx.Client) -> None:
    strapi = Server(StrapiStandIn().app, names=lambda: {PUBLIC.removeprefix("https://")}).start()
    with pytest.raises(TunnelError, match="straight to Strapi") as caught:
        confirm(client, strapi.url, HELLO, NONCE, UPSTREAM)
    strapi.stop()
    assert (caught.value.failure, UPSTREAM in caught.value.fix[0]) == (None, True)


def test_confirm_tells_a_tunnel_that_asks_for_another_host(client: httpx.Client) -> None:
    async def app(_: object) -> Answer:
        return Answer(text=NONCE)

    gateway = Server(app).start()
    with pytest.raises(TunnelError, match="asks for another host") as caught:
        confirm(client, gateway.url, HELLO, NONCE, UPSTREAM)
    gateway.stop()
    assert (caught.value.failure, "localhost" in caught.value.fix[1]) == (None, True)


def test_confirm_notices_that_browsers_are_turned_away() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        browser = request.headers["user-agent"].startswith("Mozilla")
        return httpx.Response(403) if browser else httpx.Response(200, text=NONCE)

    with httpx.Client(transport=httpx.MockTransport(handler)) as http, pytest.raises(KitError) as caught:
        confirm(http, PUBLIC, HELLO, NONCE, UPSTREAM)
    assert caught.value.failure == "C09"


def test_importing_the_tunnel_costs_no_pyngrok() -> None:
    question = "import sys, helpers.tunnel.proof; print('pyngrok' in sys.modules, 'yaml' in sys.modules)"
    root = Path(proof.__file__).parents[2]
    assert subprocess.check_output([sys.executable, "-c", question], cwd=root) == b"False False\n"
