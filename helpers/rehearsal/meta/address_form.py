"""The form for the three addresses, with the ways in which it fails without a word."""

from __future__ import annotations

from urllib.parse import urlsplit

from helpers.rehearsal.instagram.state import App
from helpers.rehearsal.meta.elements import Button, Chips, Element, Say

FIELDS = ("redirect", "deauthorize", "deletion")
# To plain http, and so to localhost.
_REFUSED = "Error saving redirect URIs"


class AddressForm:
    """Addresses count when they became chips and were saved; what was only typed is gone with a reload.

    The saved redirect addresses are the app's own, which the stand-in Instagram compares with.
    """

    def __init__(self, app: App, labels: tuple[str, ...]) -> None:
        self.app, self._labels = app, labels
        self._saved: dict[str, list[str]] = {"deauthorize": [], "deletion": []}
        self._draft: dict[str, list[str]] = {}
        self.refused = ""
        self.reload()

    def reload(self) -> None:
        """What was not saved is gone."""
        self._draft = {"redirect": sorted(self.app.redirect_uris)}
        self._draft |= {name: list(values) for name, values in self._saved.items()}
        self.refused = ""

    def drop(self, *fields: str) -> None:
        """As if these had never been filled in."""
        for field in fields:
            self._draft[field].clear()
        self.save()

    def add_slashes(self) -> None:
        """What Meta may do while it saves, as its page warns.

        https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
        """
        self.reload()
        self._draft["redirect"] = [f"{uri.rstrip('/')}/" for uri in self.app.redirect_uris]
        self.save()

    def elements(self, save: str) -> list[Element]:
        chips = [
            Chips(name, label, self._draft[name]) for name, label in zip(FIELDS, self._labels, strict=True)
        ]
        said = [Say(self.refused, "alert")] if self.refused else []
        return [*chips, *said, Button("save", save, lambda _: self.save(), primary=True)]

    def save(self) -> None:
        redirects = self._draft["redirect"]
        if any(urlsplit(uri).scheme != "https" for uri in redirects):
            self.refused = _REFUSED
            return
        self.refused = ""
        self.app.redirect_uris.clear()
        self.app.redirect_uris.update(redirects)
        self._saved = {name: list(self._draft[name]) for name in self._saved}
        self.app.has_all_addresses = all(self._saved.values())
