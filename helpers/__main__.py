"""The same setup from a terminal: ``instagram-login-kit``, or in a checkout ``python -m helpers``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import commands as do
from helpers.core import home as homes
from helpers.core.errors import InputError, KitError
from helpers.core.flows import TODAY

_LONGEST = 86_400.0  # seconds


def main(argv: list[str] | None = None) -> int:
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:  # of --help, too, which leaves by SystemExit
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
    except BrokenPipeError:  # whoever reads it, such as head, has seen enough
        nobody = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):  # or Python tells it once more
            os.dup2(nobody, stream.fileno())
        return do.FAILED


def _run(given: list[str]) -> int:
    cut = given.index("--") if given[:1] == ["lab"] and "--" in given else len(given)
    arguments = _parser().parse_args(given[:cut], argparse.Namespace(options=given[cut + 1 :]))
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except InputError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return do.USAGE
    except KitError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return do.FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return do.FAILED


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

    rehearse = commands.add_parser("rehearse", help="the whole setup and a login, on stand-ins only")
    rehearse.add_argument("--flow", choices=("today", "documented"), help="default: KIT_FLOW, or today")
    rehearse.add_argument("--engine", choices=("session", "token"), help="how Strapi ends a login")
    rehearse.set_defaults(command=do.rehearse)

    doctor = commands.add_parser("doctor", help="every check of the setup, with cause and fix")
    doctor.set_defaults(command=do.doctor)

    login = commands.add_parser("login", help="open the public address, wait until a login is witnessed")
    login.add_argument("--public-url", help="your own tunnel's https address, instead of ngrok")
    login.add_argument("--gateway-port", help="the port your tunnel leads to (default: a free one)")
    login.add_argument("--timeout", type=_seconds, default=300.0, help="seconds to wait (default: 300)")
    login.set_defaults(command=do.login)

    golive = _add_golive(commands)

    explain = commands.add_parser("explain", help="what an error text, a log or an address means")
    explain.add_argument("text", nargs="?", help="the text; without it, or with -, standard input is read")
    explain.set_defaults(command=do.explain)

    for each in (rehearse, doctor, login, golive, explain):
        each.add_argument("--json", action="store_true", help="print JSON instead of text")
    notebooks = _add_notebooks(commands)
    for each in (rehearse, doctor, login, *notebooks):
        each.add_argument(
            "--home", type=_path, help="the folder for what you type and what is changed (or KIT_HOME)"
        )
    return parser


def _add_golive(commands: Any) -> argparse.ArgumentParser:
    told = "the checks of a deployed setup, from outside"
    golive = commands.add_parser(
        "golive",
        help=told,
        description=f"{told.capitalize()}: https, the proxy, Strapi's address and cookie, the page and its "
        "scripts, Meta's callbacks. No gateway, no password: one begun login and at most 40 requests to the "
        "two hosts, within 15 seconds.",
        epilog="Exit status: 0 if everything that can be seen from outside passed; 1 if something failed or "
        "could not be found out; 2 for wrong usage. What only a login or Meta's dashboard shows is unknown, "
        "and is not counted.",
    )
    golive.add_argument(
        "--strapi", required=True, metavar="URL",
        help="Strapi's public https address, such as https://api.example.com; the page's own, if that passes "
        "/api on to Strapi",
    )  # fmt: skip
    golive.add_argument(
        "--page", required=True, metavar="URL",
        help="the https address of the page with the login; its path is kept",
    )  # fmt: skip
    golive.add_argument(
        "--provider", default=TODAY.provider, metavar="NAME",
        help=f"the provider's name in Strapi (default: {TODAY.provider})",
    )  # fmt: skip
    golive.add_argument(
        "--resolve", action="append", default=[], metavar="HOST:PORT:ADDRESS",
        help="go to this IP address for a host and port, as curl does: for a host that has no DNS entry yet; "
        "may be repeated (http is port 80)",
    )  # fmt: skip
    golive.add_argument(
        "--cacert", metavar="FILE",
        help="trust only the certificate authorities in this file (PEM), as curl does: for a staging host "
        "with certificates of your own",
    )  # fmt: skip
    golive.set_defaults(command=do.golive)
    return golive  # type: ignore[no-any-return]


def _add_notebooks(commands: Any) -> list[argparse.ArgumentParser]:
    notebooks = commands.add_parser("notebooks", help="put the notebooks into a folder")
    notebooks.add_argument("folder", type=_path, help="made if it is not there; what is in it stays")
    notebooks.set_defaults(command=do.notebooks)

    ours = "options for JupyterLab stand behind --, as in: lab -- --no-browser"
    lab = commands.add_parser("lab", help="open JupyterLab at the first notebook", epilog=ours)
    lab.add_argument("folder", type=_path, nargs="?", help="default: notebooks, in the kit's home")
    lab.set_defaults(command=do.lab)
    return [notebooks, lab]


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


if __name__ == "__main__":
    sys.exit(main())
