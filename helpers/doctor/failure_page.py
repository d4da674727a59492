"""The failures as people read them: what you see, why, what to do, how to check.

``python -m helpers.doctor.failure_page docs/failures`` writes a page for each party.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from helpers import failures
from helpers.doctor import golive
from helpers.doctor.checks import TITLES
from helpers.failures import PARTIES, Failure


def how_to_check(failure: Failure) -> str:
    if failure.named_by == "login":
        return "Log in, step 4.1: the trace names it at the step where the login breaks."
    if failure.named_by == "text":
        return "Paste what you see into chapter 5, *What do you see?*"
    if failure.named_by == "you":
        return "Only you can see it: compare with what stands above."
    if failure.id[0] == "F":
        return f"Run `python -m helpers golive`, or notebook 3: *{golive.TITLES[failure.named_by]}*."
    return f"Run the doctor in chapter 5, or `python -m helpers doctor`: *{TITLES[failure.named_by]}*."


def anchor(failure: Failure) -> str:
    """File and heading of its entry, from within ``docs/failures``; neither ever changes."""
    file, _ = PARTIES[failure.id[0]]
    return f"{file}.md#{failure.id.lower()}-{failure.name}"


def markdown(letter: str) -> str:
    """The page of one party."""
    _, party = PARTIES[letter]
    lines = [f"# {party}: what can go wrong", ""]
    for failure in failures.all_failures().values():
        lines += _entry(failure) if failure.id[0] == letter else []
    return "\n".join(lines)


def _entry(failure: Failure) -> list[str]:
    seen = [failure.see, ""] if failure.see else []
    seen += [f"- `{each}`" for each in failure.signal]
    why = [failure.cause, *(["", f"Versions: {failure.versions}."] if failure.versions else [])]
    steps = [f"{number}. {step}" for number, step in enumerate(failure.fix, 1)]
    apart = [f"- [{id_}]({anchor(failures.get(id_))}): {said}" for id_, said in failure.apart.items()]
    source = f"<{failure.source}>" if failure.source else "measured here, or read in the code."
    parts = {"What you see": seen, "Why": why, "What to do": steps, "How to check": [how_to_check(failure)]}
    parts |= {"Not the same as": apart} if apart else {}
    lines = [f"## {failure.id} {failure.name}", "", f"**{failure.title}**", ""]
    for question, answer in parts.items():
        lines += [f"### {question}", "", *answer, ""]
    return [*lines, f"Source: {source}", ""]


def index() -> str:
    lines = ["# What can go wrong", "", "Every failure that the kit knows, by where it sits.", ""]
    for letter, (_, party) in PARTIES.items():
        lines += [f"## {party}", ""]
        entries = (each for each in failures.all_failures().values() if each.id[0] == letter)
        lines += [f"- [{each.id}]({anchor(each)}) {each.title}" for each in entries] + [""]
    return "\n".join(lines)


def card(failure: Failure, why: str = "", *, opened: bool = False) -> str:
    """The same page for a notebook, folded; ``why`` says what led here."""
    seen = "".join(f"<li><code>{escape(each)}</code></li>" for each in failure.signal)
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
    for letter, (file, _) in PARTIES.items():
        (folder / f"{file}.md").write_text(markdown(letter), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
