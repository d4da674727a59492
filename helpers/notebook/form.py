"""The frame of every form: fields, buttons, one status line beside them, and autopilot."""

from __future__ import annotations

import asyncio
import html
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import ipywidgets as w
from IPython import get_ipython

from helpers.core.errors import KitError
from helpers.failures import known
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.widgets import Block, SecretField, StatusLine

LABEL = {"description_width": "18.5rem"}
WIDE = w.Layout(width="auto", max_width="54rem")


def text_field(label: str, value: str = "", placeholder: str = "") -> w.Text:
    field = w.Text(value=value, description=label, placeholder=placeholder, style=LABEL, layout=WIDE)
    return field.add_class("kit-field")


def checkbox(label: str, value: bool = False) -> w.Checkbox:
    return w.Checkbox(value=value, description=label, indent=False, layout=WIDE)


def note(text: str) -> w.HTML:
    return w.HTML(f'<div class="kit-prose">{html.escape(text)}</div>')


def _nobody_is_there() -> bool:
    """Whether a test runs this kernel: pytest leaves it ``PYTEST_VERSION``.

    A kernel of a Jupyter server, which leaves ``JPY_SESSION_NAME``, has a page to press on.
    """
    return (
        get_ipython() is not None and "PYTEST_VERSION" in os.environ and "JPY_SESSION_NAME" not in os.environ
    )


class Form(Block):
    """Fields, buttons and one status line. On autopilot it submits itself with what is filled in."""

    def __init__(self, kit: Kit, fields: Sequence[w.Widget], submit: str) -> None:
        if not kit.settings.autopilot and _nobody_is_there():
            raise KitError(
                f"Nobody is here to press {submit}: this notebook runs in a test",
                failure=known.CELL_WAITS_FOR_PERSON,
            )
        self.kit = kit
        self.status = StatusLine()
        self._cancelled = threading.Event()
        self.submit_button = w.Button(
            description=submit, button_style="primary", layout=w.Layout(width="auto")
        )
        self.submit_button.on_click(lambda _: self.submit())
        self.cancel_button = w.Button(description="Cancel", layout=w.Layout(width="auto", display="none"))
        self.cancel_button.on_click(lambda _: self._cancelled.set())
        self.buttons = w.HBox([self.submit_button, self.cancel_button])
        super().__init__([*fields, self.buttons, self.status])
        for field in fields:
            if isinstance(field, SecretField):
                field.on_enter = self.submit
        self.autopilot()

    def autopilot(self) -> None:
        if self.kit.settings.autopilot:
            self.submit()

    def submit(self) -> None:
        raise NotImplementedError

    def work(
        self,
        job: Callable[[], str] | Callable[[], Awaitable[str]],
        doing: str,
        *,
        cancellable: bool = False,
        also_busy: Sequence[w.Widget] = (),
    ) -> None:
        """Run a blocking job beside the kernel's loop, or a coroutine on it; then measure again."""
        if self.submit_button.disabled:
            return
        self._cancelled.clear()
        # A person presses one button after the other; on autopilot all are pressed at once.
        before = tasks.running() if self.kit.settings.autopilot else []
        self.cancel_button.layout.display = "" if cancellable else "none"

        async def guarded() -> str:
            await asyncio.gather(*before, return_exceptions=True)
            try:
                if asyncio.iscoroutinefunction(job):
                    answer: str = await job()
                else:
                    answer = cast(str, await asyncio.to_thread(job))
                return answer
            finally:
                self.cancel_button.layout.display = "none"
                self.kit.changed()

        # Disabled at once, not when the task first runs: a double click must not start two.
        self.submit_button.disabled = True
        tasks.run(guarded, self.status, [self.submit_button, *also_busy], doing)

    def refuse(self, error: KitError) -> None:
        tasks.show_error(self.status, error)
