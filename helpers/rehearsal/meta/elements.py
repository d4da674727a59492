"""What a page of the dashboard is made of. An element knows what it shows and what a press on it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.core.masking import Secret

Typed = Mapping[str, str]  # field -> what stands in it


@dataclass(frozen=True)
class Say:
    """``tone`` is ``heading``, ``plain``, ``alert`` or ``aside``, which is the kit's own word."""

    kind: ClassVar[str] = "say"
    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Fact:
    kind: ClassVar[str] = "fact"
    label: str
    value: str


@dataclass(frozen=True)
class Hidden:
    """A secret behind *Show*. It is no part of :func:`as_json`: whoever shows it asks for it by name."""

    kind: ClassVar[str] = "hidden"
    name: str
    label: str
    secret: Secret


@dataclass(frozen=True)
class Field:
    kind: ClassVar[str] = "field"
    name: str
    label: str


@dataclass(frozen=True)
class Choice:
    kind: ClassVar[str] = "choice"
    name: str
    label: str
    options: Sequence[str]


@dataclass(frozen=True)
class Chips:
    """A field that takes over what is typed only on Enter; ``values`` is the list itself."""

    kind: ClassVar[str] = "chips"
    name: str
    label: str
    values: list[str]


@dataclass(frozen=True)
class Button:
    kind: ClassVar[str] = "button"
    name: str
    label: str
    do: Callable[[Typed], object]
    primary: bool = False


Element = Say | Fact | Hidden | Field | Choice | Chips | Button

_NOT_SHOWN = {"secret", "do"}


def as_json(element: Element) -> dict[str, Any]:
    shown = {name: value for name, value in vars(element).items() if name not in _NOT_SHOWN}
    return {"kind": element.kind} | {
        name: list(value) if isinstance(value, list | tuple) else value for name, value in shown.items()
    }
