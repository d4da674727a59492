"""What the account refuses, with ngrok's own numbers."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from pyngrok import ngrok
from pyngrok.exception import PyngrokNgrokError, PyngrokNgrokHTTPError
from pyngrok.log import NgrokLog

from tests.support.agents import (
    DOMAIN,
    TOKEN,
    Agents,
    Upstream,
)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("short", "ERR_NGROK_105"),
        ("has spaces in it, like a pasted command", "ERR_NGROK_105"),
        ("revoked_wellFormedAuthtoken_01", "ERR_NGROK_107"),
        ("limit_wellFormedAuthtoken_0001", "ERR_NGROK_108"),
        ("old_wellFormedAuthtoken_000001", "ERR_NGROK_121"),
    ],
)
def test_a_token_is_refused_with_its_error(agents: Agents, token: str, code: str) -> None:
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=agents.config(token))
    assert caught.value.ngrok_error_code == code
    assert (token in str(caught.value)) == (code in ("ERR_NGROK_105", "ERR_NGROK_107")), "these two echo it"


def test_no_token_is_refused(agents: Agents) -> None:
    config = agents.config()
    config.auth_token = None
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=config)
    assert caught.value.ngrok_error_code == "ERR_NGROK_4018"


def test_any_other_session_error_can_be_asked_for(agents: Agents) -> None:
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=agents.config(KIT_NGROK_FAULT="9040"))
    assert caught.value.ngrok_error_code == "ERR_NGROK_9040"


def test_one_agent_too_many_is_refused_until_the_first_ends(agents: Agents) -> None:
    first, second = (agents.config(KIT_NGROK_SESSIONS="1") for _ in range(2))
    ngrok.get_ngrok_process(first)
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.get_ngrok_process(second)
    assert caught.value.ngrok_error_code == "ERR_NGROK_108"
    ngrok.kill(first)
    assert ngrok.get_ngrok_process(second).healthy()


def test_agents_of_other_accounts_do_not_count(agents: Agents) -> None:
    ngrok.get_ngrok_process(agents.config(KIT_NGROK_SESSIONS="1"))
    other = ngrok.get_ngrok_process(agents.config(TOKEN + "other", KIT_NGROK_SESSIONS="1"))
    assert other.healthy()


def test_a_domain_in_use_is_refused_until_its_agent_is_killed(agents: Agents, upstream: Upstream) -> None:
    first, second = agents.config(), agents.config()
    ngrok.connect(upstream.server.url, pyngrok_config=first)
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.connect(upstream.server.url, pyngrok_config=second)
    assert caught.value.ngrok_error_code is None
    assert caught.value.status_code == 502
    assert "ERR_NGROK_334" in json.loads(caught.value.body)["details"]["err"]
    ngrok.kill(first)  # with SIGKILL, so it could tidy nothing up
    assert ngrok.connect(upstream.server.url, pyngrok_config=second).public_url == f"https://{DOMAIN}"


@pytest.mark.parametrize(
    ("options", "environment", "status", "reason"),
    [
        ({"url": "https://elsewhere.ngrok.app"}, {}, 502, "ERR_NGROK_320"),
        ({}, {"KIT_NGROK_DOMAIN": ""}, 502, "ERR_NGROK_15013"),
        ({"domain": DOMAIN}, {}, 400, "field domain not found"),
        ({"upstream": {"url": "ftp://127.0.0.1"}}, {}, 400, "is not http"),
    ],
)
def test_an_endpoint_is_refused_with_its_reason(
    agents: Agents, options: dict[str, Any], environment: dict[str, str], status: int, reason: str
) -> None:
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.connect(pyngrok_config=agents.config(**environment), **options)
    assert caught.value.status_code == status
    assert reason in json.loads(caught.value.body)["details"]["err"]


def test_a_name_is_given_once_and_the_fourth_address_is_too_many(agents: Agents) -> None:
    config = agents.config()
    ngrok.connect(name="a", url="https://a.ngrok.app", pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError, match="'a' is taken"):
        ngrok.connect(name="a", url="https://b.ngrok.app", pyngrok_config=config)
    for name in ("b", "c"):
        ngrok.connect(name=name, url=f"https://{name}.ngrok.app", pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError, match="ERR_NGROK_324"):
        ngrok.connect(name="d", url="https://d.ngrok.app", pyngrok_config=config)


@pytest.mark.parametrize(("fault", "text"), [("offline", "no such host"), ("tls", "x509")])
def test_without_a_way_to_ngrok_it_tries_again_and_again(agents: Agents, fault: str, text: str) -> None:
    config, lines = agents.config(KIT_NGROK_FAULT=fault), list[NgrokLog]()
    config.startup_timeout = 60  # seconds, for a busy machine: the third try ends it

    def tries() -> int:
        return sum(text in (line.err or "") for line in lines)

    def heard(line: NgrokLog) -> None:
        lines.append(line)
        if tries() == 3:
            ngrok.kill(config)

    config.log_event_callback = heard
    with pytest.raises(PyngrokNgrokError, match=text) as caught:
        ngrok.connect(pyngrok_config=config)
    assert caught.value.ngrok_error_code is None
    assert tries() == 3


def test_a_web_address_that_is_taken_ends_the_agent(agents: Agents) -> None:
    config = agents.config()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        Path(config.config_path).write_text(json.dumps({"version": "3", "agent": {"web_addr": address}}))
        with pytest.raises(PyngrokNgrokError, match="bind"):
            ngrok.get_ngrok_process(config)


def test_no_configuration_lets_other_machines_in(agents: Agents) -> None:
    config = agents.config()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Path(config.config_path).write_text(
        json.dumps({"version": "3", "agent": {"web_addr": f"0.0.0.0:{port}"}})
    )
    assert ngrok.get_ngrok_process(config).api_url == f"http://127.0.0.1:{port}"
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), 1):
        pass


def test_two_agents_find_two_ports_for_their_web_service(agents: Agents) -> None:
    first, second = (ngrok.get_ngrok_process(agents.config()).api_url for _ in range(2))
    assert first != second
