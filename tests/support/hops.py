"""Hops of a login, as a witness gets them."""

from __future__ import annotations

from typing import Any

from helpers.gateway.attempt import Attempt, Hop, mark


def hop(step: str, *shown: str, sent: tuple[str, ...] = (), **more: Any) -> Hop:
    marks = frozenset(mark(value) for value in shown)
    cookies = frozenset(mark(value) for value in sent)
    url = f"https://x.dev/{step}"
    return Hop(step, "browser", "strapi", "GET", url, 200, 1.0, marks=marks, sent_cookies=cookies, **more)


def steps(attempt: Attempt) -> list[str]:
    return [each.step for each in attempt]
