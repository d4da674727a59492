"""Everything that can be broken on purpose is named: by the doctor, or by the verdict on a login."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from helpers.core.errors import KitError
from helpers.doctor import checks
from helpers.doctor.checks import FAILED
from helpers.practice.fault import Fault
from helpers.practice.faults import FAULTS
from tests.practice.test_ngrok_faults import TUNNEL
from tests.support.breaking import named, whole

Record = Callable[[str, object], None]
HERE = {id_: fault for id_, fault in FAULTS.items() if id_ not in TUNNEL}
REHEARSALS = {(fault.flow, fault.engine): fault for fault in FAULTS.values()}


@pytest.mark.parametrize(("id_", "fault"), HERE.items(), ids=HERE)
def test_a_fault_on_purpose_is_named(id_: str, fault: Fault, tmp_path: Path, record_property: Record) -> None:
    with whole(fault, tmp_path, ngrok=False) as kit:
        fault.play(kit)
        assert named(kit, id_, fault) == id_
    record_property("provokes", id_)


def test_instagram_itself_turns_the_retired_address_away(tmp_path: Path) -> None:
    fault = FAULTS["B01"]
    with whole(fault, tmp_path, ngrok=False) as kit:
        fault.play(kit)
        with suppress(KitError):
            fault.walk(kit)
        assert kit.logins.verdict(kit.logins.wait(timeout=10)).failure == "B01"


@pytest.mark.parametrize("fault", REHEARSALS.values(), ids=[str(each) for each in REHEARSALS])
def test_before_it_is_played_nothing_is_wrong(fault: Fault, tmp_path: Path) -> None:
    with whole(fault, tmp_path, ngrok=True) as kit:
        before = checks.run(kit)
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        login = kit.logins.verdict(kit.logins.wait(timeout=10))
        kit.changed()
        after = checks.run(kit)
    assert [result for result in before + after if result.status == FAILED] == []
    assert login.ok
    assert [result.status for result in after if result.id == "login"] == ["passed"]
