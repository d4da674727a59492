"""A person in front of the forms: they type, press and wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from helpers.notebook import tasks
from helpers.notebook.form import Form
from helpers.notebook.login_form import LoginForm
from helpers.notebook.widgets import SecretField


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def type_secret(field: SecretField, text: str) -> None:
    """What the browser sends when a person leaves the field."""
    field._handle_custom_msg({"kind": "secret", "value": text}, [])


async def press(form: Form) -> None:
    form.submit_button.click()
    await tasks.settled()


async def until(condition: Callable[[], bool], patience: float = 20.0) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.01)


async def allow(form: LoginForm) -> None:
    """A robot begins a login, and the person allows it."""
    form.robot_button.click()
    await until(lambda: form.consent.layout.display == "")
    form.allow.click()
    await tasks.settled()


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
