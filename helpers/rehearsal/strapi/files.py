"""What the stand-in reads of its project: ``config/server``, what is merged over it, the provider file."""

from __future__ import annotations

import re
from pathlib import Path

from dotenv import dotenv_values

from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE

# The one line that matters here: a text, or a variable with a text to fall back on.
_URL = re.compile(r"\burl: (?:env\('(\w*)', )?'([^']*)'")


class ProjectFiles:
    """The files of one project; those below ``config`` and ``src`` are the ones that Strapi watches."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def seen(self) -> list[tuple[str, int]]:
        """Which files there are, and when each was written: different once something has changed."""
        found = (path for folder in ("config", "src") for path in (self.root / folder).rglob("*.*"))
        return sorted((str(path), path.stat().st_mtime_ns) for path in found if path.is_file())

    def url(self, environment: str) -> str:
        """``url`` as Strapi merges it; empty where no file has one."""
        files = (self.root / "config/env" / environment / "server.js", self.root / "config/server.js")
        texts = (path.read_text(encoding="utf-8") for path in files if path.exists())
        found = next(filter(None, (_URL.search(text) for text in texts)), None)
        return (dotenv_values(self.root / ".env").get(found[1] or "") or found[2]) if found else ""

    def defines_provider(self) -> bool:
        provider, entry = self.root / PROVIDER_FILE, self.root / ENTRY_FILE
        return provider.exists() and entry.exists() and provider.stem in entry.read_text(encoding="utf-8")
