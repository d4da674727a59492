"""What the agent writes, as the real one does: logfmt on standard output, its last word on standard error."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, NoReturn


def fail(reason: str) -> NoReturn:
    """Give up as the real agent does: four times in the log, once on stderr."""
    log("eror", "failed to reconnect session", obj="tunnels.session", err=reason)
    log("info", "session closing", obj="tunnels.session", err=reason)
    log("eror", "terminating with error", obj="app", err=reason)
    log("crit", "command failed", err=reason)
    os.write(2, "".join(f"ERROR:  {line}\n" for line in reason.splitlines()).encode())
    time.sleep(0.25)  # else pyngrok may see the end before the reason
    sys.exit(1)


def log(level: str, message: str, **facts: Any) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    fields = {"t": now, "lvl": level, "msg": message, **facts}
    line = " ".join(f"{key}={_quoted(str(value))}" for key, value in fields.items())
    try:
        os.write(1, line.encode() + b"\n")  # unbuffered: a full pipe must stop us, as it stops the real one
    except BrokenPipeError:
        os._exit(141)  # as if SIGPIPE had ended us: nothing is tidied up


def _quoted(value: str) -> str:
    return value if value and not set(value) & set(' ="\\\r\n\t') else json.dumps(value)
