"""What each command of the terminal does with its parsed arguments: text out, and an exit code."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.core import home as homes
from helpers.core import inputs, settings
from helpers.core.errors import InputError, KitError
from helpers.doctor import checks, diagnosis, explained, golive_client
from helpers.doctor import golive as golive_checks
from helpers.doctor.deployment import Target
from helpers.doctor.recognise import read
from helpers.gateway.attempt import Attempt
from helpers.kit import Kit
from helpers.login import trace
from helpers.login.verdict import Verdict
from helpers.project import notebook_copies

OK, FAILED, USAGE = 0, 1, 2
_LOOKED_AT = {
    "rehearsal": "stand-ins on this machine; for your own setup set KIT_MODE=live",
    "live": "your own setup",
}
_ROBOTS_PATIENCE = 10.0  # seconds


def rehearse(arguments: argparse.Namespace) -> int:
    # Loaded as a rehearsal: none of a live setup's facts may come in.
    given = _load(arguments, {**os.environ, "KIT_MODE": "rehearsal"})
    kit = Kit(replace(given, flow=arguments.flow or given.flow), engine=arguments.engine)
    began = time.monotonic()

    def walk() -> Attempt:
        kit.rehearse_up_to(4)
        robot = kit.browser()
        robot.finish(robot.press_login(), allow=True)
        return kit.logins.wait(timeout=_ROBOTS_PATIENCE, since=began)

    try:
        return _report(kit, walk, as_json=arguments.json)
    finally:
        kit.close()


def login(arguments: argparse.Namespace) -> int:
    given = _load(arguments)
    if arguments.public_url:
        given = replace(given, public_url=inputs.public_url(arguments.public_url))
        if not given.live:
            raise InputError("A rehearsal has its own address: leave --public-url out, or set KIT_MODE=live.")
    if arguments.gateway_port:
        given = replace(given, gateway_port=inputs.port(arguments.gateway_port))
    kit = Kit(given)
    began = time.monotonic()

    def wait() -> Attempt:
        if kit.world:
            kit.rehearse_up_to(4)
        kit.open_address()
        # Beside the JSON, not in it: a script reads standard output.
        print(f"Gateway: {kit.gateway.url}\nOpen: {kit.login_address}", file=sys.stderr, flush=True)
        return kit.logins.wait(timeout=arguments.timeout, since=began)

    try:
        return _report(kit, wait, as_json=arguments.json)
    finally:
        kit.close()


def _report(kit: Kit, work: Callable[[], Attempt], *, as_json: bool) -> int:
    """Run the login, print what was seen of it, good or bad."""
    stopped: KitError | None = None
    try:
        attempt: Attempt | None = work()
    except InputError:
        raise
    except KitError as error:
        stopped, attempt = error, kit.logins.latest
    verdict = kit.logins.verdict(attempt)
    if stopped and (not verdict.decided or (not verdict.ok and verdict.failure is None)):
        verdict = Verdict(False, True, str(stopped), failure=stopped.failure, broke_at=verdict.broke_at)
    if as_json:
        mode, flow, engine = kit.settings.mode, kit.flow.name, kit.engine
        print(json.dumps(trace.as_json(verdict, attempt, mode=mode, flow=flow, engine=engine)))
    else:
        print("\n".join(trace.lines(attempt, verdict) if attempt else trace.conclusion(verdict)))
        if note := kit.logins.note():
            print(f"Note: {trace.one_line(note)}")
    return OK if verdict.ok else FAILED


def doctor(arguments: argparse.Namespace) -> int:
    kit = Kit(_load(arguments))
    try:
        with suppress(KitError):  # what stands in the way is what the checks name
            kit.rehearse_up_to(4)
        results = checks.run(kit)
    finally:
        kit.close()
    return _tell(results, kit.settings.mode, _LOOKED_AT[kit.settings.mode], as_json=arguments.json)


def golive(arguments: argparse.Namespace) -> int:
    target = Target(
        inputs.deployed_address(arguments.strapi, "Strapi's address"),
        inputs.deployed_address(arguments.page, "The page's address", with_path=True),
        inputs.provider(arguments.provider),
    )
    cacert = Path(arguments.cacert) if arguments.cacert else None
    results = golive_checks.run(target, resolve=golive_client.resolved(arguments.resolve), cacert=cacert)
    where = f"{target.strapi} and {target.page}, from outside; {target.layout.title}"
    return _tell(results, "deployed", where, as_json=arguments.json)


def _tell(results: list[checks.Result], mode: str, looked_at: str, *, as_json: bool) -> int:
    ok = checks.in_order(results)
    if as_json:
        found: dict[str, Any] = {"ok": ok, "mode": mode, "checks": [each.as_json() for each in results]}
        print(json.dumps(found))
    else:
        print("\n".join([f"Mode: {mode} ({looked_at})", "", *diagnosis.as_lines(results)]))
    return OK if ok else FAILED


def explain(arguments: argparse.Namespace) -> int:
    piped = arguments.text in (None, "-")
    text = sys.stdin.buffer.read().decode(errors="replace") if piped else arguments.text
    if not text.strip():
        raise InputError("There is no text: put it behind explain, in quotes, or pipe it in.")
    reading = read(text)
    if arguments.json:
        print(json.dumps(explained.as_json(reading)))
    else:
        print(explained.as_text(reading))
    return OK if any(each.sure for each in reading.matches) else FAILED


def notebooks(arguments: argparse.Namespace) -> int:
    copied, kept = notebook_copies.put(_load(arguments), arguments.folder)
    for names, what in ((copied, "Put there"), (kept, "There already, and left as they are")):
        if names:
            print(f"{what}: {', '.join(names)}")
    _tell_others(arguments.folder)
    return OK


def _tell_others(folder: Path) -> None:
    if others := notebook_copies.others(folder):
        print(
            f"Changed, or of another version of the kit: {', '.join(others)}. For those of this version "
            f"move them out of {folder} and run this again.",
            file=sys.stderr,
        )


def lab(arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError(
            "JupyterLab is not installed beside the kit.",
            fix=[f"Install it there: {shlex.quote(sys.executable)} -m pip install jupyterlab"],
        )
    given = _load(arguments)
    folder = (arguments.folder or homes.checkout() or given.home).absolute()
    if not arguments.folder:
        folder /= "notebooks"
    if folder != homes.own_notebooks():
        notebook_copies.put(given, folder)
        _tell_others(folder)
    command, environment = notebook_copies.lab(given, folder, arguments.options)
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - ours


def _load(arguments: argparse.Namespace, environ: dict[str, str] | None = None) -> settings.Settings:
    given = settings.load(environ, arguments.home)
    if homes.is_default(given.home) and not given.home.exists() and not environ:
        homes.make(given.home)
        chosen = "--home or KIT_HOME choose another folder"
        print(f"What you type and what is changed is kept in {given.home}; {chosen}.", file=sys.stderr)
    return given
