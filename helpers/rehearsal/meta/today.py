"""Meta's dashboard for today's login: the use case, its setup, the testers, and Instagram's side of it."""

from __future__ import annotations

from helpers import failures
from helpers.core.flows import CONSOLE_LABELS, CREDENTIALS
from helpers.failures import known
from helpers.rehearsal.meta.dashboard import Dashboard
from helpers.rehearsal.meta.elements import Button, Choice, Element, Fact, Field, Hidden, Say, Typed

_ACCOUNT = CONSOLE_LABELS["account"]
_UNIFIED = (
    "What is known of this setup, read on 2026-11-28: its tokens begin with EAA, its basic permission is "
    "instagram_basic, and it speaks to graph.facebook.com. No page that we have says where its login begins. "
    "This login needs the setup with Instagram login."
)
_WEBHOOK_REFUSED = "The callback URL or verify token couldn't be validated."


class TodaysDashboard(Dashboard):
    def forget(self) -> None:
        self.use_case = ""
        self.made = False  # the app, by the last button of its creation
        self.roles: list[tuple[str, str]] = []  # role, username

    def uninvite(self) -> None:
        self.roles.clear()
        super().uninvite()

    @property
    def entry(self) -> str:
        inside = self.place in ("choose", "setup", "facebook", "unified", "login")
        return "use-cases" if inside else "apps" if self.place in ("details", "business") else self.place

    def menu(self) -> list[tuple[str, str]]:
        inside = [
            ("use-cases", self.labels["use_cases"]),
            ("roles", self.labels["roles"]),
            ("basic", self.labels["basic"]),
        ]
        account = ("account", f"Instagram, as {self.account.username}")
        return [("apps", self.labels["apps"]), *(inside if self.made else []), account]

    def elements(self) -> list[Element]:
        pages = {
            "apps": self._apps,
            "details": self._details,
            "choose": self._choose,
            "business": self._business,
            "use-cases": self._use_cases,
            "setup": self._setup,
            "facebook": self._facebook,
            "unified": self._unified,
            "login": self._login_settings,
            "roles": self._roles,
            "basic": self.basic_settings,
            "account": self._account,
        }
        return pages[self.place]()

    # Creating the app

    def _apps(self) -> list[Element]:
        if self.made:
            return [
                Say(self.labels["apps"], "heading"),
                self._leads(self.app.name, "use-cases", primary=True),
            ]
        return [
            Say(self.labels["apps"], "heading"),
            Say("You have no app yet."),
            self._leads(self.labels["create_app"], "details", primary=True),
        ]

    def _details(self) -> list[Element]:
        def further(typed: Typed) -> None:
            if self.name_app(typed.get("name", "")):
                self.go("choose")

        return [
            Say("App details", "heading"),
            Field("name", self.labels["app_name"]),
            Field("contact", self.labels["contact"]),
            Button("next", self.labels["next"], further, primary=True),
        ]

    def _choose(self) -> list[Element]:
        def further(typed: Typed) -> None:
            self.use_case = typed.get("use-case", "")
            if self.use_case:
                if self.made and self._fits():
                    self.give_pair()
                self.go("use-cases" if self.made else "business")
            else:
                self.said = "Choose a use case first."

        options = [*self.labels["other_use_cases"], self.labels["right_use_case"]]
        return [
            Say(self.labels["use_cases"], "heading"),
            Choice("use-case", self.labels["use_case"], options),
            Button("next", self.labels["next"], further, primary=True),
        ]

    def _business(self) -> list[Element]:
        def create(_: Typed) -> None:
            self.made = True
            if self._fits():
                self.give_pair()
            self.go("use-cases")

        return [
            Say("Business", "heading"),
            Choice("business", "Business portfolio", [self.labels["no_portfolio"]]),
            Button("create", self.labels["create_app"], create, primary=True),
        ]

    def _fits(self) -> bool:
        return bool(self.use_case == self.labels["right_use_case"])

    # The use case

    def _use_cases(self) -> list[Element]:
        heading: list[Element] = [
            Say(self.labels["use_cases"], "heading"),
            Fact(self.labels["use_case"], self.use_case),
        ]
        if not self._fits():
            return [*heading, self._leads("Choose another use case", "choose", primary=True)]
        return [
            *heading,
            Say(self.labels["customize"]),
            self._leads(self.labels["facebook_setup"], "facebook"),
            self._leads(self.labels["setup"], "setup"),
            self._leads(self.labels["unified_setup"], "unified"),
        ]

    def _setup(self) -> list[Element]:
        return [
            Say(self.labels["setup"], "heading"),
            Fact(CREDENTIALS.id_label, self.app.client_id),
            Hidden("secret", CREDENTIALS.secret_label, self.app.client_secret),
            *self._permissions(),
            Say(self.labels["webhooks"], "heading"),
            Field("webhook", self.labels["webhook_url"]),
            Field("verify", self.labels["webhook_token"]),
            Button("verify", self.labels["webhook_save"], self._refuse_webhook),
            Say(self.labels["login_section"], "heading"),
            self._leads(self.labels["login_settings"], "login"),
        ]

    def _permissions(self) -> list[Element]:
        given = self.app.may_ask_for(self.flow.scope)

        def add(_: Typed) -> None:
            self.app.permissions = set(self.flow.scopes)

        stands = Fact(self.flow.scope, "Ready for testing" if given else "Not added")
        return [stands] if given else [stands, Button("permissions", self.labels["add_permissions"], add)]

    def _refuse_webhook(self, _: Typed) -> None:
        """Meta calls that address at once, and at a redirect address nothing answers a webhook."""
        self.said = _WEBHOOK_REFUSED

    def _facebook(self) -> list[Element]:
        entry = failures.get(known.FACEBOOK_URL_BLOCKED)
        return [
            Say(self.labels["facebook_setup"], "heading"),
            Say(f"{entry.cause} {entry.fix[0]}", "aside"),
            self._leads("Back", "use-cases", primary=True),
        ]

    def _unified(self) -> list[Element]:
        return [
            Say(self.labels["unified_setup"], "heading"),
            Say(_UNIFIED, "aside"),
            self._leads("Back", "use-cases", primary=True),
        ]

    def _login_settings(self) -> list[Element]:
        return [
            Say(self.labels["login_settings"], "heading"),
            *self.addresses.elements(self.labels["save"]),
            Button("reload", "Reload the page", lambda _: self.go("login")),
            self._leads("Back", "setup"),
        ]

    # Who may log in

    def _roles(self) -> list[Element]:
        def add(typed: Typed) -> None:
            entry = typed.get("role", ""), typed.get("username", "").strip()
            if not all(entry):
                self.said = "Choose a role and type a username first."
            elif entry not in self.roles:
                self.roles.append(entry)

        there = [Fact(role, f"{name}{self._pending(role, name)}") for role, name in self.roles]
        return [
            Say(self.labels["roles"], "heading"),
            Choice("role", self.labels["role"], self.labels["role_names"]),
            Field("username", self.labels["username"]),
            Button("add", self.labels["add"], add, primary=True),
            *there,
        ]

    def _pending(self, role: str, name: str) -> str:
        return " (pending)" if role == self.labels["tester_role"] and name not in self.app.testers else ""

    def _account(self) -> list[Element]:
        """Instagram's own settings, where the other half of an invitation is."""
        personal = self.account.account_type == "PERSONAL"

        def switch(_: Typed) -> None:
            self.account.account_type = "BUSINESS" if personal else "PERSONAL"

        def accept(_: Typed) -> None:
            self.app.testers.add(self.account.username)

        other = _ACCOUNT["to_professional"] if personal else _ACCOUNT["to_personal"]
        accepted = self.account.username in self.app.testers
        waiting = not accepted and (self.labels["tester_role"], self.account.username) in self.roles
        told = "accepted" if accepted else "none" if not waiting else f"from {self.app.name}"
        shown: list[Element] = [
            Say(f"Instagram, as {self.account.username}", "heading"),
            Fact(_ACCOUNT["account_type"], "Personal" if personal else "Professional"),
            Button("switch", other, switch),
            Fact(_ACCOUNT["invites"], told),
        ]
        return [*shown, Button("accept", _ACCOUNT["accept"], accept, primary=True)] if waiting else shown
