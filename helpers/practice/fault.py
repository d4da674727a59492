"""What a fault on purpose is, and the switches that the tables of faults are written with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from helpers.core.errors import KitError
from helpers.core.urls import DOCUMENTED_FRONTEND
from helpers.kit import Kit
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.world import World
from helpers.web.answers import Answer
from helpers.web.serving import Handler, Request

Play = Callable[[Kit], object]


def log_in(kit: Kit) -> None:
    """The robot's login, as a careful person does it."""
    robot = kit.browser()
    robot.finish(robot.start(), allow=True)


def nothing(kit: Kit) -> None:
    """The world is whole, the person does it wrong."""


@dataclass(frozen=True)
class Fault:
    """``play`` breaks a whole rehearsal by the switches of its stand-ins, files and environment.

    Args:
        walk: the login that shows it, where the catalogue says that only a login does.
        flow, engine: the rehearsal in which it can happen.
        beside: another cause that by its nature comes before it.
        practice: whether somebody new to all this can find it with what the notebook offers.
    """

    play: Play
    walk: Play = log_in
    flow: str = "today"
    engine: str | None = None
    beside: str = ""
    practice: bool = False


def world(kit: Kit) -> World:
    if kit.world is None:
        raise KitError("Faults are played in a rehearsal only")
    return kit.world


def answering(text: str, status: int = 200) -> Handler:
    """Somebody who says this on every path."""

    async def answer(request: Request) -> Answer:
        return Answer(text=text, status=status, content_type="text/html")

    return answer


def all_of(*plays: Play) -> Play:
    def play(kit: Kit) -> None:
        for each in plays:
            each(kit)

    return play


def saved(**fields: Any) -> Play:
    """In Strapi's admin, Providers: fields of the provider's stored entry."""
    return lambda kit: world(kit).strapi.providers[kit.flow.provider].update(fields)


def elsewhere(kit: Kit) -> None:
    """The front end is on localhost:3000, as Strapi's page has it, and people are sent back there."""
    page = replace(kit.urls, frontend=DOCUMENTED_FRONTEND).frontend_redirect
    saved(callback=page)(kit)


def advanced(**settings: Any) -> Play:
    """In Strapi's admin, Advanced settings."""
    return lambda kit: world(kit).strapi.users.advanced.update(settings)


def configured(**fields: Any) -> Play:
    """What other config files of the Strapi project say."""
    return lambda kit: _set(world(kit).strapi.config, fields)


def instagram(**switches: Any) -> Play:
    return lambda kit: _set(world(kit).instagram.switches, switches)


def edited(file: str, pattern: str, replacement: str) -> Play:
    """A file of the Strapi project, and a restart."""

    def play(kit: Kit) -> None:
        path = world(kit).project / file
        before = path.read_text(encoding="utf-8")
        after = re.sub(pattern, replacement, before, count=1)
        if after == before:
            raise KitError(f"{file} has no {pattern} to break")
        path.write_text(after, encoding="utf-8")
        world(kit).restart_strapi()

    return play


def written(file: str, text: str) -> Play:
    """A further file of the Strapi project."""
    return lambda kit: (world(kit).project / file).write_text(text, encoding="utf-8")


def agent(fault: str = "", **facts: str) -> Play:
    """The ngrok agent is started anew with a fault of its own; a start that fails is what is wanted."""

    def play(kit: Kit) -> None:
        kit.public_address.close()
        given = world(kit).agent_environment | {"KIT_NGROK_FAULT": fault} | facts
        install_agent(world(kit).folder, **given)
        with suppress(KitError):
            kit.open_address()

    return play


def environment(**variables: str) -> Play:
    """Variables of this very process, for as long as the world lasts."""

    def play(kit: Kit) -> None:
        for name, value in variables.items():
            world(kit).ending.callback(_put_back, name, os.environ.get(name))
            os.environ[name] = value

    return play


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _set(target: object, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if not hasattr(target, name):
            raise AttributeError(name)
        setattr(target, name, value)
