"""What a deployed Strapi shows to everybody: may the page read it, and who else can use what."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from helpers.core.errors import KitError
from helpers.core.flows import TODAY
from helpers.core.layout import ONE_ORIGIN
from helpers.core.urls import API, Urls
from helpers.doctor.check_front_end import readable
from helpers.doctor.deployment import Deployment
from helpers.doctor.measurements import CannotTell, DoesNotApply, Finding
from helpers.failures import known
from helpers.web.deadline import Fetched


def cors(seen: Deployment) -> str:
    layout = seen.target.layout
    if layout.kind == ONE_ORIGIN:
        return "Page and Strapi share their origin, so nothing stands between them"
    session = seen.ends_in_session()
    told = seen.get(seen.target.urls.auth, headers={"Origin": layout.page}).headers
    return readable(told, layout.page, cookies=session)


def meta_callbacks(seen: Deployment) -> str:
    """A request with a bad signature is refused by a callback that is alive."""
    if seen.target.provider != TODAY.provider:
        raise DoesNotApply("Strapi's own provider has no callbacks for Meta")
    urls: Urls = seen.target.urls
    seen.strapi()
    for url in (urls.deauthorize, urls.data_deletion):
        answer = seen.post(url, {"signed_request": "no.signature"})
        path = urlsplit(url).path
        if answer.status != 400:
            raise KitError(
                f"POST {path} answers {answer.status}, not 400", failure=known.META_CALLBACKS_MISSING
            )
        if "no client ID and secret" in answer.text:
            raise KitError(
                "Strapi has no client secret for this provider",
                failure=known.CLIENT_SECRET_WRONG,
                evidence=f"POST {path} -> 400",
            )
    return "Deauthorization and data deletion refuse a request with a bad signature, as they should"


def admin(seen: Deployment) -> str | Finding:
    seen.strapi()
    answer = seen.get(seen.target.strapi + "/admin/init")
    claimed = _has_admin(answer)
    if claimed is None:
        return f"/admin/init answers {answer.status}, not as Strapi's admin panel does"
    if not claimed:
        raise KitError("Whoever opens /admin first becomes administrator", failure=known.ADMIN_UNCLAIMED)
    return Finding(f"{seen.target.strapi}/admin/init answers everybody", known.ADMIN_OPEN)


def _has_admin(answer: Fetched) -> bool | None:
    try:
        value = json.loads(answer.body)["data"]["hasAdmin"]
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, bool) else None


def sessions(seen: Deployment) -> str | Finding:
    seen.strapi()
    answer = seen.post(f"{seen.target.strapi}{API}/auth/refresh", {})
    if "refresh token" not in answer.text.lower():
        return f"A login's jwt is all there is to a session ({API}/auth/refresh answers {answer.status})"
    scripts = seen.scripts()
    if any("auth/refresh" in text for text in scripts.texts):
        return "Strapi has sessions to refresh, and the page seems to refresh them (a guess)"
    if scripts.left or not scripts.read:
        raise CannotTell(
            f"Strapi has sessions to refresh; whether the page does is not known: {scripts.told}"
        )
    return Finding(
        f"A guess: Strapi has sessions to refresh, and no script asks {API}/auth/refresh ({scripts.told})",
        known.SESSIONS_NEED_REFRESH,
    )
