"""One attendee's server, run as that attendee: their own copy of the notebooks, then JupyterLab."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_LONGEST = 60  # characters of a folder for kernels' sockets, whose whole paths the system limits to 107


def main() -> None:
    os.umask(0o077)  # files 600, folders 700
    folder = Path.home() / "instagram-login"
    folder.mkdir(mode=0o700, exist_ok=True)
    own = folder / "notebooks"
    if not own.exists():
        own.mkdir()
        for notebook in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"):
            shutil.copyfile(notebook, own / notebook.name)
    runtime, temporary = Path.home() / ".jupyter-runtime", Path.home() / ".tmp"
    for closed in (runtime, temporary):
        closed.mkdir(mode=0o700, exist_ok=True)
    os.environ |= {"KIT_HOME": str(folder), "JUPYTER_RUNTIME_DIR": str(runtime), "TMPDIR": str(temporary)}
    options = [
        f"--ServerApp.root_dir={folder}",
        "--LabApp.default_url=/lab/tree/notebooks/1_set_up.ipynb",
        f"--LabApp.app_settings_dir={Path(__file__).with_name('lab-settings')}",
    ]
    if len(str(runtime)) <= _LONGEST:
        # Over TCP every user of the machine could listen to what a kernel prints.
        options.append("--KernelManager.transport=ipc")
    os.execv(  # noqa: S606 - no shell is wanted
        sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *options, *sys.argv[1:]]
    )


if __name__ == "__main__":
    main()
