"""Going live begins with two addresses: how they lie to each other, and exactly the lines that they need."""

from __future__ import annotations

import html
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import KitError
from helpers.core.flows import TODAY
from helpers.core.layout import OTHER_SITE
from helpers.core.masking import Secret
from helpers.core.urls import Urls
from helpers.doctor import golive_client
from helpers.doctor.deployment import Target
from helpers.kit import Kit
from helpers.notebook import progress
from helpers.notebook.form import LABEL, Form, note, read_all, text_field, wide
from helpers.notebook.this_setup import the
from helpers.notebook.widgets import CopyField
from helpers.practice.deployment_faults import FAULTS
from helpers.project.go_live import PROXIES, Behind, Snippet, snippets
from helpers.rehearsal.deployed import INSIDE, LAYOUT, DeployedWorld
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD
from helpers.web import way_out

_ADDRESSES = "the two addresses, which nobody has typed"
_FORM = "Type the two addresses first (step 1)."
# Strapi's major version, and whether the project is TypeScript.
_PROJECTS = {
    "Strapi 5, JavaScript": (5, False),
    "Strapi 5, TypeScript": (5, True),
    "Strapi 4, JavaScript": (4, False),
    "Strapi 4, TypeScript": (4, True),
}


class Deployed:
    """What the forms share: the two addresses, the administrator, and in a rehearsal what is played there."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.target = kit, Target("", "", TODAY.provider)
        self.inside, self.email, self.password = "", "", Secret()
        self.resolve: golive_client.Resolved = {}
        self.cacert: Path | None = None
        self.world: DeployedWorld | None = None
        self._faulty = False
        if kit.world:
            self.inside, self.email, self.password = INSIDE, ADMIN_EMAIL, ADMIN_PASSWORD
            self._play(DeployedWorld(saved=False), kit.world.ending)

    def _play(self, world: DeployedWorld, ending: ExitStack) -> None:
        if self.world:
            self.world.close()
        self.world = world.start()
        ending.callback(world.close)

    def break_(self, number: int) -> None:
        """Another deployed setup, in which the fault of this number is planted; 0 is none."""
        if self.world and self.kit.world and (number or self._faulty):
            self._play(DeployedWorld(), self.kit.world.ending)
            self._faulty = number > 0
            if number:
                FAULTS[number - 1].plant(self.world)

    def known(self) -> Target:
        if not self.target.strapi:
            raise KitError(_FORM)
        return self.target

    def transport(self) -> httpx.BaseTransport | None:
        return self.world.internet.transport() if self.world else None

    def http(self) -> httpx.Client:
        """For an administrator, who reaches a staging host as its checks do."""
        dialling = golive_client.dialling(self.resolve, self.cacert)
        return way_out.outward(transport=self.transport(), timeout=10, **dialling)


class LayoutForm(Form):
    """Two addresses in; the layout and exactly its lines out."""

    def __init__(self, kit: Kit) -> None:
        self.strapi = text_field("Strapi's public address", "", "https://api.example.com")
        self.page = text_field("Your page's address", "", "https://www.example.com")
        self.project = w.Dropdown(
            options=list(_PROJECTS), description="Strapi's project", style=LABEL, layout=wide()
        )
        self.project.add_class("kit-field")
        self.resolve = text_field("Hosts without DNS, as curl's --resolve", "", "HOST:PORT:ADDRESS …")
        self.cacert = text_field(
            "File of your own authority, as curl's --cacert", "", "/etc/ssl/staging-ca.pem"
        )
        self.staging = w.Accordion([w.VBox([self.resolve, self.cacert])], titles=["A staging host"])
        self.why, self.lines = w.HTML(), w.VBox()
        shown = [self.strapi, self.page, self.project]
        super().__init__(kit, [*shown, self.resolve, self.cacert], "Show me the lines")
        self.children = (*shown, self.staging, self.buttons, self.status, self.why, self.lines)

    def fill(self) -> None:
        self.staging.layout.display = "none" if self.kit.world else ""
        if self.kit.world:
            self.offer(self.strapi, LAYOUT.strapi)
            self.offer(self.page, LAYOUT.page)

    def go(self) -> None:
        """On autopilot no later step can do anything before the two addresses are there."""
        there = self.strapi.value and self.page.value
        progress.of(self.kit).stopped_by = "" if there else _ADDRESSES
        super().go()

    def submit(self) -> None:
        progress.of(self.kit).stopped_by = ""
        try:
            strapi, page, _ = read_all(
                lambda: inputs.deployed_address(self.strapi.value, "Strapi's address"),
                lambda: inputs.deployed_address(self.page.value, "The page's address", with_path=True),
                self._dial,
            )
        except KitError as error:
            self.refuse(error)
            return
        major, typescript = _PROJECTS[self.project.value]
        typed = Target(strapi, page, TODAY.provider)
        apart = typed.layout.kind == OTHER_SITE
        # Of two sites the page's takes Strapi in under /api, and Strapi stays where it is behind it.
        target = the(Deployed).target = replace(typed, strapi=typed.layout.page) if apart else typed

        def job() -> str:
            behind = Behind(strapi) if apart else None
            found = snippets(
                target.layout, TODAY.provider, strapi_major=major, typescript=typescript, behind=behind
            )
            self.why.value = f'<div class="kit-prose">{html.escape(typed.layout.why)}</div>'
            self.lines.children = [*_lines(found), *_addresses(target.urls)]
            said = f"{typed.layout.title.capitalize()}. The lines stand below"
            return f"{said}: they make {target.strapi} Strapi's public address, too." if apart else f"{said}."

        self.work(job, "Looking at the two addresses")

    def _dial(self) -> None:
        """Whatever goes to these hosts from here on goes there by these."""
        shared, file = the(Deployed), self.cacert.value.strip()
        resolve = golive_client.resolved(self.resolve.value.replace(",", " ").split())
        cacert = Path(file).expanduser() if file else None
        golive_client.dialling(resolve, cacert)
        shared.resolve, shared.cacert = resolve, cacert


def _lines(found: list[Snippet]) -> list[w.Widget]:
    shown = [_block(each) for each in found if each.id not in PROXIES]
    return [
        *(part for each in shown for part in each),
        _Proxies([each for each in found if each.id in PROXIES]),
    ]


def _block(snippet: Snippet) -> tuple[w.Widget, CopyField]:
    why = note(snippet.why)
    why.layout.margin = "14px 2px 0"  # it belongs to what follows
    return why, CopyField(label=snippet.title, value=snippet.text, multiline=True)


class _Proxies(w.VBox):
    """One of them is the person's."""

    def __init__(self, found: list[Snippet]) -> None:
        options = [(each.title, each) for each in found]
        self.choice = w.Dropdown(options=options, description="Your proxy", style=LABEL, layout=wide())
        self.choice.add_class("kit-field")
        self.choice.observe(lambda _: self._show(), "value")
        super().__init__()
        self._show()

    def _show(self) -> None:
        self.children = (self.choice, *_block(self.choice.value))


def _addresses(urls: Urls) -> list[w.Widget]:
    given = dict(
        zip(TODAY.address_labels, (urls.callback, urls.deauthorize, urls.data_deletion), strict=True)
    )
    return [note("For Meta's dashboard (step 3):")] + [
        CopyField(label=label, value=value) for label, value in given.items()
    ]
