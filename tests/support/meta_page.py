"""A person's hands in the rehearsal's dashboard of Meta."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.support.lab import SOON, Notebook


class Meta:
    """The dashboard as the person sees it."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.box: Locator = notebook.outputs.get_by_role("region", name="Rehearsal of Meta's dashboard").first

    def press(self, *names: str) -> None:
        for name in names:
            self.box.get_by_role("button", name=name, exact=True).click()
            self.notebook.person.done["clicks"] += 1

    def choose(self, name: str) -> None:
        self.box.get_by_label(name, exact=True).check()
        self.notebook.person.done["clicks"] += 1

    def type(self, label: str, text: str) -> None:
        self.box.get_by_role("textbox", name=label, exact=True).fill(text)

    def enter(self, label: str, text: str) -> None:
        self.type(label, text)
        self.box.get_by_role("textbox", name=label, exact=True).press("Enter")
        entered = self.box.get_by_role("list", name=f"{label}, entered", exact=True)  # two may hold the same
        expect(entered.get_by_role("button", name=f"Remove {text}", exact=True)).to_be_visible(timeout=SOON)

    def says(self, text: str) -> None:
        expect(self.box.get_by_text(text).first).to_be_visible(timeout=SOON)

    def make_app(self) -> None:
        """Up to the form with the three addresses of today's login."""
        self.press("Create app")
        self.type("App name", "My shop")
        self.press("Next")
        self.choose("Manage messaging & content on Instagram")
        self.press("Next", "Create app", "API setup with Instagram login", "Add all required permissions")
        self.press("Business login settings")

    def invite(self) -> None:
        """Both halves of the invitation."""
        self.press("App roles")
        self.choose("Instagram Testers")
        self.type("Username", "kit_rehearsal")
        self.press("Add", "Instagram, as kit_rehearsal", "Accept")
        self.says("accepted")

    def make_documented_app(self) -> None:
        """Up to the form of step 7 of Strapi's page."""
        self.type("Display Name", "My shop")
        self.press("Create App ID", "Set Up Instagram", "Create New App")
