"""One provider's settings written at once, as nobody but a test does."""

from __future__ import annotations

from typing import Any

from helpers.strapi.providers import Admin, Change


def change_provider(admin: Admin, provider: str, **wanted: Any) -> Change:
    change = admin.plan(provider, **wanted)
    admin.apply(change)
    return change
