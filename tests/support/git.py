"""The kit works without git; what is tried on a real repository needs it."""

from __future__ import annotations

import shutil

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
