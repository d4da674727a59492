"""One failure as a page: what you see, why, what to do, how to check.

``python -m helpers.doctor.failure_page docs/failures`` writes them all.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from helpers import failures
from helpers.doctor.checks import TITLES
from helpers.failures import Failure

_AREAS = {"A": "Strapi", "B": "Instagram and Meta", "C": "ngrok", "D": "The front end", "E": "The notebook"}
_PROOFS = {
    "provoked": "The kit's tests break it on purpose, and the kit then says this id.",
    "recognised": "The kit's tests find it by a text that was really seen.",
    "seen": "No program can see it.",
}


def signals(failure: Failure) -> list[str]:
    return failure.signal.split(" | ")


def how_to_check(failure: Failure) -> str:
    if failure.named_by == "login":
        return "Log in in notebook 04: the trace names it at the step where the login breaks."
    if failure.named_by == "text":
        return "Paste what you see into notebook 05, *What do you see?*"
    if failure.named_by == "you":
        return "Only you can see it: compare with what stands above."
    return f"Run the doctor in notebook 05, or `python -m helpers doctor`: *{TITLES[failure.named_by]}*."


def markdown(failure: Failure) -> str:
    lines = [f"# {failure.id}: {failure.title}", "", "## What you see", ""]
    lines += [failure.see, ""] if failure.see else []
    lines += [f"- `{each}`" for each in signals(failure)]
    lines += ["", "## Why", "", failure.cause]
    lines += ["", f"Versions: {failure.versions}."] if failure.versions else []
    lines += ["", "## What to do", ""]
    lines += [f"{number}. {step}" for number, step in enumerate(failure.fix, 1)]
    lines += ["", "## How to check", "", how_to_check(failure), "", _PROOFS[failure.proof]]
    if failure.apart:
        lines += ["", "## Not the same as", ""]
        lines += [f"- [{id_}]({id_}.md): {said}" for id_, said in failure.apart.items()]
    lines += [
        "",
        f"Source: <{failure.source}>" if failure.source else "Source: measured here, or read in the code.",
    ]
    return "\n".join(lines) + "\n"


def index() -> str:
    lines = ["# What can go wrong", "", "Every failure that the kit knows, by where it sits.", ""]
    for letter, area in _AREAS.items():
        lines += [f"## {area}", ""]
        known = (each for each in failures.all_failures().values() if each.id[0] == letter)
        lines += [f"- [{each.id}]({each.id}.md) {each.title}" for each in known] + [""]
    return "\n".join(lines)


def card(failure: Failure, why: str = "", *, opened: bool = False) -> str:
    """The same page for a notebook, folded; ``why`` says what led here."""
    seen = "".join(f"<li><code>{escape(each)}</code></li>" for each in signals(failure))
    steps = "".join(f"<li>{escape(step)}</li>" for step in failure.fix)
    apart = "".join(f"<li>{escape(id_)}: {escape(said)}</li>" for id_, said in failure.apart.items())
    check = escape(how_to_check(failure)).replace("*", "").replace("`", "")
    return (
        f'<details class="kit-card kit-known"{" open" if opened else ""}>'
        f'<summary>{escape(failure.title)} <span class="kit-id">{failure.id}</span></summary>'
        + (f"<p>{escape(why)}</p>" if why else "")
        + f"<h4>What you see</h4>{f'<p>{escape(failure.see)}</p>' if failure.see else ''}<ul>{seen}</ul>"
        f"<h4>Why</h4><p>{escape(failure.cause)}</p>"
        f"<h4>What to do</h4><ol>{steps}</ol><h4>How to check</h4><p>{check}</p>"
        + (f"<h4>Not the same as</h4><ul>{apart}</ul>" if apart else "")
        + "</details>"
    )


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(index(), encoding="utf-8")
    for failure in failures.all_failures().values():
        (folder / f"{failure.id}.md").write_text(markdown(failure), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
