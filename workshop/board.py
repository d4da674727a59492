"""The facilitator's board: who is at which step, as a JupyterHub service.

Attendees who chose to share post the states of their checks with their own server's token; nothing else
is accepted, and it is kept in memory alone. Only those who may access this service can see the page. A
file of its own that needs nothing but JupyterHub, so that it runs in a hub's container too.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, HTTPError, RequestHandler, authenticated

# The steps of the board in 1_set_up.ipynb, in its order, in as few words as a column's head can hold.
STEPS = {
    "public-address": "Tunnel",
    "server-url": "Backend",
    "redirect-uris": "At Meta",
    "credentials": "ID and secret",
    "provider": "Provider",
    "login": "Login",
}
STATES = {"passed": "OK", "failed": "Failed", "unknown": "?"}
MOST_BYTES, MOST_PEOPLE = 2048, 500
SECONDS = 5  # between two looks of the page

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{done} of {all}: Log in with Instagram</title>
<meta http-equiv="refresh" content="{seconds}"><meta name="viewport" content="width=device-width">
<style>
body {{ font: 1.6rem/1.3 system-ui, sans-serif; margin: 1rem 2rem; color: #111; background: #fff }}
table {{ border-collapse: collapse; width: 100% }} caption {{ font-size: 2.2rem; text-align: left }}
th, td {{ border: 1px solid #999; padding: .25rem .6rem; text-align: left }}
td {{ text-align: center; font-weight: 600 }}
.passed {{ background: #c9f0d0 }} .unknown {{ background: #ffe9a8 }}
.failed {{ background: #8b0000; color: #fff }}
</style>
<table><caption>{done} of {all} have logged in</caption>
<thead><tr><th scope="col">Who</th>{heads}</tr></thead><tbody>{rows}</tbody></table>
<p>Only who chose to share is listed. Each state is what that person's last check measured.</p></html>
"""


class Progress:
    """What each person's checks measured last. Bounded, and gone when the service ends."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, str]] = {}

    def take(self, who: str, body: bytes) -> None:
        """Raises ValueError for anything that is not a state of a known step."""
        said: Any = json.loads(body)
        if not isinstance(said, dict):
            raise ValueError("an object of steps and states is wanted")
        if not all(
            step in STEPS and isinstance(state, str) and state in STATES for step, state in said.items()
        ):
            raise ValueError("only known steps and states are taken")
        if who not in self.people and len(self.people) >= MOST_PEOPLE:
            raise ValueError("the board is full")
        self.people.setdefault(who, {}).update(said)

    def forget(self, who: str) -> None:
        self.people.pop(who, None)

    def page(self) -> str:
        people = sorted(self.people.items())
        return _PAGE.format(
            done=sum(states.get("login") == "passed" for _, states in people),
            all=len(people),
            seconds=SECONDS,
            heads="".join(f'<th scope="col">{escape(title)}</th>' for title in STEPS.values()),
            rows="".join(_row(who, states) for who, states in people),
        )


def _row(who: str, states: Mapping[str, str]) -> str:
    cells = [(states.get(step, ""), STATES.get(states.get(step, ""), "")) for step in STEPS]
    shown = "".join(f'<td class="{state}">{word}</td>' for state, word in cells)
    return f'<tr><th scope="row">{escape(who)}</th>{shown}</tr>'


class BoardHandler(HubOAuthenticated, RequestHandler):
    """The page, for people signed in at the hub who may access this service."""

    def initialize(self, progress: Progress) -> None:
        self.progress = progress

    @authenticated
    def get(self) -> None:
        self.set_header("cache-control", "no-store")
        self.set_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.finish(self.progress.page())


class MineHandler(RequestHandler):
    """One's own row. The hub says whose token it is; no cookie counts here, so no other page can post."""

    def initialize(self, progress: Progress) -> None:
        self.progress = progress

    def check_xsrf_cookie(self) -> None:
        pass

    async def prepare(self) -> None:
        kind, _, token = self.request.headers.get("authorization", "").partition(" ")
        known = kind == "token" and token
        user = await HubOAuth.instance().user_for_token(token, sync=False) if known else None
        if not user or user.get("kind") != "user":
            raise HTTPError(403)
        self.who = user["name"]

    def put(self) -> None:
        try:
            self.progress.take(self.who, self.request.body)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400) from error
        self.set_status(204)

    def delete(self) -> None:
        self.progress.forget(self.who)
        self.set_status(204)


def application(prefix: str) -> Application:
    facts = {"progress": Progress()}
    return Application(
        [
            (prefix, BoardHandler, facts),
            (prefix + "mine", MineHandler, facts),
            (prefix + "oauth_callback", HubOAuthCallbackHandler),
        ],
        cookie_secret=os.urandom(32),
    )


async def main() -> None:
    here = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    app = application(os.environ["JUPYTERHUB_SERVICE_PREFIX"])
    # In a cluster the proxy and the attendees come from other machines; there this is set.
    address = os.environ.get("BOARD_LISTENS_AT") or here.hostname
    app.listen(here.port or 80, address, max_body_size=MOST_BYTES, max_buffer_size=65536)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
