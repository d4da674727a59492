"""What the cells of the notebooks call: one line each, in any order, as often as one likes."""

from __future__ import annotations

from IPython.display import display

from helpers.kit import Kit
from helpers.notebook import check_views, failure_forms, progress, project_forms, ready, setup_forms, tasks
from helpers.notebook.board_view import Board
from helpers.notebook.chapter_head import Head
from helpers.notebook.form import Form
from helpers.notebook.login_form import LoginForm
from helpers.notebook.login_view import Trace
from helpers.notebook.meta_form import MetaForm
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.share_progress import ShareForm, Sharing
from helpers.notebook.start_form import StartForm
from helpers.notebook.steps import CHAPTERS, GO_LIVE
from helpers.notebook.this_setup import made, the, this_setup
from helpers.notebook.tunnel_form import TunnelForm

# The forms of the chapters, for whoever catches up.
_FORMS: dict[int, tuple[type[Form], ...]] = {
    1: (TunnelForm, project_forms.BackendForm, project_forms.FrontEndForm),
    2: (MetaForm, setup_forms.CredentialsForm),
    3: (project_forms.ProviderFileForm, setup_forms.ProviderForm),
    4: (LoginForm,),
}


def chapter(number: int) -> Kit:
    """The setup of this kernel, and the head of a chapter: where it stands, and a way to catch up."""
    kit = this_setup()
    ready.has_run(number)
    if number == 0:
        progress.of(kit).stopped_by = ""
        tasks.forget_failed()
    head = the(Head, number)
    head.earlier = lambda: _earlier(number)
    display(head)
    progress.of(kit).schedule()
    return kit


def _earlier(number: int) -> list[Form]:
    before = [forms for chapter, forms in _FORMS.items() if chapter < max(number, 2)]
    return [the(form) for forms in before for form in forms]


def _show(form: type[Form]) -> None:
    """On autopilot a form presses itself when it is made; one that did not succeed tries again."""
    again = made(form)
    shown = the(form)
    display(shown)
    if again and shown.kit.settings.autopilot and shown.status.kind != "ok":
        shown.go()


def board() -> None:
    """All steps at a glance, true at any moment; each row leads to its step."""
    display(the(Board))
    progress.of(this_setup()).schedule()


def start_form() -> None:
    """Choose rehearsal or live, and which login; another choice begins another setup in this kernel."""
    _show(StartForm)


def share() -> None:
    """In a workshop: the switch that shows the facilitator how far one is; anywhere else nothing."""
    if Sharing(this_setup().settings).offered:
        display(the(ShareForm))


def tunnel_form() -> None:
    """Start and stop the public address."""
    _show(TunnelForm)


def backend_form() -> None:
    """Write the public address into the backend's files, shown first and put back on demand."""
    _show(project_forms.BackendForm)


def front_end_form() -> None:
    """Write the backend's address into the front end's own variable."""
    _show(project_forms.FrontEndForm)


def by_hand() -> None:
    """The same lines to copy, for projects that this machine cannot reach."""
    display(the(project_forms.by_hand))


def meta_dashboard() -> None:
    """In a rehearsal, Meta's dashboard to operate."""
    _show(MetaForm)


def addresses_form() -> None:
    """The three addresses that Meta must know, each to copy."""
    _show(setup_forms.UrlsForm)


def credentials_form() -> None:
    """The ID and the secret of the Instagram app."""
    _show(setup_forms.CredentialsForm)


def provider_file_form() -> None:
    """Write the file that gives Strapi today's Instagram login; it can be read and copied, too."""
    _show(project_forms.ProviderFileForm)
    display(the(project_forms.provider_file))


def provider_form() -> None:
    """Strapi's provider settings: the form of its admin panel, for this one provider."""
    _show(setup_forms.ProviderForm)


def login_form() -> None:
    """Log in, by a robot or in a real tab, and wait until the login was witnessed."""
    _show(LoginForm)


async def login_trace() -> None:
    """The latest login, hop by hop, while it happens."""
    trace = the(Trace)
    trace.show()
    if trace.kit.settings.autopilot:
        await tasks.settled()
        trace.draw()


async def check(name: str) -> None:
    """Show whether a step is done; on autopilot wait for its form, and fail if the step has failed."""
    card = the(check_views.Check, name)
    display(card)
    if card.kit.settings.autopilot:
        await check_views.settle(card)
    else:
        card.progress.schedule()


async def doctor() -> None:
    """Every check at once when asked: what to mend first, what follows from it, and what is in order."""
    ready.has_run("doctor")
    shown = the(check_views.Doctor)
    display(shown)
    if shown.kit.settings.autopilot:
        await shown.settle()


def what_do_you_see() -> None:
    """A field to paste into, and the pages of the failures that fit, best first."""
    ready.has_run("what do you see")
    display(the(failure_forms.what_do_you_see))


def failure_pages() -> None:
    """Every known failure by what the reader sees, as a page; first those that only a person can see."""
    display(the(failure_forms.failure_pages))


async def put_back_form() -> None:
    """Put files, provider and public address back as they were."""
    _show(PutBackForm)
    if this_setup().settings.autopilot:
        await tasks.settled()
        tasks.raise_failed()


def go_live_forms() -> dict[str, type[Form]]:
    """Imported here: the first notebook needs neither these nor the stand-ins behind them."""
    from helpers.notebook.go_live_check import GoLiveForm
    from helpers.notebook.go_live_layout import LayoutForm
    from helpers.notebook.go_live_strapi import ProductionLoginForm, ProductionProviderForm

    forms = (LayoutForm, ProductionProviderForm, GoLiveForm, ProductionLoginForm)
    return dict(zip(GO_LIVE, forms, strict=True))


async def go_live(step: str) -> None:
    """A step of going live: ``lines`` for two addresses, the ``provider`` there, a ``check``, a ``login``."""
    form = go_live_forms()[step]
    ready.has_run(step)
    _show(form)
    if this_setup().settings.autopilot:
        await check_views.settle_form(the(form))


def practice_form() -> None:
    """Break one thing on purpose, and find it, in a rehearsal that this kernel has for itself."""
    from helpers.notebook.practice_room import PracticeForm  # the stand-ins come with it

    kit = this_setup()
    ready.has_run("practice")
    if kit.settings.live or kit.flow.retired:
        kit.renew(KIT_MODE="rehearsal", KIT_FLOW="today")
    _show(PracticeForm)


def all_ready(first: str = CHAPTERS[0]) -> None:
    """The end of a run: all is ready, and the reader is back at the top, above the heading ``first``."""
    shown = the(ready.Ready, first)
    shown.arrive()
    display(shown)
