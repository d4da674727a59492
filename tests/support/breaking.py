"""How a fault on purpose is played in a test, and who then names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import failures
from helpers.core import settings
from helpers.core.errors import KitError
from helpers.doctor import checks
from helpers.doctor.checks import PASSED, Result
from helpers.kit import Kit
from helpers.login.verdict import Verdict, judge
from helpers.practice.deployment_faults import FAULTS as DEPLOYMENT_FAULTS
from helpers.practice.fault import Fault
from helpers.practice.faults import FAULTS

# Where a test provokes what no fault on purpose can, it says so.
_MARK = re.compile(r'record_property\("provokes", "(\w+)"\)')
_TESTS = Path(__file__).parents[1].rglob("test_*.py")
PROVOKED = (
    FAULTS.keys()
    | {each.failure for each in DEPLOYMENT_FAULTS}
    | {id_ for path in _TESTS for id_ in _MARK.findall(path.read_text(encoding="utf-8"))}
)


@contextmanager
def whole(fault: Fault, home: Path, *, ngrok: bool) -> Iterator[Kit]:
    """A rehearsal in which everything is in order, behind ngrok or, as that takes a while, a short cut."""
    kit = Kit(settings.load({"KIT_FLOW": fault.flow}, home=home), engine=fault.engine)
    try:
        if not ngrok:
            _short_cut(kit)
        kit.rehearse_up_to(4)
        yield kit
    finally:
        kit.close()


def needs_ngrok(id_: str) -> bool:
    return id_[0] == "C" or failures.get(id_).named_by == "tunnel"


def _short_cut(kit: Kit) -> None:
    """A tunnel that the reader brings: the public name leads straight to the gateway."""
    assert kit.world
    kit.learn(public_url=f"https://{kit.world.domain}")
    kit.world.internet.add(kit.world.domain, lambda: int(kit.gateway.url.rpartition(":")[2]))


def named(kit: Kit, id_: str, fault: Fault) -> str | None:
    """The failure that the doctor, or the verdict on a login, names first."""
    named_by = failures.get(id_).named_by
    return _by_a_login(kit, fault) if named_by == "login" else _by_the_doctor(kit, id_, named_by, fault)


def _by_a_login(kit: Kit, fault: Fault) -> str | None:
    try:
        fault.walk(kit)
    except KitError as error:
        if error.failure == "B20":  # the one that only the browser sees
            return error.failure
    return ended(kit).failure


def ended(kit: Kit, since: float = 0.0) -> Verdict:
    """On the first login that ended, also on what the kit passes over: a bookmark of the callback, say."""
    provider = kit.flow.provider
    return judge(
        kit.gateway.witness.wait(lambda each: judge(each, provider).decided, timeout=10, since=since),
        provider,
    )


def _by_the_doctor(kit: Kit, id_: str, named_by: str, fault: Fault) -> str | None:
    results = checks.run(kit)
    assert named_by in [result.id for result in results if result.failure == id_], results
    causes = [cause.failure for cause, _ in checks.causes(results)]
    if not causes:
        return next((note for note in _notes(results) if note == id_), None)
    return next(cause for cause in causes if cause != fault.beside)


def _notes(results: list[Result]) -> list[str | None]:
    return [result.failure for result in results if result.status == PASSED]
