"""Another user of this machine, played by a process that has become one."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Mapping

import pytest

NOBODY = "nobody"

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)


def run_as_other(code: str, *arguments: str, user: str = NOBODY, **environment: str) -> str:
    """What the code prints; it finds its arguments in ``sys.argv``, and the standard library only."""
    them = pwd.getpwnam(user)
    # Everything is loaded before the change: this Python may lie in a folder that only root can enter.
    become = (
        f"import os, sys, http.client, json, pathlib, socket, encodings.idna; os.setgroups([{them.pw_gid}]); "
    )
    become += f"os.setgid({them.pw_gid}); os.setuid({them.pw_uid}); exec(sys.argv.pop(1))"
    given: Mapping[str, str] = os.environ | environment
    done = subprocess.run(
        [sys.executable, "-c", become, code, *arguments],
        env=given, cwd="/", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.strip()


# Prints what a GET brings, or the name of the error.
GET = """
address, path = sys.argv[1], sys.argv[2]
connection = http.client.HTTPConnection(address, timeout=10)
try:
    connection.request("GET", path)
    answer = connection.getresponse()
    print(answer.status, answer.read(200))
except OSError as error:
    print(type(error).__name__)
"""
