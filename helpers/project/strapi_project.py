"""The changes the user's Strapi project needs, as text to paste and as a plan to apply."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from helpers.core.errors import InputError
from helpers.core.urls import Urls
from helpers.project import git, overlay, strapi_folder
from helpers.project.change import Plan, by_hand, read_file
from helpers.project.env_file import bindings, read
from helpers.project.folder import Folder, Outside
from helpers.project.journal import Journal

_EXTENSION = "src/extensions/users-permissions"
PROVIDER_FILE = f"{_EXTENSION}/instagram-business.js"
ENTRY_FILE = f"{_EXTENSION}/strapi-server.js"  # the one that Strapi itself reads there

# Which one a front end reads depends on the tool that builds it.
FRONTEND_VARIABLES = (
    "REACT_APP_BACKEND_URL",  # Create React App, as Strapi's login-react example
    "VITE_BACKEND_URL",
    "NEXT_PUBLIC_BACKEND_URL",
)
# What a file may hold and still do nothing.
_REMARKS = re.compile(r"""/\*.*?\*/|//[^\n]*|^\s*['"]use strict['"];?""", re.DOTALL | re.MULTILINE)


def frontend_env(urls: Urls) -> str:
    """All three spellings: a line that the front end's tool does not know does no harm."""
    return "\n".join(f"{name}={urls.public}" for name in FRONTEND_VARIABLES if urls.public)


def provider_source(language: str = "js") -> str:
    """The provider file for today's login, the same for Strapi 4.26, 5.50 and 5.54."""
    template = files("helpers.project").joinpath(f"templates/instagram-business.{language}")
    return template.read_text(encoding="utf-8")


def entry_source(language: str = "js") -> str:
    """A whole ``strapi-server`` file for a project that has none."""
    if language == "ts":
        return "export { default } from './instagram-business';\n"
    return "'use strict';\n\nmodule.exports = require('./instagram-business');\n"


def entry_lines(language: str = "js") -> str:
    """What makes a ``strapi-server`` file of the user's own bring the provider along."""
    if language == "ts":
        return (
            "import instagramBusiness from './instagram-business'; // at the top\n\n"
            "instagramBusiness(plugin); // in the function, before it returns"
        )
    return "require('./instagram-business')(plugin); // in the function, before it returns"


class Project:
    """A Strapi project on this machine, in JavaScript or TypeScript.

    Raises:
        InputError: the folder is not the one of a Strapi 4 or 5 with Users & Permissions; the text says why.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Folder(folder)
        if refusal := strapi_folder.refusal(self.folder):
            raise refusal
        # As Strapi itself decides it.
        self.language = "ts" if (self.folder.root / "tsconfig.json").exists() else "js"

    @property
    def environment(self) -> str:
        """``NODE_ENV`` as far as its files tell: Strapi takes development where nothing is said."""
        found: dict[str | None, str | None] = {}
        with suppress(InputError):
            found = {each.key: each.value for each in bindings(read(self._read(".env") or b""))}
        return found.get("NODE_ENV") or "development"

    def address(self, public: str, environment: str = "") -> Plan:
        """The overlay with the public address, out of git's sight before it is there.

        ``environment`` is the ``NODE_ENV`` of the running Strapi, if that is known better than by its files.

        Raises:
            InputError: a file cannot be read or is read-only; the text names it.
        """
        environment = environment or self.environment
        if Path(environment).name != environment:
            raise InputError(f"NODE_ENV is {environment}, which leads out of the project: correct it first.")
        for language in ("js", "ts"):
            name = overlay.path(environment, language)
            present = self._read(name)
            if present is None or overlay.is_ours(present):
                continue
            if overlay.address_in(present) == public:
                return Plan()
            return by_hand(
                f"There is a {name} of your own: add this line to its settings.", overlay.line(public)
            )
        name = overlay.path(environment, self.language)
        written = self._change(name, overlay.source(public, self.language).encode())
        return self.folder.keep_out_of_git(name) + written

    def overlays(self) -> dict[str, str]:
        """The overlays of this kit that stand in the project, each with its address."""
        found = sorted(self.folder.root.glob("config/env/*/server.[jt]s"))
        names = [str(path.relative_to(self.folder.root)) for path in found]
        contents = {name: self._read(name) or b"" for name in names}
        return {name: overlay.address_in(text) for name, text in contents.items() if overlay.is_ours(text)}

    def take_out_overlays(self, journal: Journal) -> list[str]:
        """Remove the public address from the project; returns the names of what went."""
        names = list(self.overlays())
        paths = {self.folder.path(name) for name in names}
        journal.undo(only=paths.__contains__)
        for path in paths:  # one that no journal knows any more
            path.unlink(missing_ok=True)
        return names

    def tracked_overlays(self) -> list[str]:
        """Those that somebody has given to git all the same."""
        return [name for name in self.overlays() if git.is_tracked(self.folder.root, name)]

    def provider(self) -> Plan:
        """Today's Instagram login in a file of its own, and what brings it in; nothing is overwritten."""
        return self._provider_file() + self._entry_file()

    def _provider_file(self) -> Plan:
        source = provider_source(self.language)
        name, present = self._extension(PROVIDER_FILE)
        if present is None:
            return self._change(name, source.encode())
        if _text(present).strip() == source.strip():
            return Plan()
        return by_hand(f"There is a {name} with other contents: compare it with this.", source)

    def _entry_file(self) -> Plan:
        name, present = self._extension(ENTRY_FILE)
        language, text = Path(name).suffix[1:], _text(present or b"")
        code = _REMARKS.sub("", text)
        if re.search(r"""['"]\./instagram-business(\.js)?['"]""", code):
            return Plan()
        if code.strip():
            reason = f"There is a {name} of your own: add this to it, and both work."
            return by_hand(reason, entry_lines(language))
        newline = "\r\n" if b"\r\n" in (present or b"") else "\n"
        after = f"{text.rstrip()}\n\n{entry_source(language)}".lstrip().replace("\n", newline)
        return self._change(name, after.encode("utf-8", "surrogateescape"))

    def _extension(self, file: str) -> tuple[str, bytes | None]:
        """The name and contents of one in either language; without one, the name that it should get."""
        names = [f"{Path(file).with_suffix('')}.{language}" for language in ("js", "ts")]
        found = [(name, content) for name in names if (content := self._read(name)) is not None]
        return found[0] if found else (names[self.language == "ts"], None)

    def _read(self, name: str) -> bytes | None:
        """Also through a link that leads out of the project, as Strapi does."""
        return read_file(self.folder.root / name)

    def _change(self, name: str, after: bytes) -> Plan:
        """Where a link leads out of the project, the text to put there by hand."""
        try:
            return self.folder.change(name, after)
        except Outside as refusal:
            done = self._read(name) == after
            return Plan() if done else by_hand(f"{refusal} Put this there yourself.", _text(after))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
