"""A login as people and programs read it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from helpers import failures
from helpers.gateway.attempt import Attempt, Hop
from helpers.login import trace
from helpers.login.trace import MEANING
from helpers.login.verdict import Verdict, judge
from tests.login.test_verdict import ACTORS

HELPERS = Path(trace.__file__).parents[1]
ORIGIN = "https://shop.ngrok-free.dev"
USER = {"username": "kit_rehearsal", "provider": "instagram-business"}
GOOD = Verdict(True, True, "kit_rehearsal is logged in", user=USER)
WAITING = Verdict(False, False, "Under way: connect was the last step seen")
# Everything that ends a label, a row, a tag, a line of a terminal, or begins a directive or a formula.
HOSTILE = "<script>alert('x')</script>\"&;#x41;\r\n\x1b[31m\u2028%%{init: {}}%% $$x$$ end"
_clock = count(1.0)


def hop(step: str, status: int | None = 200, **more: Any) -> Hop:
    usual = {"method": "GET", "url": f"{ORIGIN}/{step}?code=•••&state=•••", "ms": 12.345}
    return Hop(step, *ACTORS[step], **{**usual, **more}, status=status, at=next(_clock))  # type: ignore[arg-type]


def attempt(*hops: Hop) -> Attempt:
    made = Attempt(hops[0])
    for each in hops[1:]:
        made.add(each)
    return made


def whole() -> Attempt:
    return attempt(*(hop(step) for step in MEANING))


def hostile() -> tuple[Attempt, Verdict]:
    """A login whose every part that others write is hostile."""
    broken = hop(
        "callback",
        400,
        method="<b>",
        url=f"https://x/{HOSTILE}?{HOSTILE}=1",
        location=f"https://y{HOSTILE}/{HOSTILE}",
        message=HOSTILE,
        cookies=(HOSTILE,),
    )
    return attempt(hop("connect"), broken), Verdict(False, True, HOSTILE, broke_at=broken)


# JSON


def test_the_json_has_the_keys_of_the_contract_and_no_others():
    found = trace.as_json(GOOD, whole(), mode="live", flow="today", engine="session")
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"ok", "mode", "flow", "engine", "user", "failure", "hops"}
    assert (found["ok"], found["flow"], found["engine"], found["failure"]) == (True, "today", "session", None)
    assert found["mode"] == "live"
    assert found["user"] == {"username": "kit_rehearsal", "provider": "instagram-business"}
    assert found["hops"][0] == {
        "from": "browser",
        "to": "strapi",
        "method": "GET",
        "url": f"{ORIGIN}/connect?code=•••&state=•••",
        "status": 200,
        "ms": 12.3,
    }
    assert len(found["hops"]) == len(MEANING)
    assert {tuple(each) for each in found["hops"]} == {("from", "to", "method", "url", "status", "ms")}


def test_a_failed_login_is_told_by_its_id():
    verdict = Verdict(False, True, "strapi answered: no", failure="A18")
    found = trace.as_json(
        verdict, attempt(hop("auth", 400)), mode="rehearsal", flow="documented", engine="token"
    )
    assert (found["ok"], found["failure"], found["user"]) == (False, "A18", None)


def test_before_anything_was_seen_the_json_has_the_same_keys():
    found = trace.as_json(WAITING, None, mode="live", flow="today", engine=None)
    assert found == {
        "ok": False, "mode": "live", "flow": "today", "engine": "unknown", "user": None, "failure": None,
        "hops": [],
    }  # fmt: skip


def test_what_nobody_saw_is_null():
    seen = attempt(hop("me", None, ms=None))
    (found,) = trace.as_json(WAITING, seen, mode="live", flow="today", engine=None)["hops"]
    assert (found["status"], found["ms"]) == (None, None)


# The terminal


def test_the_terminal_gets_a_line_a_hop_and_then_the_verdict():
    printed = trace.lines(whole(), GOOD)
    assert len(printed) == len(MEANING) + 2
    assert re.fullmatch(
        r" 1  browser -> strapi +GET +200 +12\.3 ms  shop\S+/connect \?code, state", printed[0]
    )
    assert printed[-2:] == ["", "OK: kit_rehearsal logged in through instagram-business."]


@pytest.mark.parametrize(("refresh", "said"), [("cookie", "httpOnly cookie"), ("answer", "refreshToken")])
def test_a_strapi_with_refresh_tokens_is_said(refresh: str, said: str):
    first, second = trace.conclusion(replace(GOOD, refresh=refresh))
    assert first == "OK: kit_rehearsal logged in through instagram-business."
    assert "jwtManagement: 'refresh'" in second
    assert said in second


def test_the_terminal_marks_where_it_broke_and_says_what_to_do():
    connect, broken = hop("connect"), hop("auth", 400)
    verdict = Verdict(False, True, "no", failure="A18", broke_at=broken)
    printed = trace.lines(attempt(connect, broken), verdict)
    assert [line.endswith("<- broke here") for line in printed[:2]] == [False, True]
    failure = failures.get("A18")
    assert printed[3:6] == [f"Failed (A18): {failure.title}.", "  Seen: no", f"  {failure.cause}"]
    assert printed[6:] == [f"  {n}. {step}" for n, step in enumerate(failure.fix, 1)]


def test_an_unknown_failure_and_a_login_on_its_way_are_one_line():
    assert trace.conclusion(Verdict(False, True, "no such luck")) == ["Failed: no such luck."]
    assert trace.conclusion(WAITING) == ["Waiting: Under way: connect was the last step seen."]


def test_nothing_that_others_wrote_steers_the_terminal():
    seen, verdict = hostile()
    user = {"username": HOSTILE, "provider": HOSTILE}
    printed = trace.lines(seen, verdict) + trace.conclusion(Verdict(True, True, "", user=user))
    assert len(printed) == 2 + 1 + 1 + 1
    assert all(line.isprintable() for line in printed)


@pytest.mark.parametrize(
    "address", ["https://[::1/api/connect/x", "https://[", "//[a]b", "http://a:b:c]/", "%zz?[=]&%"]
)
@pytest.mark.parametrize("step", ["connect", "callback", "auth"])
def test_no_address_that_a_stranger_names_ends_a_renderer(step: str, address: str):
    seen = attempt(hop(step, 302, url=address, location=address))
    verdict = judge(seen, "instagram")

    assert "302" in "\n".join(trace.lines(seen, verdict))
    assert "302" in trace.as_html(seen, verdict)
    assert "302" in trace.mermaid(seen, verdict)
    assert trace.as_json(verdict, seen, mode="live", flow="today", engine=None)["hops"][0]["status"] == 302


@pytest.mark.parametrize(
    ("seen", "said"),
    [(hop("me", None), "not seen"), (hop("me", 502, reached=False), "502 (down)"), (hop("me", 302), "302")],
)
def test_the_outcome_is_the_status_or_why_there_is_none(seen: Hop, said: str):
    assert trace.outcome(seen) == said


def test_the_short_address_has_parameters_by_name_only():
    assert trace.short(f"{ORIGIN}/a/b?code=secret&empty=") == "shop.ngrok-free.dev/a/b ?code, empty"
    assert trace.short(f"{ORIGIN}/a") == "shop.ngrok-free.dev/a"


# The table


class Page(HTMLParser):
    """The tags and the text of a page, as a browser takes them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_table_has_a_row_a_hop_in_the_words_of_the_notebooks():
    page = Page(trace.as_html(whole(), GOOD))
    assert page.tags.count("tr") == 1 + len(MEANING)
    assert [meaning for meaning in MEANING.values() if meaning not in page.text] == []


def test_a_success_is_a_card_of_who_and_by_what_it_was_proven_and_what_comes_next():
    seen = attempt(*(hop(step, account="27918340562718341" if step == "profile" else "") for step in MEANING))
    page = Page(trace.as_html(seen, GOOD, "go <live>"))
    told_here = ("Logged in as kit_rehearsal", "instagram-business", "27918340562718341", "go <live>")
    for told in (*told_here, "GET /me answered 200", f"{len(MEANING)} hops"):
        assert told in page.text
    assert "not told by this Strapi" in Page(trace.as_html(whole(), GOOD)).text


def test_the_table_marks_the_row_where_it_broke_in_words_too():
    broken = hop("auth", 400, message="No access_token.", cookies=("koa.sess; httponly",), location="/x")
    verdict = Verdict(False, True, "no", failure="A28", broke_at=broken)
    table = trace.as_html(attempt(hop("connect"), broken), verdict)
    (row,) = re.findall(r'<tr class="kit-broke">.*?</tr>', table)
    for told in ("broke here", MEANING["auth"], "400", "No access_token.", "koa.sess; httponly", "/x"):
        assert told in row
    assert table.count("broke here") == 1
    assert f"Failed (A28): {failures.get('A28').title}" in Page(table).text


def test_a_long_address_is_wrapped_at_its_slashes():
    long = attempt(hop("connect", url=f"{ORIGIN}/api/connect/instagram-business"))
    assert "/<wbr>connect/<wbr>" in trace.as_html(long, Verdict(False, False, "waiting"))


def test_nothing_that_others_wrote_becomes_markup():
    page = Page(trace.as_html(*hostile()))
    allowed = {"div", "table", "tr", "th", "td", "details", "summary", "p", "br", "wbr", "b"}
    assert set(page.tags) <= allowed
    assert page.tags.count("b") == 1  # where it broke, and not the method
    assert {name for name, _ in page.attributes} <= {"class", "colspan", "scope"}
    assert "<script>alert('x')</script>" in page.text


# The diagram


def drawn(source: str) -> list[str]:
    """Without the line before it, which says how wide."""
    first, *lines = source.split("\n")
    assert first.startswith("%%{init: ")
    return [line.strip() for line in lines]


def test_every_step_is_drawn_with_its_answer():
    source = drawn(trace.mermaid(whole(), GOOD))
    assert source[0] == "sequenceDiagram"
    assert source[1].startswith("accTitle: ")
    assert source[2:7] == [
        "participant B as Browser",
        "participant S as Strapi",
        "participant I as Instagram",
        "participant F as Front end",
        "participant G as Gateway",
    ]
    asked = [line for line in source if "->>" in line and "-->>" not in line]
    assert [line.rpartition("/")[2] for line in asked] == list(MEANING)
    assert len([line for line in source if "-->>" in line]) == len(MEANING)
    assert not any(line.startswith("Note") for line in source), "the card says the rest"


def test_only_those_who_took_part_are_drawn():
    source = drawn(trace.mermaid(attempt(hop("connect")), WAITING))
    assert [line for line in source if line.startswith("participant")] == [
        "participant B as Browser",
        "participant S as Strapi",
    ]
    assert "Note" not in "".join(source)


def test_a_redirect_is_drawn_with_where_it_leads_but_not_with_what_it_carries():
    seen = hop("connect", 302, location="https://www.instagram.com/oauth/authorize?state=•••")
    assert "S-->>B: 302 to www.instagram.com" in drawn(trace.mermaid(attempt(seen), WAITING))


def test_the_diagram_marks_where_it_broke():
    broken = hop("auth", 400)
    verdict = Verdict(False, True, "no", failure="A18", broke_at=broken)
    source = drawn(trace.mermaid(attempt(hop("connect"), broken, hop("redirect")), verdict))
    place = source.index("Note over B,S: A18 broke here")
    assert source[place - 1] == "S--xB: 400"
    assert sum(line.startswith("Note") for line in source) == 1


def test_a_hop_without_an_answer_is_drawn_as_lost():
    assert "S--xG: not seen" in drawn(trace.mermaid(attempt(hop("me", None, ms=None)), WAITING))


def test_nothing_that_others_wrote_becomes_part_of_the_drawing():
    source = trace.mermaid(*hostile())
    assert re.sub("[\n]", "", source).isprintable()
    for line in drawn(source)[2:]:
        assert re.match(r"participant |[BGSIF](->>|-->>|--x)[BGSIF]: |Note over [BGSIF],[BGSIF]: ", line)
    said = "\n".join(drawn(source))
    for part in ("<", ";", "#", "%%", "$"):
        assert part not in said
    assert ">" not in re.sub("-?->>", "", said)


def test_a_long_address_is_cut():
    seen = hop("connect", url=f"{ORIGIN}/{'a' * 500}")
    assert max(len(line) for line in drawn(trace.mermaid(attempt(seen), WAITING))) < 110


# Both speak of everything that is seen


def written_down() -> set[tuple[str, str, str]]:
    """Step, sender and receiver wherever the code names all three."""
    found = set()
    for path in HELPERS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Hop", "Role"):
                texts = [each.value for each in node.args[:3] if isinstance(each, ast.Constant)]
                if len(texts) == 3:
                    found.add(tuple(texts))
    return found


def test_everybody_whom_the_code_lets_speak_can_be_drawn():
    found = written_down()
    assert {step for step, _, _ in found} == set(MEANING)
    for step, sender, receiver in found:
        seen = Hop(step, sender, receiver, "GET", ORIGIN, 200, 1.0)
        assert trace.mermaid(attempt(seen), WAITING).count("participant") == 2


def test_every_step_of_the_witness_has_its_words():
    described = re.search(
        r"step: str  # (.*)", (HELPERS / "gateway" / "attempt.py").read_text(encoding="utf-8")
    )
    assert described
    assert set(described[1].split(", ")) == set(MEANING)
