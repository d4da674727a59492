"""What nobody sees from outside: nginx's buffer for headers, and a session cookie that is larger."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator

import pytest

from helpers.__main__ import main
from helpers.core.errors import Stopped
from helpers.core.layout import Layout
from helpers.doctor.checks import UNKNOWN, in_order
from helpers.doctor.production_login import ProductionLogin
from helpers.failures import known
from helpers.rehearsal.instagram.state import HOUR
from tests.real.deployed import Setup, open_setup, running
from tests.real.strapi import NEWEST

pytestmark = pytest.mark.real

# Bytes, printed as twice as many: a cookie that a browser keeps, below 4096, and headers above 4k.
TOKEN = 1150
# Somebody's own lines: nginx's default is 4k.
DEFAULT = {"proxy_buffer_size 32k;": "", "proxy_buffers 8 32k;": ""}


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    layout = Layout("https://api.example.com", "https://www.example.com")
    with open_setup(tmp_path_factory.mktemp("buffer"), NEWEST, "nginx", layout) as setup, setup.strapi:
        setup.save_provider()
        yield setup


def test_a_buffer_that_is_too_small_is_named_and_the_printed_lines_mend_it(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state, account = setup.instagram.state, setup.account.username

    def issue() -> str:
        token = f"IGAA{secrets.token_hex(TOKEN)}"
        state.tokens[token] = state.clock() + HOUR
        return token

    monkeypatch.setattr(state, "issue_token", issue)
    with running(setup, change=DEFAULT) as deployed:
        results = deployed.golive()
        assert in_order(results), results
        assert [each.status for each in results if each.id == "header-buffer"] == [UNKNOWN]
        login = ProductionLogin(setup.admin)
        assert deployed.come_back() == 502
        with pytest.raises(Stopped, match=f"No login of @{account} was seen") as stopped:
            login.wait(account, timeout=0.1, cancelled=threading.Event())
    assert stopped.value.failure == known.PROXY_HEADER_BUFFER
    assert "502" in stopped.value.fix[0]
    assert named((setup.folder / "nginx.log").read_text(), capsys) == known.PROXY_HEADER_BUFFER

    with running(setup) as deployed:
        assert deployed.log_in() == f"Welcome {account}"
    assert "new user" in login.wait(account, timeout=5, cancelled=threading.Event())


def named(log: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``explain`` is sure of, first; it repeats nothing secret of the log."""
    code = re.search(r"code=([\w-]+)", log)
    assert code, log
    assert main(["explain", log, "--json"]) == 0
    told = capsys.readouterr().out
    assert code[1] not in told
    first = json.loads(told)["matches"][0]
    assert first["sure"], told
    return str(first["id"])
