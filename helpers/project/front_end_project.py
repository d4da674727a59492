"""The user's own front end: which tool builds it, and which variable of its gives the backend's address."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from helpers.core.errors import InputError, KitError
from helpers.failures import known
from helpers.project import front_end_start
from helpers.project.change import Plan, by_hand
from helpers.project.env_file import bindings, read
from helpers.project.folder import Folder
from helpers.project.front_end_tools import TOOLS
from helpers.project.login_link import Link, Source

_BUILT_IN = "instagram"  # the provider of Strapi's own examples, whose API is closed
# All of them read these while developing, and the first that names a variable counts.
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
            tools = ", ".join(tool.title for tool in TOOLS.values())
            raise InputError(
                f"{self.folder.root} is built by none of {tools}: set its variable by hand.",
                failure=known.FRONT_END_VARIABLE_UNSEEN,
            )
        self.tool = TOOLS[package]

    @cached_property
    def _source(self) -> Source:
        return Source(self.folder)

    @cached_property
    def link(self) -> Link | None:
        """The login link that says most: one for Instagram, or for whichever provider, before others."""
        links = self._source.links()
        ours = [link for link in links if not link.provider or link.provider.startswith(_BUILT_IN)]
        return next(iter(ours or links), None)

    def address(self, public: str) -> Plan:
        """The variable that the login link reads, where it is set; else what only the reader can change."""
        link = self.link
        if link is None:
            told = f"I found no login link in {self.folder.root.name}. One leads to /api/connect/<provider>."
            return self._conventional(public) + by_hand(told, f"{public}/api/connect/<provider>")
        if link.address:
            return by_hand(_at(link, f"{link.address} is written out"), _line(link, link.address, public))
        if link.variable and self._reads(link):
            return self._variable(link.variable, public if link.api else f"{public}/api")
        if link.relative:
            return Plan()
        if link.variable and self.tool.variable:
            told = _at(link, f"{self.tool.title} does not give {link.variable} to the page")
            return self._conventional(public) + by_hand(told, _line(link, link.variable, self.tool.variable))
        told = f"In {link.place} I could not read what the login link begins with. It should be {public}"
        return self._conventional(public) + by_hand(told, link.text)

    def _conventional(self, public: str) -> Plan:
        if self.tool.variable:
            return self._variable(self.tool.variable, public)
        return by_hand(f"{self.tool.title} gives its page no variables: write it into your source.", public)

    def _variable(self, name: str, value: str) -> Plan:
        """In the file that counts: one that names it, else ``.env.local``, else ``.env``."""
        local = ".env.local" if (self.folder.root / ".env.local").exists() else ".env"
        try:
            named = [file for file in _ENV_FILES if self._value_in(file, name) is not None]
            return self.folder.set_variable(named[0] if named else local, name, value)
        except InputError as refusal:  # linked from outside, or read-only
            return by_hand(str(refusal), f"{name}={value}")

    def _value_in(self, file: str, name: str) -> str | None:
        content = read(self.folder.read(file) or b"")
        return next((each.value or "" for each in reversed(bindings(content)) if each.key == name), None)

    def _value(self, name: str) -> str:
        found = (self._value_in(file, name) for file in _ENV_FILES)
        return next((value for value in found if value is not None), "")

    def _reads(self, link: Link) -> bool:
        return link.configured or link.variable.startswith(self.tool.prefixes)

    def warning(self, node: int | None) -> KitError | None:
        return front_end_start.trouble(self.folder, node)

    def trouble(self, public: str, provider: str = "") -> KitError | None:
        """What is wrong with the provider and the address that the login link leads to."""
        return self.other_provider(provider) or self._other_address(public)

    def other_provider(self, provider: str) -> KitError | None:
        """The login link names the provider of Strapi's examples and not this setup's."""
        link = self.link
        if link is None or provider in ("", _BUILT_IN):
            return None
        place = link.place if link.provider == _BUILT_IN else ""
        if not link.provider:
            names = self._source.provider_names((_BUILT_IN, provider))
            place = "" if provider in names else names.get(_BUILT_IN, "")
        if not place:
            return None
        return KitError(
            f"Its login link leads to /connect/{_BUILT_IN}, and this setup's provider is {provider}",
            failure=known.LOGIN_LINK_TO_ANOTHER_PROVIDER,
            evidence=place,
            fix=(f"In {place} write {provider} instead of {_BUILT_IN}.", "Then load the page anew."),
        )

    def _other_address(self, public: str) -> KitError | None:
        link = self.link
        name = (link.variable if link else "") or self.tool.variable
        value = self._value(name) or (link.default if link else "")
        if link and link.address:
            return self._wrong(public, link.address, f"{link.address} in {link.stands[0]}", link)
        if link and link.variable and not self._reads(link):
            return self._misnamed() or self._unset(link, public)
        if value:
            return self._wrong(public, value, f"{name}={value}", link)
        if link and (link.relative or not link.variable):
            lost = link.relative and not link.api
            return self._not_found("/connect/… without /api", link.place) if lost else self._misnamed()
        return self._misnamed() or (self._unset(link, public) if link else None)

    def _wrong(self, public: str, value: str, shown: str, link: Link | None) -> KitError | None:
        name = shown.split("=")[0].split(" in ")[0]
        if value.endswith("/"):
            return KitError(f"{name} ends in a slash", failure=known.LOGIN_LINK_DOUBLE_SLASH, evidence=shown)
        fix = self._rewritten(public, value, name, link)
        if value.startswith("http://"):
            told = f"A page on {public} may not call {value}"
            return KitError(told, failure=known.MIXED_CONTENT, evidence=shown, fix=fix)
        if urlsplit(value).netloc != urlsplit(public).netloc:
            told = f"{name} is not {public}"
            return KitError(told, failure=known.LOGIN_LINK_OF_EARLIER_TUNNEL, evidence=shown, fix=fix)
        ends = value.endswith("/api")
        if link and ends == link.api:  # old copies of Strapi's example leave it to the variable
            return self._not_found("/api/api/connect/…" if ends else "/connect/… without /api", shown)
        return None

    def _not_found(self, path: str, shown: str) -> KitError:
        return KitError(f"Its links come to {path}", failure=known.LOGIN_LINK_NOT_FOUND, evidence=shown)

    def _misnamed(self) -> KitError | None:
        """The variable of another tool is set in the place of this one's."""
        others = [tool.variable for tool in TOOLS.values() if tool.variable not in ("", self.tool.variable)]
        name = next((each for each in others if self._value(each)), "")
        told = f"{self.tool.title} does not read {name} but {self.tool.variable}"
        return KitError(told, failure=known.FRONT_END_VARIABLE_UNSEEN) if name else None

    def _unset(self, link: Link, public: str) -> KitError:
        name = link.variable if self._reads(link) else self.tool.variable
        told = (
            f"Its login link begins with {link.variable}, which {self.tool.title} does not give to the page"
        )
        fix = _write(name, public if link.api else f"{public}/api", link.variable)
        return KitError(told, failure=known.LOGIN_LINK_UNDEFINED, evidence=link.place, fix=fix)

    def _rewritten(self, public: str, value: str, name: str, link: Link | None) -> tuple[str, ...]:
        address = f"{public}/api" if value.rstrip("/").endswith("/api") else public
        if link and link.address:
            return (f"In {link.stands[0]} line {link.stands[1]} write {address} instead of {value}.",)
        return _write(name, address)


def _at(link: Link, told: str) -> str:
    return f"In {link.stands[0]} line {link.stands[1]} {told}: change the line."


def _line(link: Link, before: str, after: str) -> str:
    """The line as it should be."""
    return link.stands[2].replace(before, after)


def _write(name: str, address: str, linked: str = "") -> tuple[str, ...]:
    """What only a restart after it brings to the page."""
    rename = () if linked in ("", name) else (f"In the source read {name} instead of {linked}.",)
    return (
        f"Write {name}={address} into the .env file beside package.json, as step 1.3 does.",
        *rename,
        "Then stop and start the front end's dev server: it reads its variables only at start.",
    )
