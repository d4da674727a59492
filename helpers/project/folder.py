"""A project folder of the user's: what its ``package.json`` needs, and which files in it may be changed."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from helpers.core.errors import InputError
from helpers.project import env_file, git
from helpers.project.change import FileChange, Plan, read_file

_SCRIPTS = (".js", ".jsx", ".mjs", ".ts", ".tsx")
_MOST_SCRIPTS, _LARGEST_SCRIPT = 500, 200_000  # files, bytes


class Outside(InputError):
    """A link leads out of the project, where the kit changes nothing."""


class Folder:
    """Raises InputError when there is no such folder, or no ``package.json`` in it."""

    def __init__(self, folder: str | Path) -> None:
        self.root = Path(folder).expanduser()
        if not self.root.is_dir():
            raise InputError(f"There is no folder {self.root}: type the whole path of the project.")
        self.needs = needs(self.root / "package.json")

    def path(self, relative: str) -> Path:
        """Where the file really is, links followed; InputError when that is outside the folder."""
        path = self.root / relative
        try:
            path.stat()
        except OSError as error:
            if error.errno == errno.ELOOP:  # asked of the system: since Python 3.13 resolve() says nothing
                raise InputError(f"{path} is a link that leads nowhere: correct it first.") from error
        real, root = path.resolve(), self.root.resolve()
        if not real.is_relative_to(root):
            raise Outside(
                f"{path} is a link that leads out of the project, to {real}: "
                "only files inside the project are changed."
            )
        return real

    def read(self, relative: str) -> bytes | None:
        """What the file holds; None when there is none."""
        return read_file(self.path(relative))

    def scripts(self, *folders: str, suffixes: tuple[str, ...] = _SCRIPTS) -> Iterator[tuple[str, str]]:
        """Name and text of the JavaScript and TypeScript below, as much of it as is worth reading.

        Of ``.``, the project itself, only the files that lie in it.
        """
        found = (
            path
            for folder in folders
            for path in (self.root.glob("*.*") if folder == "." else (self.root / folder).rglob("*.*"))
        )
        scripts = (path for path in found if path.suffix in suffixes and "node_modules" not in path.parts)
        for path in islice(scripts, _MOST_SCRIPTS):
            if path.is_file() and path.stat().st_size < _LARGEST_SCRIPT and os.access(path, os.R_OK):
                yield str(path.relative_to(self.root)), path.read_text(encoding="utf-8", errors="replace")

    def installed(self, package: str) -> str:
        """The version that lies in ``node_modules``; empty before the installation."""
        try:
            manifest = self.root / "node_modules" / package / "package.json"
            return str(json.loads(manifest.read_bytes())["version"])
        except (OSError, ValueError, LookupError, TypeError):
            return ""

    def change(self, relative: str, after: bytes, variable: str = "") -> Plan:
        """Nothing when the file is like that already; InputError when it must not be written."""
        path = self.path(relative)
        before = read_file(path)
        if before == after:
            return Plan()
        # Asked of the mode: an administrator may write everything, and a replacement needs no permission.
        if before is not None and not (path.stat().st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
            raise InputError(f"{path} is read-only: make it writable, then try again.")
        root = self.root.resolve()
        return Plan((FileChange(path, root, f"{root.name}/{relative}", before, after, variable),))

    def keep_out_of_git(self, relative: str) -> Plan:
        """A line of ``.git/info/exclude``, which no commit ever holds; nothing where git ignores the file."""
        try:
            self.path(relative)
        except Outside:  # where a link leads git does not look
            return Plan()
        found = git.exclude_file(self.root)
        if found is None or git.is_ignored(self.root, relative):
            return Plan()
        path, prefix = found
        before = read_file(path)
        after = git.exclude(before, f"/{prefix}{relative}")
        return Plan((FileChange(path, self.root.resolve(), ".git/info/exclude", before, after),))

    def set_variable(self, relative: str, name: str, value: str) -> Plan:
        """One line of an ``.env`` file."""
        before = self.read(relative)
        if before and b"\0" in before:
            raise InputError(f"{self.root / relative} is not UTF-8 text: save it again with that encoding.")
        return self.change(relative, env_file.set_variable(before, name, value), name)


def needs(package: Path, *lists: str) -> dict[str, str]:
    """The packages that a ``package.json`` asks for, with the versions it accepts.

    ``lists`` are those of its lists to read, else the ones whose packages npm installs.
    """
    content = read_file(package)
    if content is None:
        raise InputError(f"{package.parent} holds no project: there is no package.json in it.")
    try:
        manifest: Any = json.loads(content)
        asked = lists or ("devDependencies", "dependencies")
        wanted = {name: version for each in asked for name, version in manifest.get(each, {}).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{package} is not a package.json that npm could read: correct it first.") from error
    return {str(name): str(version) for name, version in wanted.items()}
