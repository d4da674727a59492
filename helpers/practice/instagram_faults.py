"""Faults at Meta: the app's settings, the account, and Instagram's own bad days."""

from __future__ import annotations

from helpers.core.flows import DOCUMENTED
from helpers.core.masking import Secret
from helpers.kit import Kit
from helpers.practice.fault import Fault, all_of, edited, instagram, nothing, saved, world


def _deny(kit: Kit) -> None:
    robot = kit.browser()
    robot.finish(robot.start(), allow=False)


def _call_back_twice(kit: Kit) -> None:
    robot = kit.browser(twice=frozenset({kit.urls.callback_path}))
    robot.finish(robot.start(), allow=True)


def _change_url_midway(kit: Kit) -> None:
    """Strapi is restarted with another address while Instagram asks for the consent."""
    robot = kit.browser()
    question = robot.start()
    edited(".env", "PUBLIC_URL=(.*)", r"PUBLIC_URL=\1/backend")(kit)
    robot.finish(question, allow=True)


FAULTS = {
    "B01": Fault(
        all_of(saved(authorize_url=DOCUMENTED.authorize_url), instagram(api_page_unavailable=True)),
        practice=True,
    ),
    "B02": Fault(saved(scope=[DOCUMENTED.scope]), practice=True),
    "B03": Fault(saved(scope=["business_basic"])),
    "B04": Fault(saved(key="1184467019273355"), practice=True),
    "B05": Fault(lambda kit: world(kit).meta_app.redirect_uris.clear(), practice=True),
    "B06": Fault(nothing, _change_url_midway),
    "B07": Fault(lambda kit: setattr(world(kit).meta_app, "client_secret", Secret("0" * 32)), practice=True),
    "B08": Fault(nothing, _call_back_twice, engine="token", flow="documented"),
    "B09": Fault(instagram(not_a_tester=True), practice=True),
    "B10": Fault(instagram(incomplete_form=True), practice=True),
    "B11": Fault(instagram(graph_error=100), practice=True),
    "B12": Fault(instagram(graph_error=190), practice=True),
    "B18": Fault(nothing, _deny),
    "B19": Fault(instagram(oops="authorize")),
    "B20": Fault(instagram(checkpoint=True)),
}
