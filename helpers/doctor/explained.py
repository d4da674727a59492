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


def as_lines(reading: Reading) -> list[str]:
    lines = [f"Seen: {'; '.join(reading.seen)}"] if reading.seen else []
    if not reading.matches:
        lines.append("Nothing known fits.")
    for number, match in enumerate(reading.matches):
        lines += ["", f"{'Sure ' if match.sure else 'Guess'} [{match.failure.id}] {match.failure.title}"]
        lines.append(f"      {match.why}")
        if number == 0 or match.sure:
            steps = (f"{step}. {told}" for step, told in enumerate(match.failure.fix, 1))
            lines += [f"      {told}" for told in (match.failure.cause, *steps)]
    return [*lines, *(["", f"Next: {reading.next}"] if reading.next else [])]
