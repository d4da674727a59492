"""What goes wrong, by name: data, one file per party."""

from helpers.failures.catalogue import Failure, all_failures, get, named, weight

__all__ = ["Failure", "all_failures", "get", "named", "weight"]
