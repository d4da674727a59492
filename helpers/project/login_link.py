"""The link that a login begins with, in a front end's source: where it is, whom it asks, whom it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpers.project.folder import Folder

_FOLDERS = (".", "src", "app", "pages", "components", "composables", "config", "context", "hooks", "layouts",
            "lib", "plugins", "screens", "services", "store", "stores", "utils")  # fmt: skip
_SUFFIXES = (".js", ".jsx", ".mjs", ".ts", ".tsx", ".vue", ".svelte", ".astro", ".html")

_REMARK = re.compile(r"/\*.*?\*/|<!--.*?-->|(?<![:\w\"'`\\])//[^\n]*", re.DOTALL)
# What comes before it is the backend's address, behind it the provider; a route or a redirect is no link.
_LINK = re.compile(
    r"(?P<api>/api)?/connect/(?![:\[*]|\$?\{[^{}]*\}/(?:redirect|callback)|[\w.-]+/(?:redirect|callback))"
    r"(?P<provider>[a-z][\w.-]*)?(?P<rest>[^\n]*)"
)
_ADDRESS = r"https?://[\w.:-]+"
_CHAIN = r"[\w$]+(?:\??\.[\w$]+|\(\))*"
_ENV = re.compile(
    r"(?:process\.env|import\.meta\.env|\benv)(?:\??\.(?P<dotted>\w+)|\[\s*['\"](?P<quoted>\w+)['\"]\s*\])"
    r"(?:\s+as\s+\w+|!)?\s*(?:(?:\|\||\?\?)\s*(?P<mark>['\"`])(?P<default>[^'\"`]*)(?P=mark))?"
)
_NUXT = re.compile(r"(?:onfig|useRuntimeConfig\(\))\.public\.(\w+)")
# They take an address as it is, so what they are given is relative to the page.
_GO = {
    "assign",
    "fetch",
    "goto",
    "href",
    "navigate",
    "navigateTo",
    "open",
    "push",
    "redirect",
    "replace",
    "url",
}
_DEEP = 4  # constants that name constants


@dataclass(frozen=True)
class Link:
    """One place in the source, and what its address begins with: a variable, an address, or nothing.

    Args:
        provider: empty when code decides which one.
        variable: of the environment; ``default`` is what stands for it when it is not set.
        address: written out in the source, at ``stands``.
        relative: the page asks its own origin, with a variable only while that is not set.
        stands: file, line and text of the address or of the variable.
        configured: a file of the tool's settings reads the variable, where any name will do.
    """

    file: str
    line: int
    text: str
    api: bool
    provider: str
    variable: str = ""
    default: str = ""
    address: str = ""
    relative: bool = False
    stands: tuple[str, int, str] = ("", 0, "")
    configured: bool = False

    @property
    def place(self) -> str:
        return f"{self.file} line {self.line}"

    @property
    def known(self) -> bool:
        return bool(self.variable or self.address or self.relative)


class Source:
    """A front end's own code, without its remarks."""

    def __init__(self, folder: Folder) -> None:
        texts = dict(folder.scripts(*_FOLDERS, suffixes=_SUFFIXES))
        self._texts = {name: _REMARK.sub(_blank, text) for name, text in texts.items()}

    def links(self) -> list[Link]:
        """The ones that can be resolved first."""
        return sorted(self._links(), key=lambda link: not link.known)

    def provider_names(self, names: tuple[str, ...]) -> dict[str, str]:
        """Which of these providers the source names as a whole string, and at which place first."""
        found: dict[str, str] = {}
        for file, text in self._texts.items():
            for match in re.finditer(r"(['\"`])([\w.-]+)\1", text):
                if match[2] in names:
                    found.setdefault(match[2], f"{file} line {_line(text, match.start())}")
        return found

    def _links(self) -> Iterator[Link]:
        for file, text in self._texts.items():
            for match in _LINK.finditer(text):
                start = text.rfind("\n", 0, match.start()) + 1
                link = Link(*_place(file, text, match.start()), bool(match["api"]), match["provider"] or "")
                yield self._begun(link, text[start : match.start()], match["rest"])

    def _begun(self, link: Link, before: str, rest: str) -> Link:
        """With what its address begins."""
        here = (link.file, link.line, link.text)
        if written := re.search(rf"({_ADDRESS})[\w./-]*$", before):
            return replace(link, address=written[1], stands=here)
        if inside := re.search(r"\{([^{}]*)\}$", before):
            return self._read(link, inside[1], here)
        if not re.search(r"[\"'`]$", before):
            return link
        before = before[:-1].rstrip()
        if added := re.search(rf"({_CHAIN}|{_ENV.pattern})\s*\+$", before):
            return self._read(link, added[1], here)
        if joined := re.search(rf"^[\w/.-]*[\"'`]\s*,\s*({_CHAIN})", rest if before.endswith("URL(") else ""):
            return self._read(link, joined[1], here)
        called = re.search(r"(\w+)\($", before)
        if called and called[1] not in _GO:
            return self._of_function(link, called[1])
        return replace(link, relative=True, stands=here)

    def _read(self, link: Link, code: str, place: tuple[str, int, str], deep: int = _DEEP) -> Link:
        """What a piece of code comes to: a variable, an address, nothing, or another name."""
        configured = ".config." in place[0]
        if env := _ENV.search(code):
            name, default = env["dotted"] or env["quoted"], env["default"] or ""
            empty = bool(env["mark"]) and not default
            return replace(
                link, variable=name, default=default, relative=empty, stands=place, configured=configured
            )
        if written := re.match(rf"\s*['\"`]({_ADDRESS}[^'\"`]*)['\"`]", code):
            return replace(link, address=written[1], stands=place)
        if re.match(r"\s*(['\"`])\1\s*[,;)]?\s*$", code):
            return replace(link, relative=True, stands=place)
        if not deep:
            return link
        nuxt = _NUXT.search(code)
        name = nuxt[1] if nuxt else code.strip().removesuffix("()").split(".")[-1].strip("?!")
        found = self._defined(link, name, deep) if re.fullmatch(r"[\w$]+", name) else link
        if nuxt and not (found.variable or found.relative):
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
            return replace(found, address="", variable=f"NUXT_PUBLIC_{snake}", default=found.address)
        return found

    def _defined(self, link: Link, name: str, deep: int) -> Link:
        """The first definition of a name that comes to something, in the link's own file before others."""
        word = rf"(?<![\w$.]){re.escape(name)}"
        constant = re.compile(rf"{word}\b\s*(?::\s*[\w<>| ]+=|=(?![=>])|:)\s*([^\n]+)")
        taken = re.compile(rf"\{{[^{{}}]*\b{re.escape(name)}\b[^{{}}]*\}}\s*(?:=|from)\s*([^\n;]+)")
        for file, text in sorted(self._texts.items(), key=lambda item: item[0] != link.file):
            for match in taken.finditer(text):
                if re.search(r"process\.env|import\.meta\.env|\$env/static/public", match[1]):
                    return replace(link, variable=name, stands=_place(file, text, match.start(1)))
            for match in constant.finditer(text):
                found = self._read(link, match[1], _place(file, text, match.start(1)), deep - 1)
                if found.known:
                    return found
        return self._of_function(link, name)

    def _of_function(self, link: Link, name: str) -> Link:
        """What a function that makes addresses begins them with, as far as its first lines say."""
        begins = re.compile(rf"\bfunction\s+{name}\s*\(|\b{name}\s*=\s*(?:async\s*)?\([^)\n]*\)[^\n]*=>")
        for file, text in self._texts.items():
            for match in begins.finditer(text):
                body = text[match.end() : match.end() + 300]
                for part in re.finditer(
                    rf"{_ENV.pattern}|['\"`]{_ADDRESS}[^'\"`]*['\"`]|\{{({_CHAIN})\}}", body
                ):
                    code = part[0].strip("{}")
                    found = self._read(link, code, _place(file, text, match.end() + part.start()), 1)
                    if found.known:
                        return found
        return link


def _blank(remark: re.Match[str]) -> str:
    """As many lines as before, so that a place is still the reader's."""
    return "\n" * remark[0].count("\n")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _place(file: str, text: str, at: int) -> tuple[str, int, str]:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return file, _line(text, at), text[start : len(text) if end < 0 else end].strip()
