"""Whether a front end's own tool starts on the Node that is installed."""

from __future__ import annotations

import re
import shutil
import subprocess

from helpers.core.errors import KitError
from helpers.failures import known
from helpers.project.folder import Folder


def trouble(folder: Folder, node: int | None) -> KitError | None:
    """Why it will not start on this major version of Node; None when it will, or when that is unknown."""
    scripts = major(_react_scripts(folder))
    if not node or node < 17 or not scripts or scripts >= 5 or _has_legacy_provider(folder):
        return None
    return KitError(
        f"react-scripts {scripts} does not start on Node {node}.",
        failure=known.EXAMPLE_ON_NEW_NODE,
        evidence=f"react-scripts {_react_scripts(folder)} in {folder.root.name}, Node {node}",
    )


def _react_scripts(folder: Folder) -> str:
    """The installed version, or before the installation the accepted one."""
    return folder.installed("react-scripts") or folder.needs.get("react-scripts", "")


def _has_legacy_provider(folder: Folder) -> bool:
    return b"openssl-legacy-provider" in (folder.read("package.json") or b"")


def installed_node() -> int | None:
    """The major version of the Node on this machine's path."""
    node = shutil.which("node")
    if node is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return major(said.stdout)


def major(version: str) -> int | None:
    found = re.search(r"\d+", version)
    return int(found[0]) if found else None
