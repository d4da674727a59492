"""What goes wrong, by name: data, one file per party."""

from helpers.failures.catalogue import (
    PARTIES,
    Anchor,
    Failure,
    all_failures,
    anchors,
    at_status,
    get,
    named,
    next_look,
)

__all__ = [
    "PARTIES",
    "Anchor",
    "Failure",
    "all_failures",
    "anchors",
    "at_status",
    "get",
    "named",
    "next_look",
]
