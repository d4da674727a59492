"""The whole setup and a login on stand-ins, through the terminal's own entry point."""

from __future__ import annotations

import json
import re
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import unescape
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.__main__ import main
from helpers.doctor import checks, golive
from helpers.rehearsal.deployed import LAYOUT, DeployedWorld

KEYS = {"ok", "mode", "flow", "engine", "user", "failure", "hops"}
HOP_KEYS = {"from", "to", "method", "url", "status", "ms"}


@pytest.mark.parametrize("engine", ["session", "token"])
@pytest.mark.parametrize("flow", ["today", "documented"])
def test_a_rehearsal_ends_with_a_witnessed_user(
    flow: str, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", "--flow", flow, "--engine", engine, "--json"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert set(found) == KEYS
    assert (found["ok"], found["flow"], found["engine"], found["failure"]) == (True, flow, engine, None)
    provider = {"today": "instagram-business", "documented": "instagram"}[flow]
    assert found["mode"] == "rehearsal"
    assert found["user"] == {"username": "kit_rehearsal", "provider": provider}
    assert len(found["hops"]) >= 7
    assert all(set(hop) == HOP_KEYS for hop in found["hops"])
    assert [hop["status"] for hop in found["hops"] if hop["status"] >= 400] == []


def test_the_printed_trace_shows_parameters_by_name_only(capsys: pytest.CaptureFixture[str]) -> None:
    main(["rehearse", "--json"])
    for hop in json.loads(capsys.readouterr().out)["hops"]:
        for name in ("code", "state", "access_token"):
            assert not re.search(rf"[?&]{name}=(?!•••)", hop["url"])


def test_the_text_form_names_every_hop_and_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse"]) == 0
    printed = capsys.readouterr().out
    assert "OK: kit_rehearsal logged in through instagram-business." in printed
    assert "www.instagram.com/oauth/authorize" in printed


def test_the_doctor_passes_or_explains_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["mode"]) == (True, "rehearsal")
    status = {check["id"]: check["status"] for check in found["checks"]}
    others = {id_: each for id_, each in status.items() if each != "passed"}
    assert others == {"login": "not-yet"}
    assert all(set(check) == {"id", "status", "evidence", "failure", "fix"} for check in found["checks"])


def test_the_doctor_says_first_which_mode_it_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Mode: rehearsal (stand-ins on this machine; ")
    assert last == "14 of 15 checks passed, no login was witnessed yet."


@pytest.mark.parametrize(
    ("open_", "code", "ok"),
    [
        ({"login": "not-yet", "front-end-project": "skipped"}, 0, True),
        ({"provider": "not-yet"}, 1, False),
        ({"provider": "unknown"}, 1, False),
        ({"provider": "failed"}, 1, False),
    ],
)
def test_the_doctor_ends_well_only_if_everything_that_is_needed_was_checked(
    open_: dict[str, str], code: int, ok: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("KIT_MODE", "live")
    seen = [checks.Result(id_, open_.get(id_, "passed"), "seen") for id_ in checks.CHECKS]
    monkeypatch.setattr(checks, "run", lambda _: seen)
    assert main(["doctor", "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["mode"]) == (ok, "live")


def login_with(
    capsys: pytest.CaptureFixture[str], person: Callable[[httpx.Client, str], None]
) -> tuple[int, dict[str, Any]]:
    """What ``login`` ends with and prints, after somebody has opened its address."""
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(main, ["login", "--timeout", "20", "--json"])
        with httpx.Client(follow_redirects=True, trust_env=False) as http:
            person(http, _address(capsys))
        return ended.result(30), json.loads(capsys.readouterr().out)


def consent(http: httpx.Client, page: httpx.Response, decision: str) -> httpx.Response:
    request = re.search(r'name="request" value="([^"]+)"', page.text)
    assert request
    answer = {"request": unescape(request[1]), "decision": decision}
    return http.post(str(page.url.copy_with(query=None)), data=answer)


def test_login_waits_for_a_browser_and_reports_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    def deny(http: httpx.Client, tab: str) -> None:
        denied = consent(http, http.get(tab), "deny")
        assert "error=access_denied" in str(denied.url)

    code, found = login_with(capsys, deny)
    assert (code, found["ok"], found["failure"]) == (1, False, "B18")


def test_a_login_that_ends_after_another_began_is_the_one_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def allow(http: httpx.Client, tab: str) -> None:
        page = http.get(tab)
        httpx.get(tab, trust_env=False)  # a second tab, or a crawler
        consent(http, page, "allow")
        http.get(str(httpx.URL(tab).join("/api/auth/instagram-business/callback")))

    code, found = login_with(capsys, allow)
    assert (code, found["ok"], found["user"]["username"]) == (0, True, "kit_rehearsal")


def _address(capsys: pytest.CaptureFixture[str], patience: float = 10.0) -> str:
    """The address that ``login`` prints for the person to open."""
    printed, deadline = "", time.monotonic() + patience
    while time.monotonic() < deadline:
        printed += capsys.readouterr().err
        if found := re.search(r"Open: +(\S+)", printed):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no address was printed: {printed}")


def test_nobody_logging_in_is_said_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["login", "--timeout", "0.2"]) == 1
    assert "No login arrived" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["login", "--public-url", "http://localhost:1337"], "Meta refuses localhost"),
        (["login", "--public-url", "example.com"], "https://example.com"),
        (["login", "--public-url", "https://shop.example.com"], "KIT_MODE=live"),
    ],
)
def test_wrong_input_says_what_to_type_instead(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["rehearse", "--flow", "yesterday"],
        *(["login", "--timeout", seconds] for seconds in ("-1", "0", "nan", "inf", "1e10", "soon")),
    ],
)
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as usage:
        main(arguments)
    assert usage.value.code == 2


def test_a_rehearsal_takes_nothing_from_a_live_setup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = {
        "KIT_HOME": str(tmp_path),
        "KIT_MODE": "live",
        "STRAPI_ADMIN_EMAIL": "me@example.com",
        "STRAPI_ADMIN_PASSWORD": "of-my-own-Strapi",
        "FRONTEND_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "https://shop.example.com",
    }
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    assert main(["rehearse", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_the_doctor_names_what_keeps_a_rehearsal_from_being_set_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".rehearsal.env").write_text("STRAPI_ADMIN_EMAIL=me@example.com\n")
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["checks"]
    assert None in [check["failure"] for check in found if check["status"] == "failed"]


def test_a_rehearsal_asks_no_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers the proxies of its first use
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert main(["rehearse", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_rehearsal_without_a_temporary_folder_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert main(["rehearse"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("A rehearsal needs a temporary folder, and here none can be written\n  Seen: ")
    assert "set TMPDIR" in told


def test_an_error_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("KIT_MODE", "live")
    assert main(["doctor"]) == 2
    assert "cannot be used" in capsys.readouterr().err


# Explain


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["explain", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_text_is_explained_best_first(capsys: pytest.CaptureFixture[str]) -> None:
    said = "Your account is limited to 1 simultaneous ngrok agent sessions. ERR_NGROK_108"
    code, found = explained(capsys, said)
    assert code == 0
    first = found["matches"][0]
    assert (first["id"], first["name"], first["sure"]) == ("C04", "too-many-agents", True)
    assert first["title"] == "Too many ngrok agents run on this account"
    assert found["seen"] == ["ngrok's error ERR_NGROK_108", "ngrok by name"]


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_text_comes_through_standard_input_too(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"\xff OAuth2 state mismatch")))
    code, found = explained(capsys, *arguments)
    assert (code, found["matches"][0]["id"]) == (0, "A09")


def test_a_guess_is_called_one_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = explained(capsys, "502 Bad Gateway")
    assert code == 1
    assert [match["sure"] for match in found["matches"]] == [False] * len(found["matches"])
    assert main(["explain", "502 Bad Gateway"]) == 1
    assert capsys.readouterr().out.startswith("Guess [C06]")  # nothing was seen, and nothing stands above it


def test_another_programs_text_has_no_match(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = explained(capsys, "ERROR 1045 (28000): Access denied for user 'root'@'localhost'")
    assert (code, found["matches"]) == (1, [])
    assert "another program's message" in found["next"]


def test_no_text_at_all_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "  "]) == 2
    assert "There is no text" in capsys.readouterr().err


def test_an_explained_text_shows_cause_and_fix_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    address = "https://x.example/?error_description=OAuth2+state+mismatch&code=AQDx8s7kk2"
    assert main(["explain", address]) == 0
    printed = capsys.readouterr().out
    assert "Sure  [A09]" in printed
    assert "1. Close other login tabs" in printed
    assert "[E06]" in printed
    assert "AQDx8s7kk2" not in printed


# Go live


def test_golive_speaks_like_the_doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = ["--strapi", LAYOUT.strapi, "--page", f"{LAYOUT.page}/"]
    with DeployedWorld() as world:
        through = partial(golive.run, transport=world.internet.transport())
        monkeypatch.setattr("helpers.commands.golive_checks.run", through)
        assert main(["golive", *addresses, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["ok"], found["mode"]) == (True, "deployed")
        assert all(set(check) == {"id", "status", "evidence", "failure", "fix"} for check in found["checks"])
        world.config.proxy = False
        assert main(["golive", *addresses]) == 1
        printed = capsys.readouterr().out
    assert printed.startswith(f"Mode: deployed ({LAYOUT.strapi} and {LAYOUT.page}, from outside; two hosts")
    assert "[A22]" in printed
    assert "Mend this first: Strapi refuses to set its session cookie (500) [A22]." in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--strapi", "api.example.com", "--page", LAYOUT.page], "needs its scheme"),
        (["--strapi", "http://api.example.com", "--page", LAYOUT.page], "must begin with https"),
        (["--strapi", LAYOUT.strapi, "--page", "https://localhost:3000"], "this machine's own name"),
        (["--strapi", LAYOUT.strapi, "--page", LAYOUT.page, "--resolve", "x"], "HOST:PORT:ADDRESS"),
        (["--strapi", LAYOUT.strapi, "--page", LAYOUT.page, "--cacert", "/nowhere.pem"], "no file of cert"),
        (["--strapi", LAYOUT.strapi, "--page", LAYOUT.page, "--provider", "a/b"], "provider's name"),
    ],
)
def test_golive_says_what_to_type_instead(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["golive", *arguments]) == 2
    assert said in capsys.readouterr().err
