"""The one setup that runs in this kernel, and what is shown of it.

A cell that runs again shows what it showed before: the same form, with what was typed into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook.idle import close_when_nobody_looks

_T = TypeVar("_T")
_kit: Kit | None = None
_shown: dict[tuple[Any, ...], Any] = {}


def this_setup() -> Kit:
    """The setup of this kernel; it begins with the first cell that asks for it, whichever that is."""
    global _kit
    if _kit is None:
        _kit = Kit(settings.load())
        close_when_nobody_looks(_kit)
    return _kit


def made(make: Callable[..., Any], *more: Any) -> bool:
    return (make, *more) in _shown


def the(make: Callable[..., _T], *more: Any) -> _T:
    """What ``make`` builds on this setup, built once."""
    key = (make, *more)
    if key not in _shown:
        _shown[key] = make(this_setup(), *more)
    found: _T = _shown[key]
    return found
