"""Meta's dashboard as Strapi's page describes it, closed on 2024-12-04."""

from __future__ import annotations

from helpers.rehearsal.meta.dashboard import Dashboard
from helpers.rehearsal.meta.elements import Button, Element, Fact, Field, Hidden, Say, Typed

_REVIEW = (
    "In a rehearsal the review is over at once. At Meta people looked at it, and until then only testers "
    "could log in."
)


class DocumentedDashboard(Dashboard):
    def forget(self) -> None:
        self.product = False

    def menu(self) -> list[tuple[str, str]]:
        products = [("basic-display", f"Instagram > {self.labels['login_settings']}")] if self.product else []
        inside = [("products", "Products"), *products, ("basic", self.labels["basic"])]
        return [("apps", self.labels["apps"]), *(inside if self.app.name else [])]

    def elements(self) -> list[Element]:
        pages = {
            "apps": self._apps,
            "products": self._products,
            "basic-display": self._basic_display,
            "basic": self.basic_settings,
        }
        return pages[self.place]()

    def _apps(self) -> list[Element]:
        heading = Say(self.labels["apps"], "heading")
        if self.app.name:
            return [heading, self._leads(self.app.name, "products", primary=True)]

        def create(typed: Typed) -> None:
            if self.name_app(typed.get("name", "")):
                self.go("products")

        return [
            heading,
            Say(self.labels["create_app"]),
            Field("name", self.labels["app_name"]),
            Button("create", self.labels["create_id"], create, primary=True),
        ]

    def _products(self) -> list[Element]:
        def set_up(_: Typed) -> None:
            self.product = True
            self.go("basic-display")

        stands = Fact(self.labels["product"], "set up" if self.product else "not set up")
        button = Button("set-up", f"{self.labels['set_up']} {self.labels['product']}", set_up, primary=True)
        return [Say("Products", "heading"), stands, *([] if self.product else [button])]

    def _basic_display(self) -> list[Element]:
        heading = Say(self.labels["login_settings"], "heading")
        if not self.app.client_id:
            return [heading, Button("create", self.labels["create_application"], self._create, primary=True)]
        return [
            heading,
            Fact(self.labels["id"], self.app.client_id),
            Hidden("secret", self.labels["secret"], self.app.client_secret),
            *self.addresses.elements(self.labels["save"]),
            Button("reload", "Reload the page", lambda _: self.go("basic-display")),
            *self._review(),
        ]

    def _create(self, _: Typed) -> None:
        self.give_pair()
        self.app.permissions = set(self.flow.scopes)

    def _review(self) -> list[Element]:
        submitted = self.account.username in self.app.testers

        def submit(_: Typed) -> None:
            self.app.testers.add(self.account.username)

        told = Fact(self.labels["permission"], "Submitted" if submitted else "Not submitted")
        button = Button("submit", self.labels["add_to_submission"], submit)
        aside = Say(_REVIEW, "aside")
        return [Say(self.labels["review"], "heading"), told, *([aside] if submitted else [button])]
