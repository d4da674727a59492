"""Changes to the user's projects: shown first, then made, and undone to the byte."""

from __future__ import annotations

import html

import ipywidgets as w

from helpers.core.errors import InputError
from helpers.kit import Kit
from helpers.notebook.form import Form, note, text_field
from helpers.notebook.widgets import Block, CopyField
from helpers.project import overlay
from helpers.project.change import CannotEdit, Plan
from helpers.project.front_end_project import FrontEnd
from helpers.project.front_end_start import installed_node
from helpers.project.strapi_project import (
    ENTRY_FILE,
    PROVIDER_FILE,
    Project,
    entry_source,
    frontend_env,
    provider_source,
)
from helpers.strapi.restart import Providers, sends


class Diff(w.HTML):
    """A unified diff in colours; the signs stay, for those who see none."""

    _CLASSES = {"+": "kit-added", "-": "kit-removed", "@": "kit-place"}  # noqa: RUF012 - never changed

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def show(self, text: str) -> None:
        self.text = text
        lines = [
            f'<span class="{self._CLASSES.get(line[0], "")}">{html.escape(line)}</span>'
            for line in text.splitlines()
        ]
        self.value = f'<pre class="kit-diff" tabindex="0">{chr(10).join(lines)}</pre>' if text else ""


class ProjectForm(Form):
    """One kind of change: :meth:`plan` says what, :meth:`applied` what there is to do then."""

    label = "Your project's folder"
    setting = "strapi_project"

    def __init__(self, kit: Kit) -> None:
        self.folder = text_field(self.label, "", "the whole path")
        self.diff = Diff()
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
        self.diff.show("")
        self.planned, self.by_hand.children = None, []
        super().begin_anew()

    def plan(self, folder: str) -> Plan:
        raise NotImplementedError

    def write(self, planned: Plan) -> str:
        """Write what was shown, and say what there is to do then."""
        raise NotImplementedError

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
            self._lead_on(self.submit_button)
            if not planned.changes:
                return self._nothing(planned)
            self.diff.show("")
            names = ", ".join(change.name for change in planned.changes)
            return f"Written: {names}. {self.write(planned)}"

        self.work(job, "Writing", cancellable=True, also_busy=[self.apply_button])

    def _show(self) -> str:
        folder = self.folder.value.strip()
        if not folder:
            raise InputError("Type the folder of your project, or paste the lines by hand.")
        self.planned = self.plan(folder)
        if folder != getattr(self.kit.settings, self.setting):
            self.kit.learn(**{self.setting: folder})
        self.diff.show(self.planned.diff())
        self.by_hand.children = [
            box for each in self.planned.by_hand for box in _pasted(str(each), each.snippet)
        ]
        if not self.planned.changes:
            return self._nothing(self.planned)
        self._lead_on(self.apply_button)
        return f"{len(self.planned.changes)} file(s) would change: read what, then press Apply"

    def _lead_on(self, button: w.Button) -> None:
        """The primary button is the one to press next."""
        for each in (self.submit_button, self.apply_button):
            each.button_style = "primary" if each is button else ""

    def _nothing(self, plan: Plan) -> str:
        if plan.by_hand:
            return "There is something only you can change: see above"
        return "Nothing to change: it is like that already"


class StrapiForm(ProjectForm):
    """A change that the running Strapi has to take over; :meth:`has_it` tells by its providers if it has."""

    label = "Your Strapi project's folder"
    checks: tuple[str, ...] = ("server-url", "strapi")

    def write(self, planned: Plan) -> str:
        restart = self.kit.restart(lambda text: self.status.say("busy", text), self._cancelled)
        how = restart.look()  # in a moment it may be down
        planned.apply(self.kit.undo.files)
        taken_over = restart.wait(how, self.has_it)
        self.kit.strapi.changed()
        return taken_over

    def has_it(self, providers: Providers) -> bool:
        raise NotImplementedError


class BackendForm(StrapiForm):
    """The public address in a file of its own, which Strapi merges over ``config/server``."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self.take_out_button = w.Button(description="Take it out", layout=w.Layout(width="auto"))
        self.take_out_button.on_click(lambda _: self.take_out())
        self.buttons.children = [*self.buttons.children, self.take_out_button]
        self.take_out_button.layout.display = "none"
        self._look_for_an_old_one()

    def begin_anew(self) -> None:
        super().begin_anew()
        self.take_out_button.layout.display = "none"
        self._look_for_an_old_one()

    def plan(self, folder: str) -> Plan:
        if not self.kit.public_url:
            raise InputError("There is no public address yet: start the tunnel first.")
        return self.kit.address_plan(Project(folder))

    def has_it(self, providers: Providers) -> bool:
        return sends(providers, self.kit.public_url)

    def take_out(self) -> None:
        """Only this file: what else the kit has changed stays."""

        def job() -> str:
            restart = self.kit.restart(lambda text: self.status.say("busy", text), self._cancelled)
            how, old = restart.look(), self._old_ones()
            names = self.kit.take_out_overlays()
            self.take_out_button.layout.display = "none"
            if not names:
                return "It is gone already"
            gone = restart.wait(how, lambda found: not any(sends(found, address) for address in old))
            return f"Taken out: {', '.join(names)}. {gone}"

        self.work(job, "Taking it out", cancellable=True, also_busy=[self.take_out_button])

    def _look_for_an_old_one(self) -> None:
        old = self._old_ones()
        if old and not self.kit.settings.autopilot and not self.status.kind:
            self.take_out_button.layout.display = ""
            self.status.say(
                "note",
                f"Your project still has {old[0]} of an earlier time, which leads nowhere from here. "
                "Start the tunnel and apply the new address, or take it out.",
            )

    def _old_ones(self) -> list[str]:
        try:
            found = Project(self.kit.settings.strapi_project).overlays()
        except InputError:
            return []
        return [address for address in found.values() if address != self.kit.gateway.public]


class ProviderFileForm(StrapiForm):
    """The file that gives Strapi today's Instagram login."""

    step = "3.0 One file, for today's login"
    checks = ()  # no step's check looks at the file itself

    def plan(self, folder: str) -> Plan:
        return Plan() if self.kit.flow.retired else Project(folder).provider()

    def has_it(self, providers: Providers) -> bool:
        return self.kit.flow.provider in providers


class FrontEndForm(ProjectForm):
    """The backend's address in the front end's own variable."""

    label, setting = "Your front end's folder", "frontend_project"
    step, checks = "1.3 Tell your front end", ("front-end-project",)

    def plan(self, folder: str) -> Plan:
        if not self.kit.public_url:
            raise InputError("There is no public address yet: start the tunnel first.")
        frontend = FrontEnd(folder)
        told = (frontend.warning(installed_node()), frontend.other_provider(self.kit.flow.provider))
        known = Plan(by_hand=tuple(CannotEdit(str(each), "\n".join(each.fix)) for each in told if each))
        return known + frontend.address(self.kit.public_url)

    def write(self, planned: Plan) -> str:
        planned.apply(self.kit.undo.files)
        if self.kit.world:
            return "The rehearsal's front end has read it; yours must be stopped and started for that"
        return "Stop and start your front end: it reads the variable when it starts"


def _pasted(reason: str, snippet: str) -> list[w.Widget]:
    return [note(reason), CopyField(label="Paste this", value=snippet, multiline=True)]


def by_hand(kit: Kit) -> Block:
    """The same to copy, for projects that this machine cannot reach."""
    fields = [
        CopyField(label=overlay.path("development", "js"), multiline=True),
        CopyField(label=overlay.path("development", "ts"), multiline=True),
        CopyField(label="The front end's .env", multiline=True),
    ]

    def fill() -> None:
        public = kit.urls.public
        for field, language in zip(fields, ("js", "ts"), strict=False):
            field.value = overlay.source(public, language) if public else ""
        fields[2].value = frontend_env(kit.urls)

    fill()
    kit.on_change(fill)
    return Block([w.Accordion([w.VBox(fields)], titles=["By hand instead"])])


def provider_file(_kit: object = None) -> Block:
    """The file with today's Instagram login and the one that brings it in, to read and to copy."""
    field = CopyField(label=PROVIDER_FILE, value=provider_source(), multiline=True)
    entry = CopyField(label=ENTRY_FILE, value=entry_source(), multiline=True)
    lines = len(field.value.splitlines())
    titles = [f"Read {PROVIDER_FILE} ({lines} lines)"]
    return Block([w.Accordion([w.VBox([field, entry])], titles=titles)])
