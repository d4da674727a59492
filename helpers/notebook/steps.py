"""The chapters of the setup and their steps, with the numbers of Strapi's page."""

from __future__ import annotations

from typing import NamedTuple

CHAPTERS = (
    "Start here",
    "1 A public address",
    "2 The Instagram app at Meta",
    "3 The provider in Strapi",
    "4 Log in",
    "5 When it does not work",
    "6 Put everything back",
)

# What the cells of the notebook for going live are called.
GO_LIVE = ("lines", "provider", "check", "login")

# What the notebook for practice runs, and no other notebook all of.
PRACTICE = ("practice", "doctor", "what do you see")


class Step(NamedTuple):
    """A heading of the notebook; ``check`` measures whether the step is done."""

    number: str
    title: str
    check: str

    @property
    def heading(self) -> str:
        return f"{self.number} {self.title}"


# What the board shows: each is done by a press, and measured.
STEPS = (
    Step("1.1", "Start a tunnel", "public-address"),
    Step("1.2", "Tell your backend", "server-url"),
    Step("2.7", "Three addresses", "redirect-uris"),
    Step("2.9", "ID and secret", "credentials"),
    Step("3.3", "Fill in the form", "provider"),
    Step("4.1", "Launch and connect", "login"),
)
BY_CHECK = {step.check: step for step in STEPS}
