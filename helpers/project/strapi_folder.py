"""Whether a folder holds a Strapi with the plugin that logs people in; if not, why, and which one does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import InputError
from helpers.project.change import read_file
from helpers.project.folder import Folder, needs

_LEVELS = 3  # folders that a monorepo puts around a project
_STRAPI, _PLUGIN = "@strapi/strapi", "@strapi/plugin-users-permissions"


def refusal(folder: Folder) -> InputError | None:
    """Why it is not the project of a Strapi 4 or 5 with Users & Permissions; None when it is."""
    if not _is_strapi(folder.root):
        return _no_strapi(folder.root, folder.needs)
    # Strapi looks into no other list of its package.json.
    if _PLUGIN in needs(folder.root / "package.json", "dependencies") or _declares_plugin(folder.root):
        return None
    return _no_plugin(folder.root, folder.needs)


def _declares_plugin(root: Path) -> bool:
    """Strapi also loads a plugin that ``config/plugins`` names with the folder it is in."""
    found = (read_file(root / f"config/plugins.{language}") or b"" for language in ("js", "ts"))
    return any(re.search(rb"users-permissions['\"]?\s*:\s*\{[^}]*\bresolve\b", each) for each in found)


def _is_strapi(root: Path) -> bool:
    """A plugin of Strapi needs the same package, but has no settings."""
    if not (root / "config").is_dir():
        return False
    # A monorepo may install Strapi once for all of its projects.
    own = needs(root / "package.json", "dependencies", "devDependencies", "peerDependencies")
    return _STRAPI in own or any(_STRAPI in each for _, each in _above(root))


def _above(root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The ``package.json`` files of the folders around, as far as Node would look and the repository goes."""
    for folder in root.resolve().parents[:_LEVELS]:
        if (folder / "package.json").is_file():
            with suppress(InputError):
                yield folder / "package.json", needs(folder / "package.json")
        if (folder / ".git").exists():
            return


def _no_plugin(root: Path, needed: dict[str, str]) -> InputError:
    if _PLUGIN in needed:
        return InputError(
            f"{root} has {_PLUGIN} in devDependencies; Strapi loads only what dependencies name.",
            fix=_depend(root, needed[_PLUGIN]),
        )
    for package, above in _above(root):
        if _PLUGIN in above:
            return InputError(
                f"{root} leaves {_PLUGIN} to {package}; Strapi loads only what its own package.json names.",
                fix=_depend(root, above[_PLUGIN]),
            )
    return InputError(
        f"{root} has no Users & Permissions plugin, which does the logging in: install {_PLUGIN} there first."
    )


def _depend(root: Path, version: str) -> tuple[str, ...]:
    return (
        f'Add "{_PLUGIN}": "{version}" to dependencies in {root / "package.json"}.',
        "Install again, then restart Strapi.",
    )


def _no_strapi(root: Path, needed: dict[str, str]) -> InputError:
    if "strapi" in needed and _STRAPI not in needed:
        return InputError(f"{root} is a Strapi 3, which ended in 2022: the kit sets up Strapi 4 and 5.")
    inside = _strapis_in(root)
    if len(inside) == 1:
        return InputError(f"{root} is not a Strapi project itself: choose {inside[0]}, which is one.")
    if inside:
        found = " and ".join(str(folder) for folder in inside)
        return InputError(
            f"{root} holds {len(inside)} Strapi projects, {found}: choose one of these folders."
        )
    return InputError(f"{root} is not a Strapi project: its package.json does not need {_STRAPI}.")


def _strapis_in(root: Path) -> list[Path]:
    """In a monorepo the projects are one or two folders down."""
    found = []
    for package in sorted([*root.glob("*/package.json"), *root.glob("*/*/package.json")]):
        folders = package.parent.relative_to(root).parts
        if not any(part == "node_modules" or part.startswith(".") for part in folders):
            with suppress(InputError):
                if _is_strapi(package.parent):
                    found.append(package.parent)
    return found
