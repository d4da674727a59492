"""The agent's local API, asked by the real pyngrok."""

from __future__ import annotations

import httpx
import pytest
from pyngrok import agent as pyngrok_agent
from pyngrok import ngrok
from pyngrok.exception import PyngrokNgrokHTTPError

from tests.support.agents import (
    Agents,
    Upstream,
)
from tests.support.servers import nobody


def test_requests_are_recorded_newest_first_and_can_be_forgotten(agents: Agents, upstream: Upstream) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, name="kit", pyngrok_config=config)
    with agents.edge() as client:
        client.get("/echo")
        client.get("/redirect?code=1")
    newest, oldest = pyngrok_agent.get_requests("kit", config)
    assert (newest.request["uri"], oldest.request["uri"]) == ("/redirect?code=1", "/echo")
    assert newest.response["status_code"] == 302
    assert newest.response["headers"]["Location"] == ["https://elsewhere.example/x?code=1"]
    assert newest.duration > 0
    assert pyngrok_agent.get_request(newest.id, config).request == newest.request
    pyngrok_agent.delete_requests(config)
    assert pyngrok_agent.get_requests(pyngrok_config=config) == []


def test_what_ngrok_itself_answered_is_recorded_as_an_answer(agents: Agents) -> None:
    config = agents.config()
    with nobody() as url:
        ngrok.connect(url, name="kit", pyngrok_config=config)
        with agents.edge() as client:
            client.get("/echo")
    (only,) = pyngrok_agent.get_requests("kit", config)
    assert only.response["status_code"] == 502
    assert only.response["headers"]["Ngrok-Error-Code"] == ["ERR_NGROK_8012"]
    assert "began" not in only.data


def test_an_endpoint_may_refuse_inspection(agents: Agents, upstream: Upstream) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, inspect=False, pyngrok_config=config)
    with agents.edge() as client:
        client.get("/echo")
    assert pyngrok_agent.get_requests(pyngrok_config=config) == []


def test_the_local_api_answers_only_to_local_names(tunnel: Agents) -> None:
    api = ngrok.get_ngrok_process(tunnel.configs[0]).api_url
    assert pyngrok_agent.get_agent_status(tunnel.configs[0]).status == "online"
    with httpx.Client(base_url=api, trust_env=False) as client:
        assert client.get("/api/status", headers={"host": "evil.example"}).status_code == 403
        assert client.get("/api/unknown").status_code == 404
        assert client.get("/api/endpoints/nobody").status_code == 404
        assert client.get("/api/requests/http/nobody").status_code == 404


def test_an_agent_without_the_new_api_serves_the_old_one(agents: Agents, upstream: Upstream) -> None:
    config = agents.config(config_version="2", KIT_NGROK_FAULT="no-endpoints-api")
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.api_request(f"{ngrok.get_ngrok_process(config).api_url}/api/endpoints")
    assert caught.value.status_code == 404
