"""What the person gave to one setup, and who wants to know when that, or what was made of it, changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from helpers.core import settings as files
from helpers.core.errors import InputError
from helpers.core.masking import Secret
from helpers.core.settings import Settings

Listener = Callable[[], object]


class Facts:
    """``settings`` are this kernel's; only what is learned is kept in a file, too."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.riddle = False  # an exercise: what is wrong is seen, but named only when asked for
        self._on_change: list[Listener] = []
        self._on_renewal: list[Listener] = []

    def use(self, **typed: Any) -> None:
        """Take over what was typed, in this kernel only."""
        self.settings = replace(self.settings, **typed)

    def learn(self, *, keep_secrets: bool = False, **typed: Any) -> None:
        """Take over what was typed and keep it for the next kernel; secrets only when asked to."""
        self.use(**typed)
        kept = {name: value for name, value in typed.items() if keep_secrets or not isinstance(value, Secret)}
        try:
            files.remember(self.settings, **kept)
        except InputError:
            # A rehearsal goes on without, as in a read-only checkout; unless it was asked to keep something.
            if self.settings.live or keep_secrets:
                raise

    def forget(self) -> None:
        """Remove what was typed in this mode from its file, remembered secrets included."""
        files.remember(self.settings, **dict.fromkeys(files.TYPED, ""))

    def on_change(self, listener: Listener) -> None:
        """Call ``listener`` whenever something may have changed, on the thread that changed it."""
        self._on_change.append(listener)

    def on_renewal(self, listener: Listener) -> None:
        """Call ``listener`` when another setup has begun, before anybody measures it."""
        self._on_renewal.append(listener)

    def changed(self) -> None:
        """Tell everybody who shows a measured state to measure again."""
        for listener in list(self._on_change):
            listener()

    def renewed(self) -> None:
        """Tell everybody who shows a fact that it may be another one."""
        for listener in list(self._on_renewal):
            listener()
