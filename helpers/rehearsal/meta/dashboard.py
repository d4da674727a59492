"""The dashboard as a person operates it: one page at a time, and only what stands on it can be pressed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from helpers.core.flows import CONSOLE_AS_OF, CONSOLE_LABELS, REFUSED_APP_NAMES, Flow
from helpers.core.masking import Secret
from helpers.rehearsal.instagram.state import Account, App
from helpers.rehearsal.meta.address_form import FIELDS, AddressForm
from helpers.rehearsal.meta.elements import Button, Chips, Element, Fact, Hidden, Say, Typed, as_json

Pair = tuple[str, Secret]  # an app's id and secret
# The Meta app's own id stands at the top of its settings, and is what people copy by mistake.
META_ID = "1184467019273355"


class Dashboard:
    """What is done here is done to ``app`` and ``account``, which the stand-in Instagram goes by.

    ``pair`` is what the Instagram app gets when it is created. Until then Instagram knows no app.
    """

    def __init__(self, flow: Flow, app: App, account: Account, pair: Pair) -> None:
        self.flow, self.app, self.account, self.pair = flow, app, account, pair
        self.labels: dict[str, Any] = CONSOLE_LABELS[flow.name]
        self.meta_secret = Secret(secrets.token_hex(16))
        self.addresses = AddressForm(app, flow.address_labels)
        self._listeners: list[Callable[[], object]] = []
        self.delete_app()

    def delete_app(self) -> None:
        """As before the first visit."""
        self.app.name = self.app.client_id = ""
        self.app.client_secret = Secret()
        self.app.testers.clear()
        self.app.permissions = set()
        self.addresses.drop(*FIELDS)
        self.place, self.visit, self.said = "apps", 0, ""
        self.forget()
        self._changed()

    def uninvite(self) -> None:
        """Nobody has a role any more."""
        self.app.testers.clear()
        self._changed()

    def forget(self) -> None:
        """What a dashboard of one flow knows beyond the app."""

    # Operating it

    def press(self, name: str, typed: Typed | None = None) -> None:
        """A press on what stands on the page; on a page that has moved on meanwhile it does nothing."""
        for element in self.everything():
            if isinstance(element, Button) and element.name == name:
                self.said = ""
                element.do(typed or {})
                self._changed()
                return

    def enter(self, field: str, text: str) -> None:
        """Enter in a field for chips."""
        values = self._chips(field)
        text = text.strip()
        if values is not None and text and text not in values:
            values.append(text)
            self._changed()

    def remove(self, field: str, text: str) -> None:
        values = self._chips(field)
        if values is not None and text in values:
            values.remove(text)
            self._changed()

    def show(self, name: str) -> Secret:
        """What *Show* shows, if it stands on the page."""
        found = (each for each in self.everything() if isinstance(each, Hidden) and each.name == name)
        return next((each.secret for each in found), Secret())

    def _chips(self, name: str) -> list[str] | None:
        found = (each for each in self.everything() if isinstance(each, Chips) and each.name == name)
        return next((each.values for each in found), None)

    def go(self, place: str) -> None:
        """Another page, or this one again: what was typed and not saved is gone."""
        self.place, self.visit = place, self.visit + 1
        self.addresses.reload()

    # Looking at it

    @property
    def entry(self) -> str:
        """The entry of the menu that this place belongs to."""
        return self.place

    def menu(self) -> list[tuple[str, str]]:
        """Place and label of each entry that can be seen now."""
        raise NotImplementedError

    def elements(self) -> list[Element]:
        """The page of this place."""
        raise NotImplementedError

    def everything(self) -> list[Element]:
        return [*self.entries(), *self.elements()]

    def entries(self) -> list[Element]:
        return [self._leads(label, place, prefix="go-") for place, label in self.menu()]

    def page(self) -> dict[str, Any]:
        """The page as JSON. ``visit`` is another number when what was typed is gone."""
        said = [Say(self.said, "alert")] if self.said else []
        return {
            "as_of": CONSOLE_AS_OF.isoformat(),
            "visit": self.visit,
            "menu": [
                as_json(each) | {"current": each.name == f"go-{self.entry}"}
                for each in self.entries()
                if isinstance(each, Button)
            ],
            "elements": [as_json(each) for each in [*said, *self.elements()]],
        }

    def on_change(self, listener: Callable[[], object]) -> None:
        self._listeners.append(listener)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    # What pages have in common

    def _leads(self, label: str, place: str, *, prefix: str = "to-", primary: bool = False) -> Button:
        return Button(f"{prefix}{place}", label, lambda _: self.go(place), primary)

    def name_app(self, name: str) -> bool:
        """Whether Meta takes the name; it refuses its own brands in it."""
        if not name.strip():
            self.said = f"Type the {self.labels['app_name']} first."
            return False
        wrong = [each for each in REFUSED_APP_NAMES if re.search(_as_brand(each), name)]
        if wrong:
            self.said = f"The name of an app can't contain {wrong[0]}."
            return False
        self.app.name = name.strip()
        return True

    def give_pair(self) -> None:
        self.app.client_id, self.app.client_secret = self.pair

    def basic_settings(self) -> list[Element]:
        """The Meta app's own pair, which does not fit a login with Instagram."""
        return [
            Say(self.labels["basic"], "heading"),
            Fact(self.labels["meta_id"], META_ID),
            Hidden("meta-secret", self.labels["meta_secret"], self.meta_secret),
        ]


def _as_brand(word: str) -> str:
    """Short brands are refused as capitals alone: *Big shop* has no IG in it."""
    return re.escape(word) if len(word) == 2 else f"(?i){re.escape(word)}"
