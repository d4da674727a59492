"""The user's own front end: which tool builds it, and which variable of its gives the backend's address."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from helpers.core.errors import InputError, KitError
from helpers.failures import known
from helpers.project.change import Plan
from helpers.project.env_file import bindings, read
from helpers.project.folder import Folder

# Next and Create React App bring others of these along, so the first that is named in package.json counts.
TOOLS = {
    "next": ("Next", "NEXT_PUBLIC_BACKEND_URL"),
    "react-scripts": ("Create React App", "REACT_APP_BACKEND_URL"),
    "vite": ("Vite", "VITE_BACKEND_URL"),
}
_LINK = r"\$\{([^{}]*)\}(/api)?/connect/"  # to the login, behind a variable
_FROM_ENV = r"(?:process\.env|import\.meta\.env)\.(\w+)(?!\w|\s*(?:\|\||\?\?))"  # one that stands for itself
# All three read these while developing, and the first that names a variable counts.
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
            tools = ", ".join(tool for tool, _ in TOOLS.values())
            raise InputError(
                f"{self.folder.root} is built by none of {tools}: set its variable by hand.",
                failure=known.FRONT_END_VARIABLE_UNSEEN,
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
        scripts = major(self._react_scripts())
        if not node or node < 17 or not scripts or scripts >= 5 or self._has_legacy_provider():
            return None
        return KitError(
            f"react-scripts {scripts} does not start on Node {node}.",
            failure=known.EXAMPLE_ON_NEW_NODE,
            evidence=f"react-scripts {self._react_scripts()} in {self.folder.root.name}, Node {node}",
        )

    def trouble(self, public: str) -> KitError | None:
        """What is wrong with the address of the backend that this project knows."""
        linked = self._linked()
        name, value = self._set(linked or self.variable)
        shown = f"{name}={value}"
        if not name:
            return self._unset(linked, public) if linked else None
        if name in self._others():
            return KitError(
                f"{self.tool} does not read {name} but {self.variable}",
                failure=known.FRONT_END_VARIABLE_UNSEEN,
            )
        if not name.startswith(self._prefix):  # no tool hands it to the page
            return self._unset(name, public)
        if value.endswith("/"):
            return KitError(f"{name} ends in a slash", failure=known.LOGIN_LINK_DOUBLE_SLASH, evidence=shown)
        if value.startswith("http://"):
            told = f"A page on {public} may not call {value}"
            return KitError(told, failure=known.MIXED_CONTENT, evidence=shown)
        if urlsplit(value).netloc != urlsplit(public).netloc:
            return KitError(
                f"{name} is not {public}",
                failure=known.LOGIN_LINK_OF_EARLIER_TUNNEL,
                evidence=shown,
                fix=_write(name, public, value),
            )
        if wrong := self._wrong_path(value):
            return KitError(f"Its links come to {wrong}", failure=known.LOGIN_LINK_NOT_FOUND, evidence=shown)
        return None

    def _unset(self, linked: str, public: str) -> KitError:
        """Links that name no variable lead to the page's own origin, which is Strapi's too; this one does."""
        name = linked if linked.startswith(self._prefix) else self.variable
        told = f"Its login link begins with {linked}, which {self.tool} does not give to the page"
        return KitError(told, failure=known.LOGIN_LINK_UNDEFINED, fix=_write(name, public, "", linked))

    @property
    def _prefix(self) -> str:
        return self.variable.removesuffix("BACKEND_URL")

    def _others(self) -> list[str]:
        return [variable for _, variable in TOOLS.values() if variable != self.variable]

    def _set(self, wanted: str) -> tuple[str, str]:
        """The variable that counts and its value; else the one of another tool that is set in its place."""
        found: dict[str, str] = {}
        for file in _ENV_FILES:
            content = read(self.folder.read(file) or b"")
            found = {each.key or "": each.value or "" for each in bindings(content)} | found
        return next(((name, found[name]) for name in [wanted, *self._others()] if found.get(name)), ("", ""))

    def _linked(self) -> str:
        """The variable of the environment that the login link begins with, itself or by a constant."""
        source = self._source()
        link = re.search(_LINK, source)
        if not link:
            return ""
        if read := re.search(_FROM_ENV, link[1]):
            return read[1]
        name = re.escape(link[1].strip())
        constant = re.search(rf"\b{name}\b[^=\n]*=\s*{_FROM_ENV}", source)
        return constant[1] if constant else ""

    def _source(self) -> str:
        return "".join(source for _, source in self.folder.scripts("src", "app", "pages", "components"))

    def _wrong_path(self, value: str) -> str:
        """Old copies of Strapi's example leave ``/api`` to the variable, newer ones write it themselves."""
        ends, writes = value.endswith("/api"), re.search(_LINK, self._source())
        if not writes or ends != bool(writes[2]):
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


def _write(name: str, public: str, before: str, linked: str = "") -> tuple[str, ...]:
    """What only a restart after it brings to the page."""
    address = f"{public}/api" if before.rstrip("/").endswith("/api") else public
    rename = () if linked in ("", name) else (f"In the source read {name} instead of {linked}.",)
    return (
        f"Write {name}={address} into the .env file beside package.json, as step 1.3 does.",
        *rename,
        "Then stop and start the front end's dev server: it reads its variables only at start.",
    )


def installed_node() -> int | None:
    """The major version of the Node on this machine's path."""
    node = shutil.which("node")
    if node is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return major(said.stdout)


def major(version: str) -> int | None:
    found = re.search(r"\d+", version)
    return int(found[0]) if found else None
