"""What a pasted text means, for a terminal and for a script."""

from __future__ import annotations

from typing import Any

from helpers.doctor.recognise import Match, Reading


def as_json(reading: Reading) -> dict[str, Any]:
    """The contract of ``python -m helpers explain --json``."""
    return {"seen": reading.seen, "matches": [_match(each) for each in reading.matches], "next": reading.next}


def _match(match: Match) -> dict[str, Any]:
    entry = match.failure
    return {"id": entry.id, "name": entry.name, "title": entry.title, "sure": match.sure,
            "why": match.why, "cause": entry.cause, "fix": list(entry.fix)}  # fmt: skip


def as_text(reading: Reading) -> str:
    head = [f"Seen: {'; '.join(reading.seen)}"] if reading.seen else []
    if not reading.matches:
        head.append("Nothing known fits.")
    cards = [_card(match, whole=match.sure or not at) for at, match in enumerate(reading.matches)]
    last = [f"Next: {reading.next}"] if reading.next else []
    blocks = [block for block in (head, *cards, last) if block]
    return "\n\n".join("\n".join(block) for block in blocks)


def _card(match: Match, *, whole: bool) -> list[str]:
    entry = match.failure
    steps = [f"{number}. {step}" for number, step in enumerate(entry.fix, 1)]
    told = [match.why, *([entry.cause, *steps] if whole else [])]
    return [
        f"{'Sure ' if match.sure else 'Guess'} [{entry.id}] {entry.title}",
        *(f"      {each}" for each in told),
    ]
