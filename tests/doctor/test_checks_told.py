"""What is said of the checks: the headline, the lines in a terminal, the cards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.notebook import check_views
from helpers.notebook.widgets import StatusLine


def result(id_: str, failure: str | None = None, status: str = FAILED) -> Result:
    return Result(id_, status, f"seen at {id_}", failure, ("do this",))


def test_the_headline_names_what_to_mend_first() -> None:
    healthy = [result("strapi", status=PASSED), result("login", status=NOT_YET)]
    assert diagnosis.headline(healthy) == "1 of 2 checks passed, no login was witnessed yet."
    broken = [result("strapi", "C06"), result("credentials", "B07")]
    assert diagnosis.headline(broken).startswith(
        "Mend this first: Nothing answers where Strapi should be [C06]."
    )
    assert diagnosis.headline(broken).endswith("1 more below.")
    broken += [result("provider", status=NOT_YET), result("cors", status=UNKNOWN)]
    assert diagnosis.headline(broken).endswith("1 more below. 2 of 4 not checked.")


@pytest.mark.parametrize("status", [NOT_YET, UNKNOWN])
def test_what_is_needed_and_was_not_checked_is_not_in_order(status: str) -> None:
    healthy = [result("strapi", status=PASSED), result("front-end-project", status=SKIPPED)]
    assert checks.in_order([*healthy, result("login", status=status)])
    results = [*healthy, result("provider", status=status), result("cors", status=status)]
    assert not checks.in_order(results)
    assert diagnosis.headline(results) == "1 of 4 checks passed, 2 of 4 not checked, 1 not needed here."


def test_the_terminal_has_a_line_per_check_and_the_cause_with_its_steps() -> None:
    lines = diagnosis.as_lines(
        [result("strapi", "C06"), result("provider", "C06"), result("cors", status=PASSED)]
    )
    assert [line for line in lines if line.startswith(("Failed", "OK"))] == [
        "Failed   Strapi is running: seen at strapi [C06]",
        "Failed   The provider is enabled in Strapi: seen at provider [C06]",
        "OK       The front end may read Strapi's answers: seen at cors",
    ]
    assert [line.strip() for line in lines].count("1. do this") == 2  # the cause's and the passed note's
    assert "         follows from: Strapi is running" in lines


def test_the_card_escapes_what_was_seen() -> None:
    shown = diagnosis.as_html([Result("strapi", FAILED, "<script>alert(1)</script>", "E04", ("<b>",))])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert '<details class="kit-card" open>' in shown


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ([UNKNOWN] * 3, "note"),
        ([PASSED, UNKNOWN], "note"),
        ([PASSED, UNKNOWN, FAILED], "failed"),
        ([NOT_YET] * 3, "not-yet"),
        ([SKIPPED] * 3, "not-yet"),
        ([PASSED, NOT_YET], "not-yet"),
        ([PASSED, SKIPPED], "ok"),
    ],
)
def test_the_headline_is_green_only_when_something_passed_and_nothing_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, statuses: list[str], kind: str
) -> None:
    results = [Result("strapi", status, "seen") for status in statuses]
    monkeypatch.setattr(checks, "run", lambda _: results)
    kit = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))

    async def scene() -> str:
        shown = check_views.Doctor(kit)
        await shown.measure()
        return shown.headline.kind

    assert asyncio.run(scene()) == kind
    kit.close()


def test_a_note_is_shown_as_a_note_and_not_as_a_failure() -> None:
    noted = Result("public-address", PASSED, "seen", "C07", ("Press Visit Site.",))
    assert diagnosis.headline([noted]) == "1 of 1 checks passed."
    assert diagnosis.as_lines([noted])[:2] == [
        "Note     The public address leads here: seen [C07]",
        "         1. Press Visit Site.",
    ]
    assert "<b>Note</b>" in diagnosis.as_html([noted])
    status = StatusLine()
    check_views.tell(status, noted)
    assert (status.kind, status.fix) == ("note", ["Press Visit Site."])
