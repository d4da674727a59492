"""A stand-in for Strapi's login example: a small project, and its page as its dev server shows it."""

from __future__ import annotations

import json
from pathlib import Path

from aiohttp import web
from dotenv import dotenv_values

from helpers.web.frontend import login_page
from helpers.web.serving import Request

VARIABLE = "REACT_APP_BACKEND_URL"
_LINK = "<a href={{`${{process.env.{variable}}}{path}/connect/{provider}`}}>Log in</a>"


def write_project(
    folder: Path,
    provider: str,
    *,
    variable: str = VARIABLE,
    path: str = "/api",
    scripts: str = "^5.0.1",
) -> None:
    """What the kit looks at in such a project; ``variable`` and ``path`` make its login link."""
    needs = {"dependencies": {"react": "^18.2.0", "react-scripts": scripts}}
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": folder.name, **needs}), encoding="utf-8")
    link = _LINK.format(variable=variable, path=path, provider=provider)
    (folder / "src/Home.js").write_text(f"export const Home = () => {link};\n", encoding="utf-8")


class FrontEndStandIn:
    """The page on every path, as a dev server answers them; its variable is read whenever it is asked for.

    The real one reads it at its start: there the form says that it must be started anew.
    """

    def __init__(self, folder: Path, provider: str) -> None:
        self.folder, self.provider = folder, provider

    async def __call__(self, request: Request) -> web.StreamResponse:
        # In JavaScript a text with an unset variable says so.
        backend = dotenv_values(self.folder / ".env").get(VARIABLE) or "undefined"
        return login_page(self.provider, backend)
