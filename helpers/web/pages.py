"""The kit's own pages: filled in from templates, alike in looks, and closed to everything from outside."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from helpers.failures import Failure
from helpers.web.answers import Answer

OWN = files("helpers.web")  # where this room's own templates lie


def page(
    template: Traversable, status: int = 200, connect: str = "'none'", **values: str | Sequence[str]
) -> Answer:
    """A page with its values escaped, a list as items, under a policy that lets in nothing from outside.

    ``template`` is a file beside the module that serves it; ``connect`` says whom the page's own script may
    call.
    """
    nonce = secrets.token_urlsafe(16)
    shown = {name: _shown(value) for name, value in values.items()}
    shown |= {"nonce": nonce, "style": _text(OWN.joinpath("page.css"))}
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: shown[found[1]], _text(template))
    # No form-action: browsers apply it to the redirect after a form too, and that leads to the user's app.
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"connect-src {connect}; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Answer(text=text, status=status, headers=headers, content_type="text/html")


def failure_page(status: int, seen: str, failure: Failure) -> Answer:
    """What was seen, why, and what to do about it."""
    return page(
        OWN.joinpath("failure.html"),
        status,
        id=failure.id,
        title=failure.title,
        seen=seen,
        cause=failure.cause,
        fix=failure.fix,
    )


def _shown(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return "".join(f"<li>{html.escape(item)}</li>" for item in value)


def _text(template: Traversable) -> str:
    return template.read_text(encoding="utf-8")
