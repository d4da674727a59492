"""The way back as one journey with the running Strapi in it: provider, users, files, and a look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.core.errors import Conflict, InputError, KitError, Unreachable
from helpers.core.flows import FLOWS, TODAY
from helpers.project.strapi_project import PROVIDER_FILE
from helpers.strapi.client import Admin
from helpers.strapi.provider_undo import Undo
from helpers.strapi.restart import DOWN, Providers, Restart, sends

_EXTENSION = Path(PROVIDER_FILE).parent.name


class PutBack:
    """Puts back what the kit has changed in one Strapi and its project.

    The provider comes first: Strapi restarts as soon as a file goes, and drops the provider with its file. So
    the file stays while the provider's settings are not back, which may be somebody else's by now. Each part
    is tried whatever becomes of the others, and says what it did: ``done`` has the sentences.

    Args:
        admin: signs in; None while nobody has typed the pair.
        public: the public address that Strapi shall no longer send.
    """

    def __init__(self, undo: Undo, admin: Callable[[], Admin] | None, restart: Restart, public: str) -> None:
        self._undo, self._admin, self._restart, self._public = undo, admin, restart, public
        self.done: list[str] = []
        self._failed: list[KitError] = []

    def run(self, *, providers: bool = True, files: bool = True, users: bool = False) -> None:
        """Raises Conflict, with all sentences in it, when something could not be put back."""
        how = self._restart.look() if self._undo.recorded or self._undo.files.entries() else DOWN
        if providers:
            self._try(lambda: self._put_providers_back(how, users=users))
        if files:
            self._try(lambda: self._put_files_back(how, provider_file=not self._failed))
        if self._failed:
            said = "; ".join([*self.done, *(str(error).rstrip(".") for error in self._failed)])
            evidence = "\n".join(filter(None, (error.evidence for error in self._failed)))
            fix = [step for error in self._failed for step in error.fix]
            raise Conflict(said, evidence=evidence, fix=list(dict.fromkeys(fix)))

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except KitError as error:
            self._failed.append(error)

    def _put_providers_back(self, how: str, *, users: bool) -> None:
        names = self._undo.recorded
        if not names:
            self.done.append("no provider was changed")
        for name in names:
            if how == DOWN:
                raise Unreachable(
                    f"Strapi does not run, so the settings of {name} are not put back",
                    fix=["Start Strapi and press again, or take the tick away from the provider's settings."],
                )
            if self._admin is None:
                raise InputError(
                    f"The settings of {name} are not put back",
                    fix=[
                        "Type the e-mail address and password of your Strapi administrator, then press again."
                    ],
                )
            self._look_after_users(self._admin(), name, delete=users)
            here = self._undo.restore_provider(self._admin(), name)
            self.done.append(f"{name} has its former settings" if here else f"Strapi has dropped {name}")
        if others := ", ".join(self._undo.elsewhere):
            self.done.append(f"to put {others} back, set STRAPI_URL to it")

    def _look_after_users(self, admin: Admin, provider: str, *, delete: bool) -> None:
        """Those that logins of this setup have made are real users of this Strapi."""
        domains = [flow.email_domain for flow in FLOWS.values() if flow.provider == provider]
        since = self._undo.since(provider)
        made = [user for domain in domains for user in admin.users(domain) if user.created >= since]
        if not made:
            return
        names = ", ".join(user.username for user in made)
        if delete:
            for user in made:
                admin.delete_user(user)
        left = "is deleted" if delete else "stays in Strapi: tick its box to delete it"
        self.done.append(f"the user of your login, {names}, {left}")

    def _put_files_back(self, how: str, *, provider_file: bool) -> None:
        undone = self._undo.files.undo(only=lambda path: provider_file or path.parent.name != _EXTENSION)
        if not undone:
            self.done.append("no file was changed")
            return
        self.done.append(f"files as before: {', '.join(undone)}")
        without_file = any(Path(name).parent.name == _EXTENSION for name in undone)
        if not without_file and not any(Path(name).stem == "server" for name in undone):
            return  # the front end's own

        def seen(found: Providers) -> bool:
            still_known = without_file and TODAY.provider in found
            return not still_known and not (self._public and sends(found, self._public))

        self.done.append(self._restart.wait(how, seen))
