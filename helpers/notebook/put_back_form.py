"""Putting things back: the provider, files, the public address, what was typed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import Conflict, KitError, Stopped, Unreachable
from helpers.kit import Kit
from helpers.notebook.form import Form, checkbox
from helpers.project.strapi_project import PROVIDER_FILE
from helpers.strapi import restart

_RESTART = 90.0  # seconds; a TypeScript project takes 9 to 25


class PutBackForm(Form):
    """Each part is tried whatever becomes of the others; what could not be put back is said.

    The provider comes before the files: Strapi restarts as soon as one of these is back.
    """

    def __init__(self, kit: Kit) -> None:
        self.provider = checkbox("Put the provider's former settings back in Strapi", True)
        self.files = checkbox("Undo the changes to files of my projects", True)
        self.forget = checkbox("Forget what I typed into these notebooks")
        super().__init__(kit, [self.provider, self.files, self.forget], "Put it back")

    def autopilot(self) -> None:
        """Only when asked to: on autopilot the setup is what is wanted."""
        if self.kit.settings.autopilot == "undo":
            self.submit()

    def submit(self) -> None:
        chosen = [self._close]
        chosen += [self._restore_provider] if self.provider.value else []
        chosen += [self._undo_files] if self.files.value else []
        chosen += [self._forget] if self.forget.value else []

        def job() -> str:
            said = _all(chosen)
            self.kit.put_away()
            return said

        self.work(job, "Putting things back", cancellable=True)

    def _close(self) -> str:
        self.kit.door.close()
        return "the public address is closed"

    def _restore_provider(self) -> str:
        kit = self.kit
        names = kit.undo.recorded
        if names:
            restart.wait_until_up(kit.strapi, self._cancelled)
        for name in names:
            kit.undo.restore_provider(kit.admin(), name)
        done = "; ".join(f"{name} has its former settings" for name in names) or "no provider was changed"
        others = ", ".join(kit.undo.elsewhere)
        return f"{done}; to put {others} back, set STRAPI_URL to it" if others else done

    def _undo_files(self) -> str:
        if not self.kit.undo.files.entries():
            return "no file was changed"
        watching = self._strapi_watches()  # asked first: in a moment it may be down
        names = self.kit.undo.files.undo()
        said = f"files as before: {', '.join(names)}"
        if not watching:
            return f"{said}; now restart Strapi: Ctrl-C where it runs, then start it again"
        self.status.say("busy", "Strapi restarts by itself; waiting for it to come back without the change")
        project = self.kit.settings.strapi_project
        if not restart.wait(lambda: self._is_without(names), _RESTART, self._cancelled, project):
            raise Stopped(f"{said}; Strapi did not come back without them: look where it runs what it says")
        return f"{said}; Strapi has restarted without them"

    def _strapi_watches(self) -> bool:
        """Only an administrator can see it."""
        given = self.kit.settings
        if not (given.strapi_admin_email and given.strapi_admin_password):
            return False
        with suppress(Unreachable):
            restart.wait_until_up(self.kit.strapi, self._cancelled)
            return self.kit.admin().restarts_by_itself()
        return False

    def _is_without(self, names: list[str]) -> bool:
        kit = self.kit
        if kit.world:
            kit.world.restart_strapi()
        providers = kit.admin().providers()
        undone = any(Path(name).stem == Path(PROVIDER_FILE).stem for name in names)
        # A rehearsal's Strapi knows the provider with and without the file.
        if undone and kit.world is None and kit.flow.provider in providers:
            return False
        sent = [str(entry.get("redirectUri", "")) for entry in providers.values()]
        return not any(kit.public_url and uri.startswith(kit.public_url) for uri in sent)

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
