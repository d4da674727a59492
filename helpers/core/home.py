"""Which folder keeps what was typed and what was changed: a checkout's own, or one in the user's home."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path

from helpers.core.errors import InputError

NAME = "instagram-login-kit"
_CHOOSE = "Choose a folder for what you type and what is changed, with --home or KIT_HOME."
_CODE = Path(__file__).resolve().parents[1]


def checkout(code: Path = _CODE) -> Path | None:
    """The repository that this code is run from; None where it was installed by a wheel."""
    root = code.parent
    return root if (root / "pyproject.toml").is_file() and (root / "notebooks").is_dir() else None


def default() -> Path:
    """Never the folder that the code was installed to, nor the one that somebody happens to stand in.

    Raises:
        InputError: this user has no home, as some in a container.
    """
    try:
        return checkout() or user_state_path(NAME).expanduser()  # some leave a ~ in it
    except RuntimeError as error:
        raise InputError("This user has no home folder.", fix=[_CHOOSE]) from error


def is_default(home: Path) -> bool:
    try:
        return home == default()
    except InputError:
        return False


def make(home: Path) -> None:
    """Only the default is made: another one that is not there may be a slip of the finger.

    Raises:
        InputError: it cannot be made.
    """
    if is_default(home):
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{home} cannot be made: {error.strerror or error}.", fix=[_CHOOSE]) from error


def own_notebooks() -> Path:
    """The notebooks as they came: the checkout's, or those inside the wheel."""
    return (checkout() or _CODE) / "notebooks"


def notebook_folders(home: Path) -> list[Path]:
    """Where this home's notebooks may be saved: beside it, and wherever they were put from here."""
    try:
        put = (home / ".kit" / "notebooks").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError):
        put = []
    return list(dict.fromkeys([home / "notebooks", *map(Path, put)]))
