"""Changes to the user's projects: shown first, then made, and undone to the byte."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import ipywidgets as w

from helpers.core.errors import InputError, KitError, Stopped
from helpers.doctor import checks
from helpers.doctor.checks import PASSED
from helpers.kit import Kit
from helpers.notebook.form import Form, note, text_field
from helpers.notebook.widgets import Block, CopyField
from helpers.project.change import Plan
from helpers.project.front_end_project import FrontEnd, installed_node
from helpers.project.javascript import CannotEdit
from helpers.project.strapi_project import (
    PROVIDER_FILE,
    Project,
    backend_env,
    frontend_env,
    provider_source,
    server_config,
)

_RESTART = 120.0  # seconds a person may take to restart Strapi
_LOOK = 12.0  # seconds between two looks: a look may be a login, and the kit begins five a minute at most


class ProjectForm(Form):
    """One kind of change: :meth:`plan` says what, :meth:`applied` what there is to do then."""

    label = "Your project's folder"
    setting = "strapi_project"

    def __init__(self, kit: Kit) -> None:
        self.folder = text_field(self.label, "", "the whole path")
        self.diff = CopyField(label="What will change", multiline=True)
        self.by_hand = w.VBox()
        self.apply_button = w.Button(description="Apply", layout=w.Layout(width="auto"))
        self.apply_button.on_click(lambda _: self.apply())
        self.planned: Plan | None = None
        super().__init__(kit, [self.folder, self.diff, self.by_hand], "Show the changes")
        self.buttons.children = [self.submit_button, self.apply_button, self.cancel_button]

    def fill(self) -> None:
        self.offer(self.folder, getattr(self.kit.settings, self.setting))
        self.folder.disabled = self.kit.world is not None  # a rehearsal touches no project of yours

    def begin_anew(self) -> None:
        self.planned, self.diff.value, self.by_hand.children = None, "", []
        super().begin_anew()

    def plan(self, folder: str) -> Plan:
        raise NotImplementedError

    def applied(self) -> str:
        return "Written"

    def autopilot(self) -> None:
        if self.folder.value:
            self.apply()

    def submit(self) -> None:
        self.work(self._show, "Reading the project")

    def apply(self) -> None:
        """Write exactly what was shown; a press before that shows it, except on autopilot."""

        def job() -> str:
            shown = "" if self.planned else self._show()
            if (shown and not self.unattended) or self.planned is None:
                return shown
            planned, self.planned = self.planned, None
            if not planned.changes:
                return self._nothing(planned)
            planned.apply(self.kit.undo.files)
            names = ", ".join(change.name for change in planned.changes)
            self.diff.value = ""
            return f"Written: {names}. {self.applied()}"

        self.work(job, "Writing", cancellable=True, also_busy=[self.apply_button])

    def wait_for_restart(self, restarted: Callable[[], bool]) -> None:
        """Ask until Strapi is back with the change; a person restarts it meanwhile."""
        self.status.say("busy", "Restart Strapi now; waiting for it to come back with the change")
        until = time.monotonic() + _RESTART
        while time.monotonic() < until:
            if self._cancelled.wait(_LOOK):
                raise Stopped("The files are written; restart Strapi, then press Check again")
            self.kit.strapi.forget()
            with suppress(KitError):
                if restarted():
                    return
        raise Stopped("Strapi did not come back with the change: restart it, then press Check again")

    def _show(self) -> str:
        folder = self.folder.value.strip()
        if not folder:
            raise InputError("Type the folder of your project, or paste the lines by hand.")
        self.planned = self.plan(folder)
        if folder != getattr(self.kit.settings, self.setting):
            self.kit.learn(**{self.setting: folder})
        self.diff.value = self.planned.diff()
        self.by_hand.children = [
            box for each in self.planned.by_hand for box in _pasted(str(each), each.snippet)
        ]
        if not self.planned.changes:
            return self._nothing(self.planned)
        return f"{len(self.planned.changes)} file(s) would change: read what, then press Apply"

    def _nothing(self, plan: Plan) -> str:
        if plan.by_hand:
            return "There is something only you can change: see above"
        return "Nothing to change: it is like that already"


class BackendForm(ProjectForm):
    """``config/server`` reads its ``url`` from ``.env``, and ``.env`` has the public address."""

    label = "Your Strapi project's folder"
    checks = ("server-url", "strapi")

    def plan(self, folder: str) -> Plan:
        if not self.kit.public_url:
            raise InputError("There is no public address yet: start the tunnel first.")
        return Project(folder).address(self.kit.public_url)

    def applied(self) -> str:
        """Strapi reads its configuration when it starts, so somebody must start it again."""
        kit = self.kit
        if kit.world:
            kit.world.restart_strapi()
            kit.strapi.changed()
            return f"The rehearsal's Strapi was restarted with PUBLIC_URL={kit.public_url}"
        if not (kit.settings.strapi_admin_email and kit.settings.strapi_admin_password):
            return "Restart Strapi. What it sends then is checked in chapter 3"
        self.wait_for_restart(lambda: checks.run_one(kit, "server-url").status == PASSED)
        return "Strapi was restarted and sends the new address"


class ProviderFileForm(ProjectForm):
    """The file that gives Strapi today's Instagram login."""

    step = "3.0 One file, for today's login"
    label = "Your Strapi project's folder"

    def plan(self, folder: str) -> Plan:
        return Plan() if self.kit.flow.retired else Project(folder).provider()

    def applied(self) -> str:
        kit = self.kit
        if kit.world:
            return "The rehearsal's Strapi knows it"
        if not (kit.settings.strapi_admin_email and kit.settings.strapi_admin_password):
            return "Restart Strapi, then go on"
        self.wait_for_restart(lambda: kit.flow.provider in kit.admin().providers())
        return f"Strapi was restarted and knows the provider {kit.flow.provider}"


class FrontEndForm(ProjectForm):
    """The backend's address in the front end's own variable."""

    label, setting = "Your front end's folder", "frontend_project"

    def __init__(self, kit: Kit) -> None:
        self._nothing_to_do = note("In a rehearsal there is no front-end project: nothing to do here.")
        super().__init__(kit)

    def fill(self) -> None:
        super().fill()
        form = [*self.fields, self.buttons, self.status]
        self.children = [self._nothing_to_do] if self.kit.world else form

    def plan(self, folder: str) -> Plan:
        if not self.kit.public_url:
            raise InputError("There is no public address yet: start the tunnel first.")
        frontend = FrontEnd(folder)
        warning = frontend.warning(installed_node())
        known = Plan(by_hand=(CannotEdit(str(warning), "\n".join(warning.fix)),)) if warning else Plan()
        return known + frontend.address(self.kit.public_url)

    def applied(self) -> str:
        return "Stop and start your front end: it reads the variable when it starts"


def _pasted(reason: str, snippet: str) -> list[w.Widget]:
    return [note(reason), CopyField(label="Paste this", value=snippet, multiline=True)]


def by_hand(kit: Kit) -> Block:
    """The same lines to copy, for projects that this machine cannot reach."""
    fields = [
        CopyField(label="config/server.js (or .ts)", value=server_config(), multiline=True),
        CopyField(label="Strapi's .env", multiline=True),
        CopyField(label="The front end's .env", multiline=True),
    ]

    def fill() -> None:
        fields[1].value, fields[2].value = backend_env(kit.urls), frontend_env(kit.urls)

    fill()
    kit.on_change(fill)
    return Block([w.Accordion([w.VBox(fields)], titles=["By hand instead"])])


def provider_file(_kit: object = None) -> Block:
    """The file that gives Strapi today's Instagram login, to read and to copy."""
    field = CopyField(label=PROVIDER_FILE, value=provider_source(), multiline=True)
    lines = len(field.value.splitlines())
    return Block([w.Accordion([field], titles=[f"Read {PROVIDER_FILE} ({lines} lines)"])])
