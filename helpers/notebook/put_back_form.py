"""Putting things back: files, the provider, the public address, what was typed."""

from __future__ import annotations

from collections.abc import Callable

from helpers.core.errors import Conflict, KitError
from helpers.kit import Kit
from helpers.notebook.form import Form, checkbox


class PutBackForm(Form):
    """Each part is tried whatever becomes of the others; what could not be put back is said."""

    def __init__(self, kit: Kit) -> None:
        self.files = checkbox("Undo the changes to files of my projects", True)
        self.provider = checkbox("Put the provider's former settings back in Strapi", True)
        self.forget = checkbox("Forget what I typed into these notebooks")
        super().__init__(kit, [self.files, self.provider, self.forget], "Put it back")

    def autopilot(self) -> None:
        """Only when asked to: on autopilot the setup is what is wanted."""
        if self.kit.settings.autopilot == "undo":
            self.submit()

    def submit(self) -> None:
        chosen = [self._close]
        chosen += [self._undo_files] if self.files.value else []
        chosen += [self._restore_provider] if self.provider.value else []
        chosen += [self._forget] if self.forget.value else []

        def job() -> str:
            said = _all(chosen)
            self.kit.put_away()
            return said

        self.work(job, "Putting things back")

    def _close(self) -> str:
        self.kit.door.close()
        return "the public address is closed"

    def _undo_files(self) -> str:
        names = self.kit.undo.files.undo()
        return f"files as before: {', '.join(names)}; restart Strapi" if names else "no file was changed"

    def _restore_provider(self) -> str:
        kit = self.kit
        names = kit.undo.recorded
        for name in names:
            kit.undo.restore_provider(kit.admin(), name)
        done = "; ".join(f"{name} has its former settings" for name in names) or "no provider was changed"
        others = ", ".join(kit.undo.elsewhere)
        return f"{done}; to put {others} back, set STRAPI_URL to it" if others else done

    def _forget(self) -> str:
        self.kit.forget()
        return "typed values are forgotten"


def _all(parts: list[Callable[[], str]]) -> str:
    done: list[str] = []
    failed: list[KitError] = []
    for part in parts:
        try:
            done.append(part())
        except KitError as error:
            failed.append(error)
    if failed:
        said = "; ".join([*done, *(str(error) for error in failed)])
        raise Conflict(said, evidence=failed[0].evidence, fix=failed[0].fix)
    return "; ".join(done)
