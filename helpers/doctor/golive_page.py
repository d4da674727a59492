"""The deployed page: does it answer, also where people come back, and what do its scripts seem to do."""

from __future__ import annotations

import re

from helpers.core.errors import KitError
from helpers.core.layout import ONE_ORIGIN, OTHER_SITE
from helpers.core.urls import parsed
from helpers.doctor.deployment import Deployment
from helpers.doctor.golive_login import tunnel
from helpers.doctor.measurements import CannotTell, DoesNotApply, Finding, origin
from helpers.doctor.page_scripts import Scripts
from helpers.failures import known

_ASKS = re.compile(r"/auth/")
_WITH_COOKIE = re.compile(r"""credentials["']?\s*:\s*["'`]include|withCredentials""")
_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d+)?")


def layout(seen: Deployment) -> str:
    found = seen.target.layout
    if found.kind == OTHER_SITE and seen.ends_in_session():
        raise KitError(
            f"{found.page} is on another site than {found.strapi}",
            failure=known.SESSION_COOKIE_MISSING,
            fix=(
                "Give Strapi a host of the page's domain, such as api.example.com, and set url to it.",
                "Or let the page's server pass /api on to Strapi and use the page's address for both.",
            ),
        )
    return f"{found.title.capitalize()}: {found.why}"


def answers(seen: Deployment) -> str:
    url, found = seen.page()
    return f"{_plain(url)} answers {found.status}"


def http(seen: Deployment) -> str | Finding:
    """Without https, which is port 80: an address with a port of its own has no such thing."""
    open_ = []
    usual = [each for each in (seen.target.strapi, origin(seen.target.page)) if not parsed(each).port]
    if not usual:
        raise DoesNotApply("Addresses with a port of their own have no http beside them")
    for each in dict.fromkeys(usual):
        plain = each.replace("https://", "http://", 1)
        try:
            answer = seen.get(f"{plain}/")
        except KitError:
            continue  # nobody there is as good
        leads = answer.headers.get("location", "").startswith("https://") and 300 <= answer.status < 400
        open_ += [] if leads or answer.status >= 400 else [f"{plain} answers {answer.status}"]
    if open_:
        return Finding(" and ".join(open_), known.HTTP_NOT_REDIRECTED)
    return "http leads to https there, or nobody answers"


def redirect_page(seen: Deployment) -> str:
    url, found = seen.redirect_page()
    told = f"{_plain(url)} answers {found.status}"
    if found.status in (404, 410):
        raise KitError(told, failure=known.REDIRECT_PAGE_NOT_SERVED)
    if found.status in (502, 503, 504):
        raise KitError(told, failure=known.DEPLOYED_ADDRESS_SILENT)
    if found.status >= 500:
        raise CannotTell(
            f"{told} to somebody who comes with nothing: the login shows whether it does to others"
        )
    return told + (" to somebody who comes with nothing" if found.status >= 300 else "")


def _plain(url: str) -> str:
    return url.partition("?")[0]


def scripts(seen: Deployment) -> str:
    """A guess by nature: what a script does is known when it has run."""
    found = seen.scripts()
    if old := _old_address(found):
        raise KitError(
            f"A guess: the page's scripts name {old} ({found.told})",
            failure=known.LOGIN_LINK_OF_EARLIER_TUNNEL,
            fix=(
                f"Set the page's variable for Strapi's address to {seen.target.strapi}.",
                "Build and deploy the page again.",
            ),
        )
    kind = seen.target.layout.kind
    if kind == OTHER_SITE and seen.ends_in_session():
        raise DoesNotApply("No word in the page's request helps on another site")
    if kind == ONE_ORIGIN or not seen.ends_in_session():
        return f"No word is needed in the page's request here; {found.told}"
    asking = [text for text in found.texts if _ASKS.search(text) and "callback" in text]
    if any(_WITH_COOKIE.search(text) for text in asking):
        return f"A guess: the page asks Strapi with its cookie; {found.told}"
    if not asking or found.left or found.elsewhere:
        raise CannotTell(f"The page's request to Strapi was not found, or not all of it: {found.told}")
    raise KitError(
        f"A guess: the page asks Strapi without its cookie ({found.told})",
        failure=known.FETCH_WITHOUT_CREDENTIALS,
    )


def _old_address(found: Scripts) -> str:
    named = (address for text in found.texts for address in _ADDRESS.findall(text))
    return next((each for each in named if tunnel(each)), "")
