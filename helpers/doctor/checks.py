"""The doctor's checks: measured now, with evidence, and with cause and fix when one fails.

Their order is the one in which a person should look: what stands above may explain what stands below.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from helpers import failures
from helpers.core.errors import InputError, KitError
from helpers.core.masking import redact
from helpers.doctor import check_files, check_front_end, check_strapi, check_tunnel
from helpers.doctor.measurements import CannotTell, DoesNotApply, Finding, Measurements, NotYet
from helpers.kit import Kit
from helpers.login.verdict import failed
from helpers.web.deadline import aside

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
NOT_YET = "not-yet"  # it waits for the person
SKIPPED = "skipped"  # this mode or layout has no need of it

# What a setup is in order without: what a person does, what cannot be seen from outside, and guesses.
_NOT_NEEDED = {"login", "page-scripts", "sessions", "header-buffer", "dashboard"}

# Seconds for all checks together: each ends by itself before, unless somebody drips his answer.
DEADLINE = 12.0


@dataclass(frozen=True)
class Result:
    """``failure`` on a passed check is a note: nothing is broken, but the reader should know."""

    id: str
    status: str
    evidence: str
    failure: str | None = None
    fix: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "evidence": self.evidence,
            "failure": self.failure,
            "fix": list(self.fix),
        }


class Check(NamedTuple):
    """``counted``: it reads the login that Strapi counts, so what it says may be some seconds old."""

    title: str
    probe: Callable[[Any], str | Finding]  # of a Measurements, or of a Deployment
    counted: bool = False


def login(measured: Measurements) -> str:
    verdict = measured.kit.logins.verdict()
    if not verdict.decided:
        raise NotYet(f"a login (4.1). {verdict.reason}")
    if not verdict.ok:
        raise failed(verdict)
    return verdict.reason


def redirect_uris(measured: Measurements) -> str:
    """In a rehearsal the stand-in is asked; live only Instagram's sending somebody back shows it."""
    kit, wanted = measured.kit, measured.urls.callback
    if any(attempt.last("callback") and attempt.last("connect") for attempt in kit.witness.attempts):
        return f"Instagram has sent somebody back to {wanted}"
    if kit.world is None:
        raise DoesNotApply("Nobody can ask Meta from here: the first login shows it (4.1)")
    if wanted not in kit.world.meta.app.redirect_uris:
        raise NotYet("the three addresses to be saved at Meta (2.7)")
    return f"The rehearsal's Meta knows {wanted}"


def veiled(result: Result) -> Result:
    """What was seen, without what it is called and how it is mended."""
    if not result.failure:
        return result
    title = failures.get(result.failure).title
    seen = result.evidence.replace(title, "It is not as it should be")
    return replace(result, evidence=seen, failure=None, fix=())


CHECKS: dict[str, Check] = {
    "project": Check("Strapi's own files are in order", check_files.project),
    "strapi": Check("Strapi is running", check_strapi.strapi),
    "tunnel": Check("The tunnel is open", check_tunnel.tunnel),
    "public-address": Check("The public address leads here", check_tunnel.public_address),
    "server-url": Check("Strapi knows its public address", check_strapi.server_url, counted=True),
    "provider": Check("The provider is enabled in Strapi", check_strapi.provider, counted=True),
    "session-cookie": Check("Strapi's session survives the way", check_strapi.session_cookie, counted=True),
    "provider-settings": Check("Strapi's settings fit this login", check_strapi.provider_settings),
    "cors": Check("The front end may read Strapi's answers", check_front_end.cors),
    "front-end": Check("The front end answers", check_front_end.front_end),
    "front-end-project": Check("The front end's project knows Strapi's address", check_front_end.project),
    "redirect-uris": Check("Meta knows your redirect URI", redirect_uris),
    "credentials": Check("The client ID and secret look right", check_files.credentials),
    "machine": Check("Your browser can reach what it must open", check_files.machine),
    "notebooks": Check("No secret is saved in a notebook", check_files.notebooks),
    "login": Check("A login was witnessed", login),
}
TITLES = {name: check.title for name, check in CHECKS.items()}
# In life nobody can ask Meta, so a rehearsal's doctor does not either: that one is for the board alone.
_ALL = tuple(name for name in CHECKS if name != "redirect-uris")

# Where a login is sent that then stops without a word.
_WAY_BACK = {"provider-settings", "front-end"}


def run(kit: Kit, names: Sequence[str] = _ALL) -> list[Result]:
    """Several checks at once, in the order of ``names``; nobody waits longer than ``DEADLINE``."""
    until = time.monotonic() + DEADLINE
    measured = Measurements(kit, until)
    return in_time({name: partial(_measure, measured, name) for name in names}, until)


def in_time(probes: Mapping[str, Callable[[], Result]], until: float) -> list[Result]:
    """All of them at once, in their order; none is waited for longer than ``until``, in monotonic seconds."""
    running = [(name, aside(probe, f"check-{name}")) for name, probe in probes.items()]
    return [_ended(name, future, until) for name, future in running]


def unchecked(results: Sequence[Result]) -> list[Result]:
    """What this setup needs and nobody has found out: no bad news, but no good news either."""
    return [each for each in results if each.status in (NOT_YET, UNKNOWN) and each.id not in _NOT_NEEDED]


def in_order(results: Sequence[Result]) -> bool:
    """Whether everything that this setup needs was checked and passed."""
    return not unchecked(results) and all(each.status != FAILED for each in results)


def causes(results: Sequence[Result]) -> list[tuple[Result, list[Result]]]:
    """What is broken, each with what merely follows from it; the first one is to be mended first."""
    found: dict[str, tuple[Result, list[Result]]] = {}
    for result in (each for each in results if each.status == FAILED):
        # What follows from a follower follows from its cause.
        cause = next(
            (of for of, more in found.values() if any(_explains(one, result) for one in (of, *more))), None
        )
        if cause:
            found[cause.id][1].append(result)
        else:
            found[result.id] = (result, [])
    return list(found.values())


def _explains(other: Result, result: Result) -> bool:
    if other.fix and (other.failure, other.fix) == (result.failure, result.fix):
        return True
    if result.failure is None:
        return result.id == "login" and other.id in _WAY_BACK
    entry = failures.get(result.failure)
    cause = {other.id, failures.get(other.failure).name if other.failure else None}
    # The same failure with steps of its own is another thing to do. Whatever else two checks find stands side
    # by side: mending the one would not mend the other.
    same = other.failure == result.failure and result.fix != entry.fix
    return not same and bool(cause & set(entry.follows))


def _ended(name: str, future: Future[Result], until: float) -> Result:
    try:
        return future.result(max(0.0, until - time.monotonic()))
    except OutOfTime:
        return Result(name, UNKNOWN, "No end in time: somebody answers too slowly")


def _measure(measured: Measurements, name: str) -> Result:
    result = probed(name, partial(CHECKS[name].probe, measured))
    told = CHECKS[name].counted and result.status in (PASSED, FAILED)
    return replace(result, evidence=result.evidence + measured.ago()) if told else result


def probed(name: str, probe: Callable[[], str | Finding]) -> Result:
    """What one probe finds, as a result: it never raises."""
    try:
        seen = probe()
    except NotYet as waiting:
        return Result(name, NOT_YET, f"waits for {waiting}")
    except DoesNotApply as reason:
        return Result(name, SKIPPED, str(reason))
    except CannotTell as reason:
        return Result(name, UNKNOWN, str(reason))
    except InputError as error:
        return Result(name, FAILED, str(error), error.failure, error.fix)
    except KitError as error:
        shown = f"{error} ({error.evidence})" if error.evidence else str(error)
        return Result(name, FAILED, shown, error.failure, error.fix)
    except Exception as error:  # a bug of ours must still be a readable line
        return Result(name, UNKNOWN, redact(f"{type(error).__name__}: {error}"))
    if isinstance(seen, Finding):
        return Result(name, PASSED, redact(seen.evidence), seen.failure, seen.fix)
    return Result(name, PASSED, redact(seen))
