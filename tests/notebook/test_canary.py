"""A secret that was typed is found nowhere afterwards."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ipywidgets as w
import nbclient
import nbformat
import pytest

from helpers.core import settings
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import login_view, setup_forms, tasks
from helpers.notebook.login_form import LoginForm
from helpers.notebook.tunnel_form import TunnelForm
from helpers.notebook.widgets import SecretField

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TOKEN = "2canaryTokenForTheTunnel0123456789_X"
CLIENT_SECRET = "cacacacacacacacacacacacacacacaca"
WRONG_SECRET = "canary-that-is-not-hexadecimal"
PASSWORD = "canary-Password-1"
CANARIES = (TOKEN, CLIENT_SECRET, WRONG_SECRET, PASSWORD)


def type_secret(field: SecretField, text: str) -> None:
    field._handle_custom_msg({"kind": "secret", "value": text}, [])


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({}, home=tmp_path))
    assert kit.world
    kit.world.meta.pair = settings.SAMPLE_CLIENT_ID, Secret(CLIENT_SECRET)
    yield kit
    kit.close()


def test_secrets_typed_into_every_form_leave_no_trace(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def scene() -> None:
        tunnel = TunnelForm(kit)
        type_secret(tunnel.token, TOKEN)
        tunnel.submit_button.click()
        await tasks.settled()
        assert tunnel.status.kind == "ok"
        kit.rehearse_up_to(3)
        kit.write_provider_file()
        credentials = setup_forms.CredentialsForm(kit)
        for secret in (WRONG_SECRET, CLIENT_SECRET):
            type_secret(credentials.secret, secret)
            credentials.submit_button.click()
            await tasks.settled()
        provider = setup_forms.ProviderForm(kit)
        type_secret(provider.password, PASSWORD)
        provider.submit_button.click()
        await tasks.settled()
        assert provider.status.kind == "failed"  # a wrong password must not be repeated in the answer
        type_secret(provider.password, "Rehearsal-2026")
        provider.submit_button.click()
        await tasks.settled()
        assert provider.status.kind == "ok"
        kit.settings = replace(kit.settings, autopilot=True)
        login = LoginForm(kit)
        await tasks.settled()
        assert login.status.kind == "ok"
        trace = login_view.Trace(kit)
        trace.draw()
        shown.extend([trace.table.value, str(kit.gateway.witness.latest), repr(kit.settings)])
        shown.extend(str(result) for result in checks.run(kit))

    asyncio.run(scene())
    # By type: isinstance would follow weak proxies to objects that are gone.
    widgets = [each for each in gc.get_objects() if issubclass(type(each), w.Widget)]
    shown.extend(repr(widget) for widget in widgets)
    assert leaks(json.dumps(w.Widget.get_manager_state())) == []
    assert leaks("\n".join(shown)) == []
    assert leaks("".join(capfd.readouterr())) == []
    assert leaks(caplog.text) == []
    assert leaks(_arguments_and_environments()) == []
    for folder in (tmp_path, kit.world.folder if kit.world else tmp_path):
        assert [path for path in folder.rglob("*") if path.is_file() and leaks(_text(path))] == []


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _arguments_and_environments() -> str:
    """Of every process that may be read: this one, the agent, whatever else runs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append(_text(process / name))
            except OSError:
                continue
    return "\n".join(found)


TYPE_AND_FAIL = f"""
field = next(each for each in form.children if isinstance(each, SecretField))
typed = bytes.fromhex("{CLIENT_SECRET.encode().hex()}").decode()
field._handle_custom_msg({{"kind": "secret", "value": typed}}, [])
form.submit_button.click()
await tasks.settled()
"""


@pytest.mark.parametrize(
    "form",
    ["TunnelForm", "setup_forms.CredentialsForm", "setup_forms.ProviderForm"],
)
def test_a_notebook_saved_with_its_widget_state_holds_no_secret(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIT_MODE", "rehearsal")
    monkeypatch.delenv("PYTEST_VERSION")  # by which a form knows that nobody presses; here the last cell does
    notebook = nbformat.read(NOTEBOOKS / "1_set_up.ipynb", as_version=4)
    imports = (
        "from helpers.notebook import setup_forms, tasks\n"
        "from helpers.notebook.tunnel_form import TunnelForm\nfrom helpers.notebook.this_setup import the\n"
        f"from helpers.notebook.widgets import SecretField\nform = the({form})"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(imports + TYPE_AND_FAIL))
    # As if "Save Widget State Automatically" were on, which JupyterLab's own default is not.
    nbclient.NotebookClient(notebook, timeout=60, store_widget_state=True).execute(cwd=str(tmp_path))
    saved = nbformat.writes(notebook)
    assert "application/vnd.jupyter.widget-state+json" in notebook.metadata.widgets
    assert leaks(saved) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and leaks(_text(path))] == []
    assert os.environ["KIT_HOME"] == str(tmp_path)
