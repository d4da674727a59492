"""How far the setup is: measured once for everybody who shows it, whenever something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from helpers.core.errors import KitError
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, Result
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.share_progress import tell_board

_of: WeakKeyDictionary[Kit, Progress] = WeakKeyDictionary()


def of(kit: Kit) -> Progress:
    """The one of this setup."""
    if kit not in _of:
        _of[kit] = Progress(kit)
    return _of[kit]


class Progress:
    """``results`` are the last ones of each check that somebody shows; ``busy`` is what is worked on."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.results: dict[str, Result] = {}
        self.busy: set[str] = set()
        self.stopped_by = ""  # on autopilot: the step that failed, for which all later ones wait
        self._names: list[str] = []
        self._watchers: list[Callable[[], object]] = []
        self._again = False
        self._pending: asyncio.Task[None] | None = None
        kit.on_change(tasks.on_loop(self.schedule))
        kit.on_renewal(tasks.on_loop(self._begin_anew))

    def watch(self, names: Iterable[str], show: Callable[[], object]) -> None:
        """Measure these, too, and call ``show`` after each measurement."""
        self._names += [name for name in names if name not in self._names]
        self._watchers.append(show)

    def schedule(self) -> None:
        """Measure all that is watched; a change meanwhile leads to one more measurement."""
        if self._pending and not self._pending.done():
            self._again = True
            return
        self._pending = asyncio.get_running_loop().create_task(self._measure_all())

    async def _measure_all(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            await self.measure(self._names)

    async def measure(self, names: Sequence[str]) -> None:
        flow = self.kit.flow, self.kit.settings.mode
        found = await asyncio.to_thread(checks.run, self.kit, tuple(names))
        if flow != (self.kit.flow, self.kit.settings.mode):
            return  # of a setup that is over
        found = [self._as_tried(each) for each in found]
        if self.kit.riddle:
            found = [checks.veiled(each) for each in found]
        self.results |= {each.id: each for each in found}
        self.show()
        await tell_board(self.kit.settings, found)

    def show(self) -> None:
        for watcher in self._watchers:
            watcher()

    def works_on(self, names: Iterable[str]) -> None:
        self.busy.update(names)
        self.show()

    def has_worked_on(self, names: Iterable[str]) -> None:
        self.busy.difference_update(names)

    def done(self, name: str) -> bool:
        result = self.results.get(name)
        return result is not None and result.status == PASSED

    def _as_tried(self, result: Result) -> Result:
        """Red is for what was tried and failed: before its step was done, nothing can have failed."""
        if result.status != FAILED or result.id in self.kit.tried or self._recorded(result.id):
            return result
        return replace(result, status=NOT_YET)

    def _recorded(self, name: str) -> bool:
        """Whether an earlier kernel has done this step, as far as the kit keeps what it changed."""
        try:
            if name == "server-url":
                return bool(self.kit.undo.files.entries())
            return name == "provider" and self.kit.flow.provider in self.kit.undo.recorded
        except KitError:  # told where it is needed
            return False

    def _begin_anew(self) -> None:
        self.results.clear()
        self.busy.clear()
        self.stopped_by = ""
        self.show()
