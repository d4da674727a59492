"""A launcher that pyngrok takes for ngrok. This file runs in the kit's process, the agent in its own."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import yaml

_BOOT = (
    "import sys; sys.path[:0] = [sys.argv.pop(1)]; sys.path += [sys.argv.pop(1)]; "
    "from helpers.rehearsal.ngrok.agent import main; main(sys.argv[1:])"
)


def install_agent(folder: Path, **environment: str) -> Path:
    """Write a launcher to be used as ``ngrok_path``; ``environment`` is set for this agent alone."""
    # -S: without site the agent starts a third faster, and nothing else that is installed can disturb it.
    packages, root = Path(yaml.__file__).parents[1], Path(__file__).parents[3]
    command = [sys.executable, "-IS", "-c", _BOOT, str(root), str(packages)]
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "nt":
        path = folder / "ngrok.cmd"
        settings = [f'@set "{name}={value}"\n' for name, value in environment.items()]
        path.write_text("".join(settings) + "@" + " ".join(f'"{word}"' for word in command) + " %*\n")
    else:
        path = folder / "ngrok"
        settings = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
        path.write_text("#!/bin/sh\n" + "".join(settings) + f'exec {shlex.join(command)} "$@"\n')
        path.chmod(0o700)
    return path
