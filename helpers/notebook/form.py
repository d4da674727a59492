"""The frame of every form: fields, buttons, one status line beside them, and autopilot."""

from __future__ import annotations

import asyncio
import hashlib
import html
import os
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import ipywidgets as w
from IPython import get_ipython

from helpers import failures
from helpers.core.errors import InputError, KitError, Stopped
from helpers.failures import known
from helpers.kit import Kit
from helpers.notebook import progress, tasks
from helpers.notebook.steps import BY_CHECK
from helpers.notebook.widgets import Block, CopyField, SecretField, StatusLine

LABEL = {"description_width": "initial"}  # above its field: see kit.css
_KEY = secrets.token_bytes(32)
_STALE = "What stands above has changed since: press {button} for it to count."


def wide() -> w.Layout:
    """One for each field: a layout that two fields share hides both."""
    return w.Layout(width="auto", max_width="54rem")


def text_field(label: str, value: str = "", placeholder: str = "") -> w.Text:
    field = w.Text(value=value, description=label, placeholder=placeholder, style=LABEL, layout=wide())
    return field.add_class("kit-field")


def checkbox(label: str, value: bool = False) -> w.Checkbox:
    return w.Checkbox(value=value, description=label, indent=False, layout=wide())


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
    """Fields, buttons and one status line, which is about what stands in the fields now.

    ``checks`` are what tells whether the step is done. A form is :meth:`fill`-ed in when it is made, when
    something changes, and when another setup begins; what a person has typed only goes in the last case.
    """

    checks: tuple[str, ...] = ()

    @property
    def step(self) -> str:
        """The heading under which it stands."""
        return BY_CHECK[self.checks[0]].heading if self.checks else str(self.submit_button.description)

    def __init__(self, kit: Kit, fields: Sequence[w.Widget], submit: str) -> None:
        if not kit.settings.autopilot and _nobody_is_there():
            raise KitError(
                f"Nobody is here to press {submit}: this notebook runs in a test",
                failure=known.CELL_WAITS_FOR_PERSON,
            )
        self.kit, self.fields = kit, list(fields)
        self.status = StatusLine()
        self.task: asyncio.Task[None] | None = None
        self.unattended = bool(kit.settings.autopilot)  # nobody is asked anything
        self._cancelled = threading.Event()
        self._offered: dict[w.Widget, Any] = {}
        self._made_with, self._stale, self._last = b"", False, ("", "")
        self.submit_button = w.Button(
            description=submit, button_style="primary", layout=w.Layout(width="auto")
        )
        self.submit_button.on_click(lambda _: self.submit())
        self.cancel_button = w.Button(description="Cancel", layout=w.Layout(width="auto", display="none"))
        self.cancel_button.on_click(lambda _: self._cancelled.set())
        self.buttons = w.HBox([self.submit_button, self.cancel_button])
        super().__init__([*fields, self.buttons, self.status])
        for field in fields:
            self._watch(field)
        self.fill()
        kit.on_change(tasks.on_loop(self.fill))
        kit.on_renewal(tasks.on_loop(self.begin_anew))
        if kit.settings.autopilot:
            self.go()

    def fill(self) -> None:
        """Put what the setup knows into the fields."""

    def offer(self, field: w.Widget, value: Any) -> None:
        """Fill in what is known, unless a person has typed something else there."""
        if isinstance(field, SecretField):
            if field.secret == self._offered.get(field, field.secret) and field.secret != value:
                field.hold(value, "filled in")
        elif field.value == self._offered.get(field, field.value):
            field.value = value
        self._offered[field] = value

    def begin_anew(self) -> None:
        """Another setup has begun: nothing of the former one stands in a field."""
        self._cancelled.set()
        self._made_with, self._stale = b"", False
        for field in self._offered:
            if isinstance(field, SecretField):
                field.hold(type(field.secret)())
        self._offered.clear()
        self.fill()
        self.status.say("")

    # What the status line is about

    def _watch(self, field: w.Widget) -> None:
        if isinstance(field, SecretField):
            field.on_enter, field.on_typed = self.submit, self._look
            field.on_touched = lambda: self._look(touched=True)
        elif field.has_trait("value") and not isinstance(field, w.HTML):
            field.observe(lambda _: self._look(), "value")

    def _digest(self) -> bytes:
        """Of what stands in the fields; secrets are among them, so no clear text is kept."""
        shown = hashlib.blake2b(key=_KEY)
        for field in self.fields:
            if isinstance(field, SecretField):
                shown.update(b"\1" + field.secret.reveal().encode(errors="surrogatepass"))
            elif isinstance(field, w.Text | w.Checkbox | w.RadioButtons | w.Dropdown) or _is_value(field):
                shown.update(b"\2" + str(field.value).encode(errors="surrogatepass"))
        return shown.digest()

    def _look(self, *, touched: bool = False) -> None:
        """A green line is about the values on the screen, not about earlier ones.

        ``touched``: a secret is being typed, which arrives when its field is left.
        """
        same = not touched and self._digest() == self._made_with
        if self._stale and same:
            self._stale = False
            self.status.say(*self._last)
        elif self.status.kind == "ok" and self._made_with and not same:
            self._stale, self._last = True, (self.status.kind, self.status.text)
            self.status.say("not-yet", _STALE.format(button=self.submit_button.description))

    # Work

    def submit(self) -> None:
        raise NotImplementedError

    def autopilot(self) -> None:
        """What a press does where no person is."""
        self.submit()

    def go(self) -> None:
        """On autopilot: do it, unless an earlier step has failed; what came of it would prove nothing."""
        if waits_for := progress.of(self.kit).stopped_by:
            self.status.say("not-yet", f"waits for {waits_for}")
        else:
            self.autopilot()

    async def catch_up(self) -> str:
        """Press, and wait for the end, as for a person who comes late.

        Returns what the form then says; a step that failed says so in red, and the caller sees its kind.
        """
        self.unattended = True
        try:
            self.fill()
            self.autopilot()
            if self.task:
                await asyncio.gather(self.task, return_exceptions=True)
        finally:
            self.unattended = bool(self.kit.settings.autopilot)
        return str(self.status.text)

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
        self._made_with, self._stale = self._digest(), False
        steps = progress.of(self.kit)
        # A person presses one button after the other; on autopilot all are pressed at once.
        before = tasks.running() if self.kit.settings.autopilot else []
        self.cancel_button.layout.display = "" if cancellable else "none"
        steps.works_on(self.checks)

        async def guarded() -> str:
            await asyncio.gather(*before, return_exceptions=True)
            try:
                if asyncio.iscoroutinefunction(job):
                    answer: str = await job()
                else:
                    answer = cast(str, await asyncio.to_thread(job))
                self.kit.tried.update(self.checks)
                # Work that began another setup has filled the fields anew.
                self._made_with = self._made_with or self._digest()
                return answer
            except KitError as error:
                error.fix = tuple(self.kit.urls.filled(step) for step in error.fix)
                raise (_unnamed(error) if self.kit.riddle else error) from None
            finally:
                self.cancel_button.layout.display = "none"
                steps.has_worked_on(self.checks)
                self.kit.changed()

        # Disabled at once, not when the task first runs: a double click must not start two.
        self.submit_button.disabled = True
        busy = [self.submit_button, *also_busy]
        self.task = tasks.run(guarded, self.status, busy, doing, self._cancelled)

    def refuse(self, error: KitError) -> None:
        tasks.show_error(self.status, error)


def _unnamed(error: KitError) -> KitError:
    """What was seen; in an exercise it is named only when asked for."""
    if isinstance(error, Stopped) or not error.failure:
        return error
    named = str(error) == failures.get(error.failure).title
    return KitError(error.evidence if named else str(error))


def read_all(*reads: Callable[[], Any]) -> list[Any]:
    """What each of them reads.

    Raises:
        KitError: what is wrong in all of them together, so that nobody mends one field after the other.
    """
    read: list[Any] = []
    wrong: list[KitError] = []
    for each in reads:
        try:
            read.append(each())
        except KitError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        failure = next((error.failure for error in wrong if error.failure), None)
        raise InputError(" ".join(str(error) for error in wrong), failure=failure)
    return read


def _is_value(field: w.Widget) -> bool:
    """A text of several lines is a diff or a file, which the press itself changes."""
    return isinstance(field, CopyField) and not field.multiline
