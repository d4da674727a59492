"""A login as people read it: a table, a sequence diagram, JSON. Text only; nothing here has widgets."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from helpers import failures
from helpers.core.urls import parsed
from helpers.gateway.attempt import Attempt, Hop
from helpers.login.verdict import Verdict

# What each step is for, in the words of the notebooks.
MEANING = {
    "connect": "Start the login",
    "authorize": "Instagram asks for consent",
    "consent": "The person answers",
    "callback": "Instagram sends the person back with a code",
    "token": "Strapi trades the code for a token",
    "redirect": "Strapi sends the person to the front end",
    "auth": "The front end asks Strapi for the user",
    "profile": "Strapi asks Instagram who it is",
    "me": "Proof: the login opens Strapi's API",
}

# What a page must know where Strapi's `jwtManagement` is 'refresh': its jwt lasts minutes.
_RENEW = (
    "This Strapi's jwt lasts minutes (jwtManagement: 'refresh'). The page renews it by POST /api/auth/refresh"
)
REFRESH = {
    "": (),
    "cookie": (f"{_RENEW}, with the httpOnly cookie that it was given (credentials: 'include').",),
    "answer": (f"{_RENEW}, with the refreshToken that came with the jwt.",),
}


def as_json(
    verdict: Verdict, attempt: Attempt | None, *, mode: str, flow: str, engine: str | None
) -> dict[str, Any]:
    """The contract of ``python -m helpers rehearse|login --json``."""
    return {
        "ok": verdict.ok,
        "mode": mode,
        "flow": flow,
        "engine": engine or "unknown",
        "user": verdict.user,
        "failure": verdict.failure,
        "hops": [hop.as_json() for hop in attempt or ()],
    }


def short(url: str) -> str:
    """Host, path and the names of the parameters; values are in the full table."""
    parts = parsed(url)
    names = ", ".join(dict(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{parts.netloc}{parts.path}" + (f" ?{names}" if names else "")


def outcome(hop: Hop) -> str:
    if hop.status is None:
        return "not seen"
    return str(hop.status) if hop.reached else f"{hop.status} (down)"


def lines(attempt: Attempt, verdict: Verdict) -> list[str]:
    """One line a hop, for the terminal, then the verdict."""
    rows = []
    for number, hop in enumerate(attempt, 1):
        ms = "" if hop.ms is None else f"{hop.ms:6.1f} ms"
        who = f"{hop.sender} -> {hop.receiver}"
        broke = "  <- broke here" if hop is verdict.broke_at else ""
        where = one_line(short(hop.url))
        rows.append(f"{number:2}  {who:22} {hop.method:4} {outcome(hop):>8} {ms:>9}  {where}{broke}")
    return [*rows, "", *conclusion(verdict)]


def conclusion(verdict: Verdict) -> list[str]:
    reason = one_line(verdict.reason)
    if verdict.ok and verdict.user:
        user = verdict.user
        done = f"OK: {one_line(user['username'])} logged in through {one_line(user['provider'])}."
        return [done, *REFRESH[verdict.refresh]]
    if not verdict.decided:
        return [f"Waiting: {reason}."]
    if verdict.failure is None:
        return [f"Failed: {reason}."]
    failure = failures.get(verdict.failure)
    steps = [f"  {number}. {step}" for number, step in enumerate(failure.fix, 1)]
    return [f"Failed ({failure.id}): {failure.title}.", f"  Seen: {reason}", f"  {failure.cause}", *steps]


def one_line(text: str) -> str:
    """Servers and people wrote parts of it: nothing in it may break the line or steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def as_html(attempt: Attempt, verdict: Verdict, then: str = "") -> str:
    """A table; every value is escaped, because servers and people wrote parts of it.

    What broke the login stands once, beside the hop where it broke; a success is a card above the table,
    which ends with ``then``, what comes next.
    """
    said = "".join(f"<p>{escape(line.strip())}</p>" for line in conclusion(verdict))
    said = f'<div class="kit-said">{said}</div>'
    rows = []
    for number, hop in enumerate(attempt, 1):
        broke, here = "", ""
        if hop is verdict.broke_at:
            broke, here = ' class="kit-broke"', "<br><b>broke here</b>"
        rows.append(
            f"<tr{broke}><td>{number}</td>"
            f"<td>{escape(MEANING.get(hop.step, hop.step))}{_details(hop)}</td>"
            f"<td>{escape(hop.sender)} &rarr; {escape(hop.receiver)}</td>"
            f"<td>{outcome(hop)}{here}</td><td>{'' if hop.ms is None else f'{hop.ms:.0f} ms'}</td></tr>"
        )
        if broke:  # over the whole width, as it is what one came to read
            rows.append(f'<tr class="kit-why"><td></td><td colspan="4">{said}</td></tr>')
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("", "Step", "Who", "Status", "Time"))
    table = f'<table class="kit-trace"><tr>{heads}</tr>{"".join(rows)}</table>'
    if verdict.ok and verdict.user:
        return _success(attempt, verdict, verdict.user, then) + table
    return table if verdict.broke_at else table + said


def _success(attempt: Attempt, verdict: Verdict, user: dict[str, str], then: str) -> str:
    """What was proven, fact by fact, and what comes next."""
    first, last, proof = attempt.hops[0], attempt.hops[-1], attempt.last("me")
    seconds = last.at - first.at + (last.ms or 0) / 1000
    facts = {
        "Provider": user["provider"],
        "Account ID": next((hop.account for hop in attempt if hop.account), "not told by this Strapi"),
        "Proof": f"{proof.method} {parsed(proof.url).path} answered {outcome(proof)}" if proof else "",
        "Took": f"{seconds:.1f} seconds, {len(attempt)} hops",
        "Next": then,
    }
    shown = "".join(f"<dt>{name}</dt><dd>{escape(told)}</dd>" for name, told in facts.items() if told)
    notes = "".join(f'<p class="kit-evidence">{escape(note)}</p>' for note in REFRESH[verdict.refresh])
    return (
        f'<div class="kit-success"><p class="kit-said">Logged in as {escape(user["username"])}</p>'
        f"<dl>{shown}</dl>{notes}</div>"
    )


def _details(hop: Hop) -> str:
    """The address, folded: first what one looks for, then everything that may be shown."""
    more = [hop.url]
    more += [f"redirects to {hop.location}"] if hop.location else []
    more += [f"sets cookie {cookie}" for cookie in hop.cookies]
    more += [f"says: {hop.message}"] if hop.message else []
    lines = "<br>".join(escape(line) for line in more)
    asked = escape(f"{hop.method} {short(hop.url)}").replace("/", "/<wbr>")  # else it breaks inside words
    return f"<details><summary>{asked}</summary>{lines}</details>"


_ACTORS = {"browser": "B", "gateway": "G", "strapi": "S", "instagram": "I", "front end": "F"}
# In this order, and with labels that begin at the left, no line of life runs through one.
_TITLES = {"B": "Browser", "S": "Strapi", "I": "Instagram", "F": "Front end", "G": "Gateway"}


# Narrow enough that the text is not drawn smaller than it can be read.
_NARROW = (
    '%%{init: {"sequence": {"actorMargin": 10, "width": 110, "mirrorActors": false, "diagramMarginX": 5, '
    '"messageAlign": "left"}}}%%'
)


def mermaid(attempt: Attempt, verdict: Verdict) -> str:
    """A Mermaid sequence diagram; a redirect is drawn as the answer that causes the next hop."""
    used = [key for key in _TITLES if any(key in _pair(hop) for hop in attempt)]
    # The title is what a screen reader says of the picture; the table above it has the rest.
    drawn = [_NARROW, "sequenceDiagram", "    accTitle: Who spoke to whom in this login"]
    drawn += [f"    participant {key} as {_TITLES[key]}" for key in used]
    for number, hop in enumerate(attempt, 1):
        sender, receiver = _pair(hop)
        asked = f"{number}. {hop.method} {parsed(hop.url).path}"
        drawn.append(f"    {sender}->>{receiver}: {_label(asked)}")
        arrow = "-->>" if hop.status is not None and hop.status < 400 else "--x"
        drawn.append(f"    {receiver}{arrow}{sender}: {_label(_answer(hop))}")
        if hop is verdict.broke_at:
            # Why, says the table.
            told = _label(f"{verdict.failure or ''} broke here")
            drawn.append(f"    Note over {sender},{receiver}: {told}")
    return "\n".join(drawn)


def _pair(hop: Hop) -> tuple[str, str]:
    return _ACTORS[hop.sender], _ACTORS[hop.receiver]


def _answer(hop: Hop) -> str:
    answer = outcome(hop)
    if hop.location:
        answer += f" to {parsed(hop.location).netloc}"
    return answer  # how long it took, says the table


# What ends a label (;), begins a character code (#), a tag or a formula ($$).
_MARKUP = str.maketrans({";": ",", "#": None, "<": "\u2039", ">": "\u203a", "$": None})


def _label(text: str) -> str:
    """Text that Mermaid shows as it is; %% would begin a comment or a directive."""
    return re.sub("%+", "%", one_line(text).translate(_MARKUP)).strip()[:90]
