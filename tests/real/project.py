"""Strapi projects as ``create-strapi-app`` generates them, run under ``npm run develop`` or ``start``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from helpers.strapi.restart import unwatched
from tests.real import strapi as real

_PUBLISHED = {"5.50.0": "5.50.2"}  # the generator skipped two numbers
# As in the template, and what our own way of running it brings.
_IGNORED = """
node_modules
.env
.cache
.tmp
.strapi
.strapi-updater.json
types
public/uploads
preload.js
dist
build
"""


@contextmanager
def watched_folder() -> Iterator[Path]:
    """An empty folder in which Strapi sees changes; ``KIT_PROJECTS`` says where, else it is in the home."""
    parent = Path(os.environ.get("KIT_PROJECTS") or "~/instagram-login-kit-projects").expanduser().resolve()
    folder = parent / uuid.uuid4().hex
    if unwatched(str(folder)):
        raise RuntimeError(f"strapi develop sees no change in {folder}: set KIT_PROJECTS to another place")
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # Strapi's last children may still write there
        with suppress(OSError):  # others may be at work there
            parent.rmdir()


def template(folder: Path, version: str, language: str) -> Path:
    """What the generator of this version makes a new project from."""
    if version.startswith("4."):
        return _pieces_of_strapi_4(folder / "package", real.install(version), language)
    done = subprocess.run(
        ["npm", "pack", "--silent", f"create-strapi-app@{_PUBLISHED.get(version, version)}"],
        cwd=folder, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "templates" / {"js": "vanilla-js", "ts": "vanilla"}[language]


def _pieces_of_strapi_4(project: Path, installed: Path, language: str) -> Path:
    """Its generator has no whole template; it comes with Strapi's own packages."""
    resources = installed / "node_modules/@strapi/generate-new/dist/resources"
    shutil.copytree(resources / "files" / language, project)
    database = resources / "templates/database-templates" / language / "database.template"
    shutil.copy(database, project / "config" / f"database.{language}")
    if language == "ts":
        for name, place in (("server", "."), ("admin", "src/admin")):
            json_of = f"JSON.stringify(require('{resources}/json/ts/tsconfig-{name}.json.js')())"
            done = subprocess.run(["node", "-p", json_of], capture_output=True, text=True, check=True)
            (project / place / "tsconfig.json").write_text(done.stdout)
    return project


def generate(folder: Path, version: str, language: str) -> Path:
    """A project as ``create-strapi-app`` leaves it, committed, with the packages of ``version``."""
    project = folder / "my-project"
    installed = real.install(version)
    shutil.copytree(template(folder, version, language), project)
    package = json.loads((installed / "package.json").read_text())
    package["scripts"] = {"develop": "strapi develop", "start": "strapi start", "build": "strapi build"}
    # Strapi 4 builds its admin panel with an esbuild that thinks little of today's other browsers.
    package["browserslist"] = ["last 1 chrome version"]
    (project / "package.json").write_text(json.dumps(package, indent=2))
    admin = project / "config" / f"admin.{language}"
    admin.write_text(admin.read_text().replace("flags: {", "serveAdminPanel: false,\n  flags: {"))
    (project / ".gitignore").write_text(_IGNORED)
    (project / ".env").write_text("HOST=127.0.0.1\n")
    (project / "public" / "uploads").mkdir(parents=True, exist_ok=True)
    (project / "node_modules").symlink_to((installed / "node_modules").resolve())
    shutil.copy(installed / "preload.js", project)
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "generated")
    return project


def git(project: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=project, capture_output=True, text=True, check=True)
    return done.stdout


class OwnStrapi(real.RealStrapi):
    """A Strapi in a project of the person's, which takes its public URL from its own files.

    ``script`` is ``develop``, under which Strapi restarts by itself, or ``start``.
    """

    def __init__(
        self, folder: Path, project: Path, version: str, *, script: str = "start", instagram_url: str = ""
    ) -> None:
        super().__init__(folder, version, **({"instagram_url": instagram_url} if instagram_url else {}))
        self.project, self.by_itself = project, script == "develop"
        self.command = ("npm", "run", script)
        self.starting = 240  # seconds; the first start of `develop` builds the admin panel, too
        # The template puts its project's folder before it.
        self._given |= {
            "DATABASE_FILENAME": ".tmp/data.db",
            "NODE_OPTIONS": f"--require {project / 'preload.js'}",
        }
        del self._given["PUBLIC_URL"]  # an empty one would go before the project's own

    def __enter__(self) -> OwnStrapi:
        if self.command[-1] == "start" and (self.project / "tsconfig.json").exists():
            # The admin panel is not served here, so its part of `strapi build` is left out.
            shutil.rmtree(self.project / "dist", ignore_errors=True)
            compiler = ["node", "node_modules/typescript/bin/tsc"]
            subprocess.run(compiler, cwd=self.project, check=True, capture_output=True, timeout=120)
        super().__enter__()
        return self

    def restart(self) -> None:
        """What Ctrl-C and a new start do."""
        self.stop()
        self._register = False
        self.__enter__()
