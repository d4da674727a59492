"""A live setup asks by the environment's proxy; one that cannot be used is told; this machine is reached."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from helpers.__main__ import main
from helpers.core.settings import load
from helpers.kit import Kit
from helpers.web import way_out
from helpers.web.server import Server
from tests.support.servers import App

UNUSABLE = {
    "SOCKS": ("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:9"),
    "another scheme": ("HTTPS_PROXY", "ftp://user:hunter2@127.0.0.1:9"),
    "no address": ("HTTP_PROXY", "http://user:hunter2@[127:x"),
    "a network of IPv6 to keep out": ("NO_PROXY", "localhost,fe80::/10,[::1"),
}


@pytest.mark.parametrize(("name", "value"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    name: str, value: str, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    server = serve(App("strapi"))
    with way_out.client(httpx.Timeout(5)) as client:
        assert client.get(server.url).status_code == 200
        with pytest.raises(httpx.ProxyError, match=f"What {name} says of proxies cannot be used") as caught:
            client.get("https://a.example")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), UNUSABLE.values(), ids=UNUSABLE)
def test_going_live_names_it_too(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    addresses = ["--strapi", "https://api.example.com", "--page", "https://www.example.com"]
    assert main(["golive", *addresses]) == 2
    said = capsys.readouterr().err
    assert f"What {name} says of proxies cannot be used" in said
    assert "hunter2" not in said


def test_a_proxy_leads_out_and_never_to_this_machine(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = App("proxy"), serve(App("strapi"))
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, serve(proxy).url)
    with way_out.client(httpx.Timeout(5)) as client:
        assert client.get(server.url).text != client.get("http://a.example/").text


def test_a_live_setup_begins_also_with_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    kit = Kit(load({"KIT_MODE": "live"}))
    try:
        assert kit.settings.live
    finally:
        kit.close()
