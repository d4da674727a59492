"""Faults at Meta: the app's settings, the account, and Instagram's own bad days."""

from __future__ import annotations

from helpers.core.flows import DOCUMENTED
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.kit import Kit
from helpers.practice.fault import Fault, all_of, edited, instagram, nothing, saved, world


def _deny(kit: Kit) -> None:
    robot = kit.browser()
    robot.finish(robot.start(), allow=False)


def _two_addresses_missing(kit: Kit) -> None:
    world(kit).meta.addresses.drop("deauthorize", "deletion")


def _call_back_twice(kit: Kit) -> None:
    robot = kit.browser(twice=frozenset({kit.urls.callback_path}))
    robot.finish(robot.start(), allow=True)


def _change_url_midway(kit: Kit) -> None:
    """Strapi is restarted with another address while Instagram asks for the consent."""
    robot = kit.browser()
    question = robot.start()
    edited("config/env/development/server.js", "url: '(.*)'", r"url: '\1/backend'")(kit)
    robot.finish(question, allow=True)


FAULTS = {
    known.INSTAGRAM_PAGE_UNAVAILABLE: Fault(
        all_of(saved(authorize_url=DOCUMENTED.authorize_url), instagram(api_page_unavailable=True)),
        practice=True,
    ),
    known.USER_PROFILE_SCOPE_REFUSED: Fault(saved(scope=[DOCUMENTED.scope]), practice=True),
    known.NO_VALID_SCOPE: Fault(saved(scope=["business_basic"])),
    known.APP_NOT_RECOGNISED: Fault(saved(key="1184467019273355"), practice=True),
    known.REDIRECT_URI_REFUSED: Fault(lambda kit: world(kit).meta.addresses.add_slashes(), practice=True),
    known.REDIRECT_URI_CHANGED: Fault(nothing, _change_url_midway),
    known.CLIENT_SECRET_WRONG: Fault(
        lambda kit: setattr(world(kit).meta.app, "client_secret", Secret("0" * 32)), practice=True
    ),
    known.CODE_USED_OR_EXPIRED: Fault(nothing, _call_back_twice, engine="token", flow="documented"),
    known.NO_ROLE_IN_APP: Fault(lambda kit: world(kit).meta.uninvite(), practice=True),
    known.SESSION_INVALID: Fault(_two_addresses_missing, practice=True),
    known.PROFILE_REFUSED: Fault(instagram(graph_error=100)),
    known.TOKEN_REFUSED: Fault(instagram(graph_error=190)),
    known.PERSON_DECLINED: Fault(nothing, _deny),
    known.INSTAGRAM_GENERAL_ERROR: Fault(instagram(oops="authorize")),
    known.CLIENT_ID_MALFORMED: Fault(saved(key='"563883201184965"')),
    known.REDIRECT_LOOP_AT_INSTAGRAM: Fault(instagram(checkpoint=True)),
}
