"""What is closed to the internet, whoever would answer behind the gateway.

Strapi's admin side, and what a dev server has for its developer: any file of the project, an editor to open
it in, restarts, debuggers, MCP. The lists were read off the sources of Vite 8.3, Next 16.4, Nuxt 4.4,
Astro 6.0, SvelteKit 2.70, webpack-dev-server 5.2, react-dev-utils 12 and the devtools that plug into them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

_MOST_LAYERS = 8  # of percent-encoding; nobody writes three in good faith
_CONTROL = re.compile(r"[\0-\x1f\x7f]")  # what parsers of addresses drop, and no page's path has

# Where Strapi serves its admin API. A front end's dev server may be set up to pass on what it does not
# know, so these are closed there too; names that a front end may well have itself (/upload) are not.
_ADMIN = {"admin", "content-manager", "content-releases", "content-type-builder", "review-workflows",
          "users-permissions"}  # fmt: skip

# The same behind any prefix of the front end's own: what no page is called. Strapi's answers are told by
# their signature, too, but that can be switched off.
_ADMIN_ALONE = _ADMIN - {"admin"}
_OF_ADMIN = {"access-token", "api-tokens", "audit-logs", "init", "license-limit-information",
             "project-settings", "project-type", "register-admin", "registration-info", "renew-token",
             "telemetry-properties", "transfer"}  # fmt: skip

# Names in the path, wherever a base path has put them. Connect and Express compare beginnings and no case.
_TOOLS = (
    # They open editors, and hand out any source on the way.
    "__open-in-editor", "__open-stack-frame-in-editor", "open-stack-frame", "__get-internal-source",
    "__original-stack-frame", "__file-code-frame", "__parcel_", "__tsd",
    "__nextjs_",  # editor, restart, Node's debugger, sources by path
    "__inspect", "__devtools", "__nuxt_devtools__", "__nuxt_vite_node__", "__vitest", "__mcp",
    "_vfs", "_nitro", "___graphi", "__refresh", "webpack-dev-server", "rsbuild-dev-server",
    "com.chrome.devtools.json",  # where the project lies on this machine
)  # fmt: skip
_TOOL = re.compile("/(?:" + "|".join(map(re.escape, (*_TOOLS, "_next/mcp", "_next/development/"))) + ")")

_SECRET_FILE = re.compile(
    r"(?:.*\.(db|db3|sqlite3?|env|pem|key|crt|cer|der|p12|pfx|sql|dump|log|bak|swp|kdbx|tfstate)"
    r"([-.](wal|shm|journal|old|orig|save|backup|gz|bz2|xz|zst|zip|7z|tar|tgz|\d+))*"
    r"|export_\d+\.tar.*"  # what `strapi export` writes
    r"|(vite|vitest|next|nuxt|astro|svelte|webpack|rspack|rsbuild|vue|angular|craco|remix)\.config\.[cm]?[jt]s"
    r"|id_(rsa|dsa|ecdsa|ed25519)"
    r")~?"
)
# Folders with a dot that hold what a page loads; every other one is nobody's business.
_GENERATED = {".astro", ".nuxt", ".react-router", ".svelte-kit", ".tanstack", ".vinxi", ".vitepress",
              ".well-known"}  # fmt: skip
_ASSET = re.compile(
    r".*\.([cm]?[jt]sx?|css|less|s[ac]ss|styl|map|vue|svelte|astro|mdx?|svg|png|jpe?g|gif|webp|avif|ico|woff2?|ttf"
    r"|eot|wasm|json)"
)
_TRIED = ("", ".mjs", ".js", ".mts", ".ts", ".jsx", ".tsx", ".json")  # by Vite, where an import has none
_IMAGES = re.compile(r"/(_next/image|_image)$")  # they fetch what their query names, from within


def is_closed(path: str, query: str = "") -> bool:
    """Whether a dev server, or a Strapi behind it, might show what a stranger must not have.

    ``path`` and ``query`` as they were sent or decoded, any number of times; the method does not matter.
    """
    decoded = _decoded(path)
    if decoded is None:
        return True
    # A decoded mark may be part of a name, or the end of the path to whoever decodes first and reads then.
    end_of_path = re.split("[?#]", decoded)[0]
    return any(_is_closed(each, path, query) for each in {decoded, end_of_path})


def _is_closed(decoded: str, path: str, query: str) -> bool:
    segments = [segment for segment in re.split(r"[/\\]+", decoded) if segment not in ("", ".")]
    names = [segment.casefold() for segment in segments]  # a Mac's disk takes .\u017fql for .sql
    if ".." in names or (names and names[0] in _ADMIN):
        return True
    if re.match("/api(/|$)", path):
        return False  # Strapi's own, and it serves no files there
    if _CONTROL.search(decoded) or _is_admins(names):
        return True
    joined = "/" + "/".join(names)
    return (
        _TOOL.search(joined) is not None
        or any(_is_secret(name) for name in names if "." in name or name.startswith("id_"))
        or ("@fs" not in names and _is_hidden(names))  # a whole path may lead through ~/.local
        or _is_file_of_this_machine(segments)
        or (_IMAGES.search(joined) is not None and _asks_for_what_is_closed(query))
    )


def _is_admins(names: list[str]) -> bool:
    if not names or _ASSET.fullmatch(names[-1]):
        return False
    return bool(_ADMIN_ALONE.intersection(names)) or any(
        first == "admin" and second in _OF_ADMIN for first, second in pairwise(names)
    )


def is_password_login(path: str) -> bool:
    """Whether it is where Strapi takes people with a password, or lets them make an account."""
    segments = [segment for segment in re.split(r"[/\\]+", (_decoded(path) or "").lower()) if segment]
    return segments[:2] == ["api", "auth"] and segments[2:3] != [] and segments[2].startswith("local")


def may_say(message: str | bytes) -> bool:
    """Whether a browser may say this to a dev server by the websocket of its live reload.

    Vite lets everybody who holds the token of its page call plugins and, up to 8.0, read files that way.
    """
    try:
        said = json.loads(message)
    except (ValueError, RecursionError) as error:
        return isinstance(error, ValueError)  # a ping is no JSON; a nest of brackets is no ping
    if not isinstance(said, dict) or said.get("type") != "custom":
        return True
    event = str(said.get("event", ""))
    return event.startswith("vite:") and event not in ("vite:invoke", "vite:forward-console")


def _decoded(path: str) -> str | None:
    """Without any layer of percent-encoding: %252e%252e must not climb out behind somebody else's back."""
    for _ in range(_MOST_LAYERS):
        before, path = path, unquote(path)
        if path == before:
            return path
    return None


def _is_secret(name: str) -> bool:
    """By its name alone: data, keys, settings; also with something behind the ending that is not read."""
    parts = [part.rstrip(".") for part in re.split("[?#;: ]", name)]
    return any(part.startswith(".env") or _SECRET_FILE.fullmatch(part) for part in parts)


def _is_hidden(names: list[str]) -> bool:
    """Behind a dot, where developers and their tools keep what is no page's business."""
    if ".git" in names:
        return True
    if "node_modules" in names or names == [".kit", "hello"]:
        return False
    return any(name.startswith(".") and name not in _GENERATED for name in names)


def _is_file_of_this_machine(segments: list[str]) -> bool:
    """By its whole path, with or without ``/@fs/``; what a page loads from its installed packages is none.

    Vite serves ``/srv/shop/server.js`` like ``/@fs/srv/shop/server.js``, below any base path.
    """
    for place, segment in enumerate(segments):
        below = segments[place:]
        if segment.lower() == "@fs":
            return not _is_module(below[1:])
        if segment == "@id" and below[1:] and below[1].startswith(("virtual:", "__x00__")):
            return False  # a name of a plugin's own, which may hold a path
        drive = re.fullmatch("[A-Za-z]:", segment) is not None
        if drive or (segment in _top_folders() and len(below) > 1 and _is_here(below)):
            return not _is_module(below)
    return False


def _is_module(segments: list[str]) -> bool:
    names = [segment.lower() for segment in segments]
    if not names or not _ASSET.fullmatch(names[-1]):
        return False
    if any(names[place : place + 2] == [".svelte-kit", "generated"] for place in range(len(names))):
        return True
    # A package that is developed here is linked to: pages ask for its modules by their true paths.
    return "node_modules" in Path(os.path.realpath("/" + "/".join(segments))).parts


def _is_here(segments: list[str]) -> bool:
    path = "/" + "/".join(segments)
    if len(segments) > 2:
        return os.path.isdir(os.path.dirname(path))
    # A page may be called /media/ada, and a container's project be /app.
    return any(os.path.isfile(path + ending) for ending in _TRIED)


@cache
def _top_folders() -> frozenset[str]:
    return frozenset(entry.name for entry in os.scandir("/") if entry.is_dir())


def _asks_for_what_is_closed(query: str) -> bool:
    # An image of an image of an image: nobody nests them in good faith.
    decoded = _decoded(query)
    return decoded is None or decoded.count("?") > _MOST_LAYERS or any(map(is_closed, _paths_in(query)))


def _paths_in(query: str) -> Iterator[str]:
    for part in query.split("&"):
        path, _, asked = unquote(part.partition("=")[2]).partition("?")
        yield re.sub(r"^(\w+:)?//[^/]*", "", path)
        yield from _paths_in(asked) if asked else ()
