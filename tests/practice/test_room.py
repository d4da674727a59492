"""The practice room: something is broken, the reader finds out what, and everything is whole again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from helpers.core import settings
from helpers.core.errors import InputError, LoginFailed
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.practice_room import PracticeForm
from helpers.practice.fault import log_in
from helpers.practice.faults import FAULTS
from helpers.practice.room import Practice


def number_of(id_: str) -> int:
    """The number that a workshop types to get this exercise."""
    from helpers.practice import room

    return room._exercises().index(id_)


def first_cause(kit: Kit) -> str | None:
    return next((cause.failure for cause, _ in checks.causes(checks.run(kit))), None)


def test_what_is_broken_is_found_with_the_doctor_and_mended(kit: Kit) -> None:
    room = Practice(kit)
    room.break_something(number_of("A04"))
    assert first_cause(kit) == "A04"
    assert room.reveal().id == "A04"
    room.mend()
    assert not room.broken
    assert first_cause(kit) is None
    attempt, trouble = room.try_to_log_in()
    assert trouble is None
    assert kit.logins.verdict(attempt).ok


def test_what_only_a_login_shows_is_found_by_trying_one(kit: Kit) -> None:
    room = Practice(kit)
    room.break_something(number_of("B09"))
    assert first_cause(kit) is None
    _, trouble = room.try_to_log_in()
    assert isinstance(trouble, LoginFailed)
    assert trouble.failure == "B09"


def test_a_login_without_a_tunnel_says_so(kit: Kit) -> None:
    room = Practice(kit)
    room.break_something(number_of("C03"))
    with pytest.raises(LoginFailed, match="no public address"):
        room.try_to_log_in()


def test_the_same_number_breaks_the_same_thing_for_everybody(kit: Kit, tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        room = Practice(kit)
        room.break_something(7)
        found.append(room.reveal().id)
    other = Practice(kit)
    other.break_something(8)
    assert found[0] == found[1] != other.reveal().id


def test_one_thing_is_broken_at_a_time(kit: Kit) -> None:
    room = Practice(kit)
    with pytest.raises(InputError, match="Break something first"):
        room.reveal()
    room.break_something()
    with pytest.raises(InputError, match="broken already"):
        room.break_something()


def test_nothing_of_a_live_setup_is_ever_broken(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))
    try:
        with pytest.raises(InputError, match="rehearsal only"):
            Practice(kit).break_something()
    finally:
        kit.close()


def test_an_exercise_breaks_the_world_and_not_the_way_a_person_walks() -> None:
    exercises = [fault for fault in FAULTS.values() if fault.practice]
    assert len(exercises) == 21
    assert {(fault.flow, fault.engine, fault.walk) for fault in exercises} == {("today", None, log_in)}


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


async def press(form: PracticeForm, button: Any) -> tuple[str, str]:
    button.click()
    await tasks.settled()
    await asyncio.sleep(0)
    return form.status.kind, form.status.text


def test_an_exercise_by_the_buttons(kit: Kit) -> None:
    async def scene() -> None:
        form = PracticeForm(kit)
        form.number.value = str(number_of("B05"))
        assert (await press(form, form.submit_button))[0] == "ok"
        assert form.submit_button.layout.display == "none"
        # What the browser holds of the form says nothing.
        state = json.dumps(
            [form.room.get_state(), form.status.get_state(), form.seen.get_state()], default=str
        )
        assert "B05" not in state
        kind, text = await press(form, form.login_button)
        assert (kind, "[B05]" in text) == ("failed", False)
        assert "Invalid redirect_uri" in text + form.seen.value  # Instagram's own words stay
        kind, text = await press(form, form.show_button)
        assert (kind, "[B05]" in text) == ("ok", True)
        assert (await press(form, form.mend_button))[0] == "ok"
        assert form.submit_button.layout.display == ""

    play(scene)


def test_a_number_that_is_none_is_refused(kit: Kit) -> None:
    async def scene() -> None:
        form = PracticeForm(kit)
        form.number.value = "seven"
        kind, text = await press(form, form.submit_button)
        assert (kind, text) == ("failed", "Type a whole number such as 7, or nothing.")

    play(scene)


def test_on_autopilot_nothing_is_broken(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_AUTOPILOT": "1"}, home=tmp_path))

    async def scene() -> None:
        form = PracticeForm(kit)
        await tasks.settled()
        assert not form.practice.broken
        assert form.status.kind == ""

    try:
        play(scene)
    finally:
        kit.close()


def test_a_live_notebook_says_that_the_room_is_for_rehearsals(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))

    async def scene() -> None:
        form = PracticeForm(kit)
        assert form.submit_button.layout.display == "none"
        assert "rehearsal only" in form.children[0].value

    try:
        play(scene)
    finally:
        kit.close()
