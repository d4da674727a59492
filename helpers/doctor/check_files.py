"""What can be read on this machine: Strapi's files, the typed credentials, where we run, saved notebooks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.core import inputs
from helpers.core.errors import KitError, Refused
from helpers.core.home import notebook_folders
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.doctor.measurements import DoesNotApply, Finding, Measurements, NotYet, on_this_computer
from helpers.failures import known
from helpers.project import startup_trouble
from helpers.project.front_end_start import major
from helpers.project.strapi_project import Project

_READS_NOTHING = r"url\s*:\s*env\(\s*(''|\"\")"
_PROXY_TRUE = r"proxy\s*:\s*true\b"
_LARGEST = 20_000_000  # bytes of a notebook worth reading
# Where the kernel's localhost is not the reader's: https://jupyterhub.readthedocs.io and its like.
_ELSEWHERE = {
    "JUPYTERHUB_USER": "JupyterHub",
    "COLAB_RELEASE_TAG": "Google Colab",
    "BINDER_SERVICE_HOST": "Binder",
    "CODESPACES": "GitHub Codespaces",
    "SSH_CONNECTION": "a computer reached by SSH",
}


def project(measured: Measurements) -> str | Finding:
    facts = measured.kit.settings
    root = facts.strapi_project
    if not root and not on_this_computer(facts.strapi_url):
        raise DoesNotApply(f"Strapi runs at {facts.strapi_url}, and its files are not on this computer")
    if not root:
        raise NotYet("the folder of your Strapi project (1.2)")
    strapi = Project(root)
    folder = strapi.folder
    if tracked := strapi.tracked_overlays():
        raise KitError(
            f"git tracks {tracked[0]}, so everybody who pulls would get your tunnel's address",
            fix=(f"In {folder.root} run: git rm --cached {tracked[0]}", "Commit that."),
        )
    server, middlewares = (_text(folder.root / "config", name) for name in ("server", "middlewares"))
    if re.search(_READS_NOTHING, server) and not strapi.overlays():
        raise KitError(
            "config/server reads its url from a variable without a name", failure=known.SERVER_URL_LOCALHOST
        )
    if trouble := startup_trouble.mixed_versions(folder) or startup_trouble.gone_imports(folder):
        raise trouble
    # A file that names none of them collects them elsewhere.
    if "strapi::" in middlewares and "strapi::session" not in middlewares:
        raise KitError(
            "config/middlewares does not name strapi::session", failure=known.SESSION_MIDDLEWARE_MISSING
        )
    if (major(folder.needs.get("@strapi/strapi", "")) or 0) >= 5 and re.search(_PROXY_TRUE, server):
        told = "config/server says proxy: true, which Strapi 5 ignores"
        if _refuses_its_cookie(measured):
            raise KitError(told, failure=known.PROXY_SETTING_WITHOUT_EFFECT)
        return Finding(told, known.PROXY_SETTING_WITHOUT_EFFECT)
    for name, address in strapi.overlays().items():
        if not measured.kit.public_url:  # why there is none is told by another check
            told = f"{name} still has {address}, and that tunnel is gone: start one, or press Take it out"
            return Finding(told, known.SERVER_URL_OF_EARLIER_TUNNEL)
    return f"config/server and config/middlewares of {folder.root.name} say nothing that is known to fail"


def _refuses_its_cookie(measured: Measurements) -> bool:
    """What comes of an untrusted proxy, in production or with secure: true."""
    try:
        measured.connect()
    except Refused as error:
        return error.failure == known.SECURE_COOKIE_REFUSED
    except (KitError, NotYet):  # told by other checks
        pass
    return False


def _text(folder: Path, stem: str) -> str:
    found = (folder / f"{stem}.{language}" for language in ("ts", "js"))
    path = next((path for path in found if path.exists()), None)
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    return re.sub(r"(?m)^\s*//.*$|(?s:/\*.*?\*/)|\s//\s.*$", "", text)


def credentials(measured: Measurements) -> str:
    facts = measured.kit.settings
    if facts.live and facts.client_id and not facts.client_secret and _sent(measured) == facts.client_id:
        return (
            f"Strapi sends client ID {facts.client_id}; its secret stands there and need not be typed again"
        )
    if not facts.client_id or not facts.client_secret:
        raise NotYet("the client ID and secret to be saved (2.9)")
    inputs.client_secret(facts.client_secret.reveal())
    return f"Client ID {inputs.client_id(facts.client_id)} and a secret of 32 hex characters"


def elsewhere() -> str:
    """The place whose ``localhost`` the reader's browser cannot reach; empty on the reader's own computer."""
    return next((place for name, place in _ELSEWHERE.items() if os.environ.get(name)), "")


def _sent(measured: Measurements) -> str:
    """The client ID of a login that Strapi starts; empty while it starts none."""
    try:
        return measured.connect().client_id
    except (KitError, NotYet):  # told by other checks
        return ""


def machine(measured: Measurements) -> str:
    where = elsewhere()
    if not where:
        return "This kernel runs on your own computer, as far as its environment tells"
    if not measured.kit.settings.live:
        return f"This kernel runs on {where}; a rehearsal needs nothing but this notebook"
    try:
        page = measured.page()
    except KitError:  # told by another check
        page = ""
    if on_this_computer(page):
        raise KitError(
            f"This kernel runs on {where}, where your browser's localhost is not",
            failure=known.LOCALHOST_ELSEWHERE,
        )
    return f"This kernel runs on {where}, and a login needs only the public address"


def notebooks(measured: Measurements) -> str:
    facts = measured.kit.settings
    held = [facts.client_secret, facts.ngrok_authtoken, facts.strapi_admin_password]
    # The documented sample is printed in the notebook's text.
    secrets = [each for each in held if each and each != Secret(SAMPLE_CLIENT_SECRET)]
    if not secrets:
        raise NotYet("a secret to look for")
    # A notebook is JSON, where quotes and other letters are written differently.
    forms = {form for each in secrets for form in (each.reveal(), json.dumps(each.reveal())[1:-1])}
    paths = [path for folder in notebook_folders(facts.home) for path in _saved(folder)]
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        if any(form in text for form in forms):
            raise KitError(
                f"{path.relative_to(facts.home) if facts.home in path.parents else path} "
                "holds a secret that you typed",
                failure=known.SECRET_SAVED_IN_NOTEBOOK,
            )
    return f"None of {len(paths)} saved notebooks holds a secret that you typed"


def _saved(folder: Path) -> Iterator[Path]:
    """Checkpoints too."""
    for path in folder.rglob("*.ipynb"):
        if path.is_file() and path.stat().st_size < _LARGEST and os.access(path, os.R_OK):
            yield path
