"""The user's own front end: which tool builds it, and which variable of its gives the backend's address."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from helpers.edits import Plan
from helpers.env_file import bindings, read
from helpers.errors import InputError, KitError
from helpers.folder import Folder

# Next and Create React App bring others of these along, so the first that is named in package.json counts.
TOOLS = {
    "next": ("Next", "NEXT_PUBLIC_BACKEND_URL"),
    "react-scripts": ("Create React App", "REACT_APP_BACKEND_URL"),
    "vite": ("Vite", "VITE_BACKEND_URL"),
}
# All three read these while developing, and the first that names a variable counts.
_LINK = r"\}(/api)?/connect/"  # to the login, behind a variable
_ENV_FILES = (".env.development.local", ".env.local", ".env.development", ".env")


class FrontEnd:
    """A front end that one of the known tools builds.

    Raises:
        InputError: there is no such project, or none of the known tools builds it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Folder(folder)
        package = next((name for name in TOOLS if name in self.folder.needs), None)
        if package is None:
            known = ", ".join(tool for tool, _ in TOOLS.values())
            raise InputError(
                f"{self.folder.root} is built by none of {known}: set its variable by hand.", failure="D06"
            )
        self.tool, self.variable = TOOLS[package]

    def address(self, public: str) -> Plan:
        """The variable, in the file that counts: one that names it, else ``.env.local``, else ``.env``."""
        named = [file for file in _ENV_FILES if self._names_it(file)]
        local = ".env.local" if (self.folder.root / ".env.local").exists() else ".env"
        return self.folder.set_variable(named[0] if named else local, self.variable, public)

    def _names_it(self, file: str) -> bool:
        content = self.folder.read(file)
        return any(each.key == self.variable for each in bindings(read(content or b"")))

    def warning(self, node: int | None) -> KitError | None:
        """Why it will not start on this major version of Node; None when it will, or when that is unknown."""
        scripts = _major(self._react_scripts())
        if not node or node < 17 or not scripts or scripts >= 5 or self._has_legacy_provider():
            return None
        return KitError(
            f"react-scripts {scripts} does not start on Node {node}.",
            failure="D05",
            evidence=f"react-scripts {self._react_scripts()} in {self.folder.root.name}, Node {node}",
        )

    def trouble(self, public: str) -> KitError | None:
        """What is wrong with the address of the backend that this project knows."""
        name, value = self._set()
        shown = f"{name}={value}"
        if not name:
            # Links that name no backend lead to the page's own origin, which is Strapi's too.
            told = f"None of its .env files sets {self.variable}"
            return KitError(told, failure="D02") if self._reads_variable() else None
        if name != self.variable:
            return KitError(f"{self.tool} does not read {name} but {self.variable}", failure="D06")
        if value.endswith("/"):
            return KitError(f"{name} ends in a slash", failure="D04", evidence=shown)
        if value.startswith("http://"):
            told = f"A page on {public} may not call {value}"
            return KitError(told, failure="D12", evidence=shown)
        if urlsplit(value).netloc != urlsplit(public).netloc:
            return KitError(f"{name} is not {public}", failure="D03", evidence=shown)
        if wrong := self._wrong_path(value):
            return KitError(f"Its links come to {wrong}", failure="D01", evidence=shown)
        return None

    def _set(self) -> tuple[str, str]:
        """The variable that counts and its value; else the one of another tool that is set in its place."""
        found: dict[str, str] = {}
        for file in _ENV_FILES:
            content = read(self.folder.read(file) or b"")
            found = {each.key or "": each.value or "" for each in bindings(content)} | found
        names = [self.variable, *(variable for _, variable in TOOLS.values())]
        return next(((name, found[name]) for name in names if found.get(name)), ("", ""))

    def _reads_variable(self) -> bool:
        source = self._source()
        return self.variable in source or re.search(_LINK, source) is not None

    def _source(self) -> str:
        return "".join(source for _, source in self.folder.scripts("src", "app", "pages", "components"))

    def _wrong_path(self, value: str) -> str:
        """Old copies of Strapi's example leave ``/api`` to the variable, newer ones write it themselves."""
        ends, writes = value.endswith("/api"), re.search(_LINK, self._source())
        if not writes or ends != bool(writes[1]):
            return ""
        return "/api/api/connect/…" if ends else "/connect/… without /api"

    def _react_scripts(self) -> str:
        """The installed version, or before the installation the accepted one."""
        accepted = self.folder.needs.get("react-scripts", "")
        try:
            package = self.folder.root / "node_modules/react-scripts/package.json"
            return str(json.loads(package.read_bytes())["version"])
        except (OSError, ValueError, LookupError, TypeError):
            return accepted

    def _has_legacy_provider(self) -> bool:
        return b"openssl-legacy-provider" in (self.folder.read("package.json") or b"")


def installed_node() -> int | None:
    """The major version of the Node on this machine's path."""
    node = shutil.which("node")
    if node is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return _major(said.stdout)


def _major(version: str) -> int | None:
    found = re.search(r"\d+", version)
    return int(found[0]) if found else None
