"""The forms of this kernel's one setup, worked through in their order."""

from __future__ import annotations

from typing import Any

from helpers.notebook import tasks, this_setup
from helpers.notebook.board_view import Board
from helpers.notebook.login_form import LoginForm
from helpers.notebook.meta_form import MetaForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, UrlsForm
from helpers.notebook.this_setup import the
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import allow, type_secret

FORMS = (TunnelForm, BackendForm, FrontEndForm, MetaForm, UrlsForm, CredentialsForm, ProviderFileForm,
         ProviderForm, LoginForm)  # fmt: skip
TOKEN = "2canaryTokenForTheTunnel0123456789_X"
CLIENT_SECRET = "cacacacacacacacacacacacacacacaca"
PASSWORD = "canary-Password-1"


async def press(form: Any) -> None:
    (form.apply_button if hasattr(form, "apply_button") else form.submit_button).click()
    await tasks.settled()


def copy_from_meta(form: CredentialsForm) -> None:
    """In a rehearsal id and secret stand in the dashboard."""
    world = this_setup.this_setup().world
    if world and not form.client_id.value:
        form.client_id.value = world.meta.app.client_id
        type_secret(form.secret, world.meta.app.client_secret.reveal())


async def do(*forms: type) -> None:
    for make in forms:
        form = the(make)
        if make is CredentialsForm:
            copy_from_meta(form)
        await press(form)
        if hasattr(form, "apply_button"):  # the first press has shown what would change
            await press(form)


async def log_in() -> None:
    await allow(the(LoginForm))


async def measured() -> Board:
    board = the(Board)
    await board.measure()
    return board


def statuses(board: Board) -> list[str]:
    return [result.status for result in board.results]
