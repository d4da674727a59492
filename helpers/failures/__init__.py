"""What goes wrong, by name: data, one file per party."""

from helpers.failures.catalogue import PARTIES, Failure, all_failures, at_status, get, named, weight

__all__ = ["PARTIES", "Failure", "all_failures", "at_status", "get", "named", "weight"]
