"""The notebooks, put where a person can open, run and keep them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from helpers.core import home as homes
from helpers.core.errors import InputError
from helpers.core.settings import Settings


def put(settings: Settings, folder: Path) -> tuple[list[str], list[str]]:
    """The names of those that were copied, and of those that were there and stay as they are.

    Raises:
        InputError: the folder cannot be written, or a ``helpers`` there would be imported in the kit's place.
    """
    folder = folder.expanduser().absolute()
    refuse_shadow(folder)
    copied: list[str] = []
    kept: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for notebook in sorted(homes.own_notebooks().glob("*.ipynb")):
            there = folder / notebook.name
            (kept if there.exists() else copied).append(notebook.name)
            if not there.exists():
                shutil.copyfile(notebook, there)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    _remember(settings, folder)
    return copied, kept


def others(folder: Path) -> list[str]:
    """The names of those there that do not say what this version's say: an earlier one's, or changed."""
    ours = sorted(homes.own_notebooks().glob("*.ipynb"))
    return [
        each.name for each in ours if (there := folder / each.name).exists() and _says(there) != _says(each)
    ]


def _says(notebook: Path) -> list[str] | None:
    """What running and saving does not change; None where it is no notebook."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def refuse_shadow(folder: Path) -> None:
    """A kernel looks for ``helpers`` in the notebook's own folder first, then along PYTHONPATH."""
    path = [Path(place) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    for place in (folder, *path):
        found = place / "helpers"
        ours = found.resolve() == Path(homes.__file__).resolve().parents[1]
        if not ours and (found.is_dir() or found.with_suffix(".py").is_file()):
            raise InputError(
                f"{found} would be imported in place of this kit's own helpers.",
                fix=[
                    "Put the notebooks into a folder of their own, such as instagram-login.",
                    "Take the folder of that helpers out of PYTHONPATH, if it stands there.",
                ],
            )


def _remember(settings: Settings, folder: Path) -> None:
    """So that the doctor looks for saved secrets there, too."""
    known = homes.notebook_folders(settings.home)
    if folder not in known and folder.resolve() != (settings.home / "notebooks").resolve():
        lines = "".join(f"{each}\n" for each in [*known[1:], folder])
        file = settings.state_dir / "notebooks"
        try:
            file.write_text(lines, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error


def lab(settings: Settings, folder: Path, options: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command that opens JupyterLab at the first notebook of a folder, and its environment."""
    first = min(path.name for path in folder.glob("*.ipynb"))
    command = [
        *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"),
        f"--LabApp.default_url=/lab/tree/{first}",
        *options,
    ]
    return command, os.environ | {"KIT_HOME": str(settings.home)}
