"""Going live: the checks of what is deployed, from outside."""

from __future__ import annotations

import ipywidgets as w

from helpers.core.errors import KitError
from helpers.doctor import checks, diagnosis, golive
from helpers.kit import Kit
from helpers.notebook.form import LABEL, Form, wide
from helpers.notebook.go_live_layout import Deployed
from helpers.notebook.this_setup import the
from helpers.practice.deployment_faults import FAULTS


class GoLiveForm(Form):
    """In a rehearsal something may be set up wrong there first."""

    def __init__(self, kit: Kit) -> None:
        wrong = [("Nothing", 0), *((f"Number {n}", n) for n in range(1, len(FAULTS) + 1))]
        self.wrong = w.Dropdown(options=wrong, description="Set up wrong there", style=LABEL, layout=wide())
        self.wrong.add_class("kit-field")
        self.found = w.HTML()
        super().__init__(kit, [self.wrong], "Check what is deployed")
        self.children = (self.wrong, self.buttons, self.status, self.found)
        self.wrong.layout.display = "" if kit.world else "none"

    def submit(self) -> None:
        shared, wrong = the(Deployed), self.wrong.value

        def job() -> str:
            target = shared.known()
            shared.break_(wrong)
            results = golive.run(
                target, resolve=shared.resolve, cacert=shared.cacert, transport=shared.transport()
            )
            self.found.value = diagnosis.as_html(results)
            if not checks.in_order(results):
                raise self._first(results)
            return diagnosis.headline(results)

        self.work(job, "Looking at both addresses from outside")

    def _first(self, results: list[checks.Result]) -> KitError:
        """What is to be mended first, or what is not known; a person reads the fix in the card below."""
        told = diagnosis.headline(results)
        found = checks.causes(results)
        if not found:
            return KitError(told)
        cause = found[0][0]
        error = KitError(told.replace(f" [{cause.failure}]", ""), failure=cause.failure, fix=cause.fix)
        if not self.unattended:
            error.fix = ()
        return error
