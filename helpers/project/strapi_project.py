"""The changes the user's Strapi project needs, as text to paste and as a plan to apply."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from helpers.core.errors import InputError
from helpers.core.urls import Urls
from helpers.project import git, overlay
from helpers.project.change import CannotEdit, Plan
from helpers.project.env_file import bindings, read
from helpers.project.folder import Folder, needs

PROVIDER_FILE = "src/extensions/users-permissions/strapi-server.js"

# Which one a front end reads depends on the tool that builds it.
FRONTEND_VARIABLES = (
    "REACT_APP_BACKEND_URL",  # Create React App, as Strapi's login-react example
    "VITE_BACKEND_URL",
    "NEXT_PUBLIC_BACKEND_URL",
)
_STRAPI, _PLUGIN = "@strapi/strapi", "@strapi/plugin-users-permissions"


def frontend_env(urls: Urls) -> str:
    """All three spellings: a line that the front end's tool does not know does no harm."""
    return "\n".join(f"{name}={urls.public}" for name in FRONTEND_VARIABLES if urls.public)


def provider_source(language: str = "js") -> str:
    """The provider file for today's login, the same for Strapi 4.26, 5.50 and 5.54."""
    template = files("helpers.project").joinpath(f"templates/strapi-server.{language}")
    return template.read_text(encoding="utf-8")


class Project:
    """A Strapi project on this machine, in JavaScript or TypeScript.

    Raises:
        InputError: the folder is not the one of a Strapi 4 or 5 with Users & Permissions; the text says why.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Folder(folder)
        root, needed = self.folder.root, self.folder.needs
        if not _is_strapi(root, needed):
            raise _no_strapi(root, needed)
        if not _has_plugin(root):
            raise InputError(
                f"{root} has no Users & Permissions plugin, which does the logging in: "
                f"install {_PLUGIN} there first."
            )
        # As Strapi itself decides it.
        self.language = "ts" if (root / "tsconfig.json").exists() else "js"

    @property
    def environment(self) -> str:
        """``NODE_ENV`` as far as its files tell: Strapi takes development where nothing is said."""
        found: dict[str | None, str | None] = {}
        with suppress(InputError):  # nothing is written there
            found = {each.key: each.value for each in bindings(read(self.folder.read(".env") or b""))}
        return found.get("NODE_ENV") or "development"

    def address(self, public: str, environment: str = "") -> Plan:
        """The overlay with the public address, out of git's sight before it is there.

        ``environment`` is the ``NODE_ENV`` of the running Strapi, if that is known better than by its files.

        Raises:
            InputError: a file cannot be read or must not be written; the text names it.
        """
        environment = environment or self.environment
        for language in ("js", "ts"):
            name = overlay.path(environment, language)
            present = self.folder.read(name)
            if present is None or overlay.is_ours(present):
                continue
            if overlay.address_in(present) == public:
                return Plan()
            return _by_hand(
                f"There is a {name} of your own: add this line to its settings.", overlay.line(public)
            )
        name = overlay.path(environment, self.language)
        written = self.folder.change(name, overlay.source(public, self.language).encode())
        return self.folder.keep_out_of_git(name) + written

    def overlays(self) -> dict[str, str]:
        """The overlays of this kit that stand in the project, each with its address."""
        found = sorted(self.folder.root.glob("config/env/*/server.[jt]s"))
        names = [str(path.relative_to(self.folder.root)) for path in found]
        contents = {name: self.folder.read(name) or b"" for name in names}
        return {name: overlay.address_in(text) for name, text in contents.items() if overlay.is_ours(text)}

    def tracked_overlays(self) -> list[str]:
        """Those that somebody has given to git all the same."""
        return [name for name in self.overlays() if git.is_tracked(self.folder.root, name)]

    def provider(self) -> Plan:
        """The file that gives Strapi today's Instagram login; one of the user's own is never overwritten."""
        source = provider_source(self.language)
        stem = PROVIDER_FILE.removesuffix(".js")
        for language in ("js", "ts"):
            present = self.folder.read(f"{stem}.{language}")
            if present is None:
                continue
            if present.decode(errors="replace").replace("\r\n", "\n").strip() == source.strip():
                return Plan()
            reason = f"There is a {stem}.{language} with other contents: merge this into it."
            return _by_hand(reason, source)
        return self.folder.change(f"{stem}.{self.language}", source.encode())


def _by_hand(reason: str, snippet: str) -> Plan:
    return Plan(by_hand=(CannotEdit(reason, snippet),))


def _is_strapi(root: Path, needed: dict[str, str]) -> bool:
    """A plugin of Strapi needs the same package, but has no settings."""
    return _STRAPI in needed and (root / "config").is_dir()


def _has_plugin(root: Path) -> bool:
    """In a monorepo the package.json of a folder above may ask for it."""
    for folder in (root, *root.resolve().parents):
        with suppress(InputError):
            if _PLUGIN in needs(folder / "package.json"):
                return True
    return False


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
            try:
                inner = needs(package)
            except InputError:
                continue
            if _is_strapi(package.parent, inner):
                found.append(package.parent)
    return found
