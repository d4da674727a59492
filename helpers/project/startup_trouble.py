"""Why a Strapi project may not start, read off its files."""

from __future__ import annotations

import json
import os
import re

from helpers.core.errors import InputError, KitError
from helpers.failures import known
from helpers.project.env_file import bindings, read
from helpers.project.folder import Folder
from helpers.project.front_end_start import installed_node

# Released together, and only good together; others of the scope have versions of their own.
_TOGETHER = ("strapi", "core", "utils", "admin", "types", "plugin-users-permissions")
_SINCE = (5, 51)  # Users & Permissions without the libraries grant and purest
_GONE = (
    r"""(?:require\(|from|import\(?)\s*['"]"""
    r"""(grant(?:-koa)?|purest|@strapi/plugin-users-permissions/server[^'"]*)['"]"""
)
# What it does not start without, by the file of config/ that names the variable.
_SECRETS = {
    "server": (r"keys\s*:\s*env\.array\(\s*['\"](\w+)['\"]\s*\)", "app keys", known.APP_KEYS_MISSING),
    "admin": (
        r"apiToken\s*:\s*\{\s*salt\s*:\s*env\(\s*['\"](\w+)['\"]\s*\)",
        "salt for its API tokens",
        known.STRAPI_SECRET_MISSING,
    ),
}


def trouble(folder: str) -> KitError | None:
    """The first reason found; None also where the files are not on this machine."""
    if not folder:
        return None
    try:
        project = Folder(folder)
    except InputError:
        return None
    found = (look(project) for look in (mixed_versions, gone_imports, _no_secret, _wrong_node))
    return next(filter(None, found), None)


def mixed_versions(project: Folder) -> KitError | None:
    """Half an update: Strapi then answers its own refusals with 500, if it starts at all."""
    found = {name: _installed(project, f"@strapi/{name}") for name in _TOGETHER}
    seen = {name: version for name, version in found.items() if version}
    if len(set(seen.values())) <= 1:
        return None
    return KitError(
        "The packages of this Strapi have different versions",
        evidence=", ".join(f"@strapi/{name} {version}" for name, version in seen.items()),
        fix=(
            "Give every @strapi package of package.json that comes with Strapi the same exact version.",
            "Delete node_modules and the lock file, install again, and restart Strapi.",
        ),
    )


def _installed(project: Folder, package: str) -> str:
    wanted = project.needs.get(package, "")
    exact = wanted if re.fullmatch(r"\d+\.\d+\.\d+", wanted) else ""
    return project.installed(package) or exact


def gone_imports(project: Folder) -> KitError | None:
    """Code written for the way in which Strapi logged people in until 5.50."""
    version = re.match(r"(\d+)\.(\d+)", _installed(project, "@strapi/plugin-users-permissions"))
    if not version or (int(version[1]), int(version[2])) < _SINCE:
        return None
    for where, source in project.scripts("src", "config"):
        if gone := re.search(_GONE, source):
            return KitError(
                f"{where} imports {gone[1]}, which Strapi {version[0]} has no more",
                failure=known.STRAPI_BROKEN_AFTER_UPGRADE,
            )
    return None


def _no_secret(project: Folder) -> KitError | None:
    values = {each.key: each.value for each in bindings(read(project.read(".env") or b""))}
    for name, (pattern, what, failure) in _SECRETS.items():
        config = project.read(f"config/{name}.js") or project.read(f"config/{name}.ts") or b""
        named = re.search(pattern, config.decode(errors="replace"))
        if named and not os.environ.get(named[1]) and not values.get(named[1]):
            evidence = f"config/{name} reads {named[1]}, and .env does not set it"
            told = f"This Strapi has no {what}, so it does not start"
            return KitError(told, failure=failure, evidence=evidence)
    return None


def _wrong_node(project: Folder) -> KitError | None:
    node = installed_node()
    try:
        wanted = str(json.loads(project.read("package.json") or b"{}")["engines"]["node"])
    except (ValueError, LookupError, TypeError):
        return None
    least, most = re.search(r">=\s*(\d+)", wanted), re.search(r"<=?\s*(\d+)", wanted)
    if node is None or ((not least or node >= int(least[1])) and (not most or node <= int(most[1]))):
        return None
    evidence = f"Node {node} is on the path, package.json asks for {wanted}"
    return KitError(
        "This Strapi does not start on this version of Node",
        failure=known.NODE_DOES_NOT_FIT,
        evidence=evidence,
    )
