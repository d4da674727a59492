"""The same setup from a terminal: ``instagram-login-kit``, or in a checkout ``python -m helpers``."""

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
from helpers.core.flows import TODAY
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
_ROBOTS_PATIENCE, _LONGEST = 10.0, 86_400.0  # seconds


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    cut = given.index("--") if given[:1] == ["lab"] and "--" in given else len(given)
    arguments = _parser().parse_args(given[:cut], argparse.Namespace(options=given[cut + 1 :]))
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        code = command(arguments)
        sys.stdout.flush()
        return code
    except InputError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return USAGE
    except KitError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever reads it, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tells it once more
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers" if homes.checkout() else homes.NAME,
        description="Set up Log in with Instagram for Strapi.",
        epilog="Exit status: 0 if everything that was needed passed; 1 if something failed or could not be "
        "checked; 2 for wrong usage.",
    )
    commands = parser.add_subparsers(
        required=True, metavar="rehearse|doctor|login|golive|explain|notebooks|lab"
    )

    rehearse_ = commands.add_parser("rehearse", help="the whole setup and a login, on stand-ins only")
    rehearse_.add_argument("--flow", choices=("today", "documented"), help="default: KIT_FLOW, or today")
    rehearse_.add_argument("--engine", choices=("session", "token"), help="how Strapi ends a login")
    rehearse_.set_defaults(command=rehearse)

    doctor_ = commands.add_parser("doctor", help="every check of the setup, with cause and fix")
    doctor_.set_defaults(command=doctor)

    login_ = commands.add_parser("login", help="open the public address, wait until a login is witnessed")
    login_.add_argument("--public-url", help="your own tunnel's https address, instead of ngrok")
    login_.add_argument("--gateway-port", help="the port your tunnel leads to (default: a free one)")
    login_.add_argument("--timeout", type=_seconds, default=300.0, help="seconds to wait (default: 300)")
    login_.set_defaults(command=login)

    golive_ = _add_golive(commands)

    explain_ = commands.add_parser("explain", help="what an error text, a log or an address means")
    explain_.add_argument("text", nargs="?", help="the text; without it, or with -, standard input is read")
    explain_.set_defaults(command=explain)

    for each in (rehearse_, doctor_, login_, golive_, explain_):
        each.add_argument("--json", action="store_true", help="print JSON instead of text")
    notebooks_ = _add_notebooks(commands)
    for each in (rehearse_, doctor_, login_, *notebooks_):
        each.add_argument(
            "--home", type=_path, help="the folder for what you type and what is changed (or KIT_HOME)"
        )
    return parser


def _add_golive(commands: Any) -> argparse.ArgumentParser:
    told = "the checks of a deployed setup, from outside"
    golive_ = commands.add_parser(
        "golive",
        help=told,
        description=f"{told.capitalize()}: https, the proxy, Strapi's address and cookie, the page and its "
        "scripts, Meta's callbacks. No gateway, no password: one begun login and at most 40 requests to the "
        "two hosts, within 15 seconds.",
        epilog="Exit status: 0 if everything that can be seen from outside passed; 1 if something failed or "
        "could not be found out; 2 for wrong usage. What only a login or Meta's dashboard shows is unknown, "
        "and is not counted.",
    )
    golive_.add_argument(
        "--strapi", required=True, metavar="URL",
        help="Strapi's public https address, such as https://api.example.com; the page's own, if that passes "
        "/api on to Strapi",
    )  # fmt: skip
    golive_.add_argument(
        "--page", required=True, metavar="URL",
        help="the https address of the page with the login; its path is kept",
    )  # fmt: skip
    golive_.add_argument(
        "--provider", default=TODAY.provider, metavar="NAME",
        help=f"the provider's name in Strapi (default: {TODAY.provider})",
    )  # fmt: skip
    golive_.add_argument(
        "--resolve", action="append", default=[], metavar="HOST:PORT:ADDRESS",
        help="go to this IP address for a host and port, as curl does: for a host that has no DNS entry yet; "
        "may be repeated (http is port 80)",
    )  # fmt: skip
    golive_.add_argument(
        "--cacert", metavar="FILE",
        help="trust only the certificate authorities in this file (PEM), as curl does: for a staging host "
        "with certificates of your own",
    )  # fmt: skip
    golive_.set_defaults(command=golive)
    return golive_  # type: ignore[no-any-return]


def _add_notebooks(commands: Any) -> list[argparse.ArgumentParser]:
    notebooks_ = commands.add_parser("notebooks", help="put the notebooks into a folder")
    notebooks_.add_argument("folder", type=_path, help="made if it is not there; what is in it stays")
    notebooks_.set_defaults(command=notebooks)

    ours = "options for JupyterLab stand behind --, as in: lab -- --no-browser"
    lab_ = commands.add_parser("lab", help="open JupyterLab at the first notebook", epilog=ours)
    lab_.add_argument("folder", type=_path, nargs="?", help="default: notebooks, in the kit's home")
    lab_.set_defaults(command=lab)
    return [notebooks_, lab_]


def _load(arguments: argparse.Namespace, environ: dict[str, str] | None = None) -> settings.Settings:
    given = settings.load(environ, arguments.home)
    if homes.is_default(given.home) and not given.home.exists() and not environ:
        homes.make(given.home)
        chosen = "--home or KIT_HOME choose another folder"
        print(f"What you type and what is changed is kept in {given.home}; {chosen}.", file=sys.stderr)
    return given


def _path(text: str) -> Path:
    if not text.strip():  # not the folder that somebody happens to stand in
        raise argparse.ArgumentTypeError("type a folder")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError("there is no such home folder: type the whole path") from error


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"type a number of seconds up to {_LONGEST:.0f}")
    return seconds


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
        print("\n".join(explained.as_lines(reading)))
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


if __name__ == "__main__":
    sys.exit(main())
