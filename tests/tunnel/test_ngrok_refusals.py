"""What ngrok refuses is found in the catalogue, and nothing is left running."""

from __future__ import annotations

import threading
import urllib.request

import pytest

from helpers.core.errors import TunnelError
from helpers.core.masking import Secret
from helpers.tunnel import ngrok_refusals
from tests.support.tunnels import (
    PUBLIC,
    TOKEN,
    UPSTREAM,
    Bench,
    processes_mentioning,
    until,
)


@pytest.mark.parametrize(
    ("token", "failure"),
    [
        ("", "C01"),
        ("ngrok config add-authtoken 2abc", "C02"),
        ("too_short", "C02"),
        ("revoked_theAuthtokenThatNobodyMaySee", "C03"),
        ("limit_theAuthtokenThatNobodyMaySee", "C04"),
        ("old_theAuthtokenThatNobodyMaySee", "C12"),
    ],
)
def test_a_refused_token_is_named_and_never_repeated(
    bench: Bench,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    token: str,
    failure: str,
) -> None:
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(token).start(UPSTREAM)
    assert caught.value.failure == failure
    assert caught.value.__cause__ is caught.value.__context__ is None, "where pyngrok's text would hide"
    told = "".join([*caught.value._render_traceback_(), *capfd.readouterr(), caplog.text])
    assert not token or token not in told
    assert "ERROR:" not in told, "what the agent prints to stderr"


CODES = "C01 123 4018, C02 105, C03 107 300, C04 108, C05 3200, C06 3004 8012, C07 6024, C10 334, "
CODES += "C11 314 320 15013, C12 120 121, C14 9009, C16 9040, C17 725 727 734"
ROWS = [(row.split()[0], number) for row in CODES.split(", ") for number in row.split()[1:]]


@pytest.mark.parametrize(("failure", "number"), ROWS)
def test_an_ngrok_error_is_found_in_the_catalogue(failure: str, number: str) -> None:
    error = ngrok_refusals.refusal(f"Some words.\\r\\n\\r\\nERR_NGROK_{number}\\r\\n")
    assert error.failure == failure
    assert error.evidence == f"Some words. ERR_NGROK_{number}"
    assert error.fix


def test_half_a_token_is_never_evidence() -> None:
    token = Secret(TOKEN)
    evidence = ngrok_refusals.refusal(f"{'x' * 380} {token.reveal()} ERR_NGROK_105").evidence
    assert TOKEN[:4] not in evidence


def test_an_ngrok_error_that_nobody_has_explained_yet_leads_to_its_page(bench: Bench) -> None:
    with pytest.raises(TunnelError, match="ERR_NGROK_77777") as caught:
        bench.tunnel(fault="77777").start(UPSTREAM)
    assert caught.value.fix == ("Read https://ngrok.com/docs/errors/err_ngrok_77777",)


@pytest.mark.parametrize(
    ("domain", "environment", "failure"),
    [("elsewhere.ngrok.app", {}, "C11"), ("", {"KIT_NGROK_DOMAIN": ""}, "C11")],
)
def test_a_domain_of_another_account_is_refused(
    bench: Bench, domain: str, environment: dict[str, str], failure: str
) -> None:
    made = bench.tunnel(domain=domain, environment=environment)
    with pytest.raises(TunnelError) as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == failure
    assert not made.alive


def test_a_domain_in_use_is_refused_and_nothing_is_left_running(bench: Bench) -> None:
    bench.tunnel(state="colleague").start(UPSTREAM)
    made = bench.tunnel()
    with pytest.raises(TunnelError) as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == "C10"
    assert len(processes_mentioning(bench.folder)) == 1


def test_a_domain_that_becomes_free_meanwhile_is_waited_for(bench: Bench) -> None:
    holder, made = bench.tunnel(state="colleague"), bench.tunnel(patience=10)
    holder.start(UPSTREAM)

    def stop_when_refused() -> None:
        until(lambda: any("status=502" in line for line in made.log))
        holder.stop()

    helper = threading.Thread(target=stop_when_refused)
    helper.start()
    assert made.start(UPSTREAM) == PUBLIC
    helper.join()


def test_one_agent_too_many_is_refused(bench: Bench) -> None:
    only_one = {"KIT_NGROK_SESSIONS": "1"}
    bench.tunnel(state="colleague", environment=only_one).start(UPSTREAM)
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(environment=only_one).start(UPSTREAM)
    assert caught.value.failure == "C04"


@pytest.mark.parametrize(("fault", "seen"), [("offline", "no such host"), ("tls", "x509")])
def test_no_way_to_ngrok_is_told_from_a_refusal(bench: Bench, fault: str, seen: str) -> None:
    with pytest.raises(TunnelError) as caught:
        bench.tunnel(fault=fault, deadline=2).start(UPSTREAM)
    assert caught.value.failure == "C15"
    assert seen in caught.value.evidence


@pytest.mark.parametrize("others", ["", "example.com"])
def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    others: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers the proxies of its first use
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", others)
    assert bench.tunnel().start(UPSTREAM) == PUBLIC
    assert urllib.request.proxy_bypass("example.com") is bool(others)
    assert not urllib.request.proxy_bypass("ngrok.com")
