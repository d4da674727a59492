"""The facts the user gives: environment first, then what was typed, then the samples of a rehearsal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dotenv import set_key, unset_key
from dotenv.parser import parse_stream

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.core.flows import CREDENTIALS
from helpers.core.masking import Secret

# The repository itself for a checkout, which is how the notebooks are meant to be used.
HOME = Path(__file__).resolve().parents[2]

# The sample values printed on Strapi's page; a rehearsal starts with them.
SAMPLE_CLIENT_ID = CREDENTIALS.id_example
SAMPLE_CLIENT_SECRET = "f5ba10a7dd78c2410ab6b8a35ab28226"  # noqa: S105 - printed there too
SAMPLE_DOMAINS = {"documented": "65e60559.ngrok.io", "today": "65e60559.ngrok-free.dev"}


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise InputError(f"Type {' or '.join(choices)}.")
        return text.strip().lower()

    return parse


def _switch(text: str) -> bool:
    return text.strip().lower() not in ("0", "no", "off", "false")


def _autopilot(text: str) -> bool | Literal["undo"]:
    return "undo" if text.strip().lower() == "undo" else _switch(text)


def _minutes(text: str) -> int:
    if not text.strip().isdecimal():
        raise InputError("Type a whole number of minutes, or 0 for never.")
    return int(text)


def _folder(text: str) -> str:
    try:
        return str(Path(text.strip()).expanduser())
    except RuntimeError as error:  # ~nobody
        raise InputError("There is no such home folder. Type the whole path of the folder.") from error


def _from(name: str, parse: Callable[[str], Any]) -> dict[str, Any]:
    """Which environment variable gives a field its value, and how that is read."""
    return {"name": name, "parse": parse}


_MODE, _FLOW = _one_of("rehearsal", "live"), _one_of("today", "documented")
_STRAPI = partial(inputs.web_address, what="Strapi's address")
_FRONTEND = partial(inputs.web_address, what="The front end's address")


@dataclass(frozen=True)
class Settings:
    """All facts of one setup, checked once, at the edge."""

    mode: str = field(default="rehearsal", metadata=_from("KIT_MODE", _MODE))
    flow: str = field(default="today", metadata=_from("KIT_FLOW", _FLOW))
    # "undo" also presses *Put everything back*.
    autopilot: bool | Literal["undo"] = field(default=False, metadata=_from("KIT_AUTOPILOT", _autopilot))
    # After so long without a browser the public address is closed; 0 is never.
    idle_minutes: int = field(default=30, metadata=_from("KIT_IDLE_MINUTES", _minutes))
    # Secrets are taken as they are: whether one can be right is said where it can be typed again.
    ngrok_authtoken: Secret = field(default_factory=Secret, metadata=_from("NGROK_AUTHTOKEN", Secret))
    ngrok_domain: str = field(default="", metadata=_from("NGROK_DOMAIN", inputs.domain))
    public_url: str = field(default="", metadata=_from("PUBLIC_URL", inputs.public_url))
    strapi_url: str = field(default="http://localhost:1337", metadata=_from("STRAPI_URL", _STRAPI))
    strapi_project: str = field(default="", metadata=_from("STRAPI_PROJECT", _folder))
    strapi_admin_email: str = field(default="", metadata=_from("STRAPI_ADMIN_EMAIL", inputs.email))
    strapi_admin_password: Secret = field(
        default_factory=Secret, metadata=_from("STRAPI_ADMIN_PASSWORD", Secret)
    )
    frontend_url: str = field(default="", metadata=_from("FRONTEND_URL", _FRONTEND))
    frontend_project: str = field(default="", metadata=_from("FRONTEND_PROJECT", _folder))
    client_id: str = field(default="", metadata=_from("INSTAGRAM_CLIENT_ID", inputs.client_id))
    client_secret: Secret = field(default_factory=Secret, metadata=_from("INSTAGRAM_CLIENT_SECRET", Secret))
    gateway_port: int = field(default=0, metadata=_from("KIT_GATEWAY_PORT", inputs.port))
    home: Path = HOME

    def __post_init__(self) -> None:
        inputs.two_servers(self.frontend_url, self.strapi_url)

    @property
    def live(self) -> bool:
        return self.mode == "live"

    @property
    def file(self) -> Path:
        """Where typed values are kept; a rehearsal has its own file and never touches live facts."""
        return self.home / (".env" if self.live else ".rehearsal.env")

    @property
    def state_dir(self) -> Path:
        """What the kit must find again in the next kernel: what it changed, and the agent's lease."""
        path = self.home / ".kit"
        with _errors_of(path):
            path.mkdir(mode=0o700, exist_ok=True)
        return path


_FIELDS = {f.metadata["name"]: f for f in fields(Settings) if f.metadata}
NAMES = {f.name: name for name, f in _FIELDS.items()}  # attribute -> environment variable
# The rest are choices about the kit itself, and are kept when what was typed is forgotten.
TYPED = [attribute for attribute, name in NAMES.items() if not name.startswith("KIT_")]


def load(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Settings:
    """Settings from the environment, then from ``.env``.

    In a rehearsal only the choices about the kit are: all else is the stand-ins' own, or was typed there.

    Raises:
        InputError: a value cannot be right, or a file cannot be read; the text names it.
    """
    environ = os.environ if environ is None else environ
    home = home or Path(_folder(environ.get("KIT_HOME") or str(HOME)))
    live_file = _read(home / ".env")
    live = (environ.get("KIT_MODE") or live_file.get("KIT_MODE", "")).strip().lower() == "live"
    typed = {} if live else _read(home / ".rehearsal.env")
    found: dict[str, Any] = {}
    for name, setting in _FIELDS.items():
        sources = (environ, live_file) if live or name.startswith("KIT_") else (typed,)
        text = next((source[name] for source in sources if source.get(name, "").strip()), None)
        if text is not None:
            try:
                found[setting.name] = setting.metadata["parse"](text)
            except InputError as error:
                raise InputError(f"{name}: {error}", failure=error.failure) from error
    return Settings(**found, home=home)


def remember(settings: Settings, **facts: str | Secret) -> None:
    """Keep typed values for the next kernel, in a file that only this user can read.

    An empty value is forgotten. A :class:`Secret` is written in clear: call this only when asked to.

    Raises:
        InputError: the file cannot be read or written; the text names it.
    """
    for attribute, value in facts.items():
        # Mode and flow say which file to read, so they live in the one that is always read.
        path = settings.home / ".env" if attribute in ("mode", "flow") else settings.file
        text = value.reveal() if isinstance(value, Secret) else str(value)
        # Read in any case: behind a line that cannot be read the new one would be lost.
        known = NAMES[attribute] in _read(path)
        if not text and not known:
            continue
        with _errors_of(path):
            # Before anything is written: what replaces the file takes over its mode.
            path.touch(mode=0o600)
            path.chmod(0o600)
            if text:
                set_key(path, NAMES[attribute], text, quote_mode="auto", follow_symlinks=True)
            else:
                unset_key(path, NAMES[attribute], follow_symlinks=True)


def _read(path: Path) -> dict[str, str]:
    """The values of a file; a line that is none would be skipped without a word, so it is refused."""
    with _errors_of(path):
        if not path.exists():
            return {}
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    for binding in bindings:
        if binding.error:
            text, line = binding.original
            line += len(text) - len(text.lstrip("\n"))  # blank lines count to the one they precede
            raise InputError(
                f"{path}, line {line} cannot be read: type NAME=value there, or NAME='value' "
                "for a value with blanks, # or quotes."
            )
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value}


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        # From None: the error carries the bytes of the whole file.
        raise InputError(f"{path} is not UTF-8 text: save it again with the encoding UTF-8.") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be used: it must be yours to read and write.",
            evidence=error.strerror or str(error),
        ) from error
