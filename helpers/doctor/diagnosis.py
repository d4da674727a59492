"""All checks read together: what to mend first, what merely follows from it, and what is in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from helpers import failures
from helpers.doctor import checks, golive
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result, causes, unchecked
from helpers.login.trace import one_line

TITLES = checks.TITLES | golive.TITLES
WORDS = {PASSED: "OK", FAILED: "Failed", NOT_YET: "Not yet", SKIPPED: "Skipped", UNKNOWN: "Unknown"}


def headline(results: Sequence[Result]) -> str:
    """One sentence for somebody who reads nothing else."""
    found, missing = causes(results), len(unchecked(results))
    not_checked = f"{missing} of {len(results)} not checked"
    if found:
        first = found[0][0]
        id_ = f" [{first.failure}]" if first.failure else ""
        more = f" {len(found) - 1} more below." if len(found) > 1 else ""
        return f"Mend this first: {_name(first)}{id_}.{more}" + (f" {not_checked}." if missing else "")
    number = Counter(result.status for result in results)
    skipped, later = number[SKIPPED], number[NOT_YET] + number[UNKNOWN] - missing
    waits = any(result.id == "login" and result.status in (NOT_YET, UNKNOWN) for result in results)
    told = [f"{number[PASSED]} of {len(results)} checks passed"]
    told += [not_checked] if missing else []
    told += [f"{skipped} not needed here"] if skipped else []
    told += [f"{later} beyond what can be seen from here"] if later and not waits else []
    told += ["no login was witnessed yet"] if waits else []
    return f"{', '.join(told)}."


def _name(result: Result) -> str:
    """What is wrong, in the catalogue's words if it has some."""
    return failures.get(result.failure).title if result.failure else result.evidence.rstrip(".")


def _word(result: Result) -> str:
    return "Note" if result.status == PASSED and result.failure else WORDS[result.status]


def as_lines(results: Sequence[Result]) -> list[str]:
    """For a terminal: one line per check in diagnosis order; the causes bring what to do."""
    followers = {after.id: cause for cause, follow in causes(results) for after in follow}
    lines = []
    for result in results:
        id_ = f" [{result.failure}]" if result.failure else ""
        lines.append(f"{_word(result):8} {TITLES[result.id]}: {result.evidence}{id_}")
        if result.id in followers:
            lines.append(f"{'':9}follows from: {TITLES[followers[result.id].id]}")
        else:
            lines += [f"{'':9}{number}. {step}" for number, step in enumerate(result.fix, 1)]
    return [one_line(line) for line in (*lines, "", headline(results))]


def as_html(results: Sequence[Result]) -> str:
    """For a notebook: a card per cause, the first one open, then a quiet line for every other check."""
    found = causes(results)
    cards = [_card(cause, follow, first=number == 0) for number, (cause, follow) in enumerate(found)]
    rows = [_row(result) for result in results if result.status != FAILED]
    table = f'<table class="kit-board kit-quiet">{"".join(rows)}</table>' if rows else ""
    return "".join(cards) + table


def _card(result: Result, follow: Sequence[Result], *, first: bool) -> str:
    id_ = f' <span class="kit-id">{result.failure}</span>' if result.failure else ""
    why = f"<h4>Why</h4><p>{escape(failures.get(result.failure).cause)}</p>" if result.failure else ""
    steps = "".join(f"<li>{escape(step)}</li>" for step in result.fix)
    return (
        f'<details class="kit-card"{" open" if first else ""}><summary>{escape(_name(result))}{id_}</summary>'
        f"<h4>What was seen</h4><p>{escape(TITLES[result.id])}: {escape(result.evidence)}</p>{why}"
        + (f"<h4>What to do</h4><ol>{steps}</ol>" if steps else "")
        + _followers(follow)
        + "</details>"
    )


def _followers(follow: Sequence[Result]) -> str:
    if not follow:
        return ""
    items = "".join(f"<li>{escape(TITLES[each.id])}: {escape(each.evidence)}</li>" for each in follow)
    many = "1 more check" if len(follow) == 1 else f"{len(follow)} more checks"
    return f"<details><summary>{many} failed because of this</summary><ul>{items}</ul></details>"


def _row(result: Result) -> str:
    id_ = f" [{result.failure}]" if result.failure else ""
    note = "".join(f"<li>{escape(step)}</li>" for step in result.fix)
    return (
        f'<tr data-status="{result.status}"><th scope="row">{escape(TITLES[result.id])}</th>'
        f"<td><b>{_word(result)}</b></td><td>{escape(result.evidence)}{id_}"
        + (f"<ol>{note}</ol>" if note else "")
        + "</td></tr>"
    )
