"""Where this kernel runs, as far as its environment tells."""

from __future__ import annotations

import os

# Where the kernel's localhost is not the reader's: https://jupyterhub.readthedocs.io and its like.
_ELSEWHERE = {
    "JUPYTERHUB_USER": "JupyterHub",
    "COLAB_RELEASE_TAG": "Google Colab",
    "BINDER_SERVICE_HOST": "Binder",
    "CODESPACES": "GitHub Codespaces",
    "SSH_CONNECTION": "a computer reached by SSH",
}


def elsewhere() -> str:
    """The place whose ``localhost`` the reader's browser cannot reach; empty on the reader's own computer."""
    return next((place for name, place in _ELSEWHERE.items() if os.environ.get(name)), "")
