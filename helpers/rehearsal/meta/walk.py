"""Everything that chapter 2 asks for at Meta, pressed in the order of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from helpers.rehearsal.meta.address_form import FIELDS
from helpers.rehearsal.meta.dashboard import Dashboard

_NAME, _CONTACT = "Kit rehearsal", "you@example.com"


class Operated(Protocol):
    """The dashboard itself, or a page that shows it and draws anew after each press."""

    def press(self, name: str, typed: Mapping[str, str] | None = None) -> None: ...
    def enter(self, field: str, text: str) -> None: ...


def set_up(operated: Operated, dashboard: Dashboard, addresses: Sequence[str]) -> None:
    """``addresses`` are the three of the form. What is done already is not done again."""
    if dashboard.flow.retired:
        _documented(operated, dashboard, addresses)
    else:
        _today(operated, dashboard, addresses)


def _today(operated: Operated, dashboard: Dashboard, addresses: Sequence[str]) -> None:
    labels = dashboard.labels
    operated.press("go-apps")
    operated.press("to-details")
    operated.press("next", {"name": _NAME, "contact": _CONTACT})
    operated.press("next", {"use-case": labels["right_use_case"]})
    operated.press("create")
    operated.press("go-use-cases")
    operated.press("to-choose")  # there only after a wrong choice
    operated.press("next", {"use-case": labels["right_use_case"]})
    operated.press("to-setup")
    operated.press("permissions")
    operated.press("to-login")
    _enter(operated, dashboard, addresses)
    operated.press("go-roles")
    operated.press("add", {"role": labels["tester_role"], "username": dashboard.account.username})
    operated.press("go-account")
    operated.press("accept")
    if dashboard.account.account_type == "PERSONAL":
        operated.press("switch")
    operated.press("go-use-cases")
    operated.press("to-setup")  # where ID and secret are


def _documented(operated: Operated, dashboard: Dashboard, addresses: Sequence[str]) -> None:
    operated.press("go-apps")
    operated.press("create", {"name": _NAME})
    operated.press("go-products")
    operated.press("set-up")
    operated.press("go-basic-display")
    operated.press("create")
    _enter(operated, dashboard, addresses)
    operated.press("submit")


def _enter(operated: Operated, dashboard: Dashboard, addresses: Sequence[str]) -> None:
    for field, address in zip(FIELDS, addresses, strict=True):
        operated.enter(field, address)
    operated.press("save")
