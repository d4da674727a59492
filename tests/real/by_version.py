"""``pytest -n 2 -p tests.real.by_version``: one worker, and so one server, for each Strapi version."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests.real.strapi import VERSIONS


class ByVersion(LoadScopeScheduling):
    """Not xdist's own ``loadgroup``: with pytest 9.2 it does not group, and does not say so either."""

    def _split_scope(self, nodeid: str) -> str:
        return next((version for version in VERSIONS if version in nodeid), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByVersion:
    return ByVersion(config, log)
