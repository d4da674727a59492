"""What Strapi's page says stands in the notebook to the letter, beside what to do today."""

from __future__ import annotations

import re
from datetime import date

import pytest

from helpers.core.flows import DOCUMENTED, TODAY
from tests.support.notebooks import (
    chapters,
)

DOCUMENTED_TEXTS = [
    ("01", "Facebook doesn't accept localhost urls"),
    ("01", "ngrok http 1337"),
    ("01", "https://65e60559.ngrok.io"),
    ("01", "config/server.js"),
    ("01", "REACT_APP_BACKEND_URL"),
    ("01", "login-react"),
    ("02", "https://developers.facebook.com/apps/"),
    ("02", "**Add a New App**"),
    ("02", "**Display Name**"),
    ("02", "an **Instagram** product"),
    ("02", "**PRODUCTS > Instagram > Basic Display**"),
    ("02", "**Create new application**"),
    ("02", "**Valid OAuth Redirect URIs** `https://65e60559.ngrok.io/api/connect/instagram/callback`"),
    ("02", "**Deauthorize** `https://65e60559.ngrok.io`"),
    ("02", "**Data Deletion Requests** `https://65e60559.ngrok.io`"),
    ("02", "**App Review for Instagram Basic Display**"),
    ("02", "**Add to submission** for **instagram_graph_user_profile**"),
    ("02", "**Application ID** and **secret**"),
    ("03", "http://localhost:1337/admin/settings/users-permissions/providers"),
    ("03", "click **Instagram**"),
    ("03", "**Enable** `ON`"),
    ("03", "**Client ID** `563883201184965`"),
    ("03", "**Client Secret** `f5ba10a7dd78c2410ab6b8a35ab28226`"),
    ("03", "**The redirect URL to your front-end app** `http://localhost:3000/connect/instagram/redirect`"),
    ("04", "launch the backend and the login-react example"),
    ("04", "http://localhost:3000"),
]


def notebook(number: str) -> str:
    """A chapter's prose."""
    cells_ = list(chapters().values())[int(number)]
    return "\n\n".join("".join(cell["source"]) for cell in cells_ if cell["cell_type"] == "markdown")


@pytest.mark.parametrize(("number", "text"), DOCUMENTED_TEXTS)
def test_a_documented_label_or_value_is_there_to_the_letter(number: str, text: str):
    assert text in notebook(number)


def numbers(text: str) -> list[str]:
    return re.findall(r"^### (\d\.\d) ", text, re.MULTILINE)


def test_the_documented_steps_keep_their_numbers():
    """Each has a heading of its own, so that the board, the README and a guide can lead to it."""
    assert numbers(notebook("01")) == ["1.1", "1.2", "1.3"]
    assert numbers(notebook("02")) == [f"2.{step}" for step in range(1, 10)]
    assert numbers(notebook("03")) == ["3.0", "3.1", "3.2", "3.3"]
    assert numbers(notebook("04")) == ["4.1", "4.2"]


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_beside_the_page_stands_what_to_do_today(number: str):
    text = notebook(number)
    assert "**On the page:**" in text
    assert re.search(r"\*\*Today|Today:|in Meta's dashboard today|\*\*Do\.\*\*", text)


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_every_step_says_why_and_ends_with_a_check(number: str):
    text = notebook(number)
    code = ["".join(each["source"]) for each in list(chapters().values())[int(number)]]
    assert "**Do.**" in text
    assert "**Why.**" in text
    assert any('await check("' in cell for cell in code)


def test_the_retired_login_says_so_with_its_date_where_it_is_chosen():
    assert DOCUMENTED.retired
    (choice,) = re.findall(r"^### Choose$.*", notebook("00"), re.MULTILINE | re.DOTALL)
    assert DOCUMENTED.retired.isoformat() in choice
    assert "closed" in choice
    assert "Instagram Basic Display" in choice


def test_who_can_log_in_at_all_is_said_before_anything_is_done():
    text = notebook("00")
    section = text[text.index("who can log in at all") : text.index("### Choose")]
    for told in ("**professional**", "*Business*", "*Creator*", "Personal accounts", "**Instagram Tester**"):
        assert told in section
    assert "App Review" in section
    assert "no e-mail address" in section


def test_what_was_read_in_metas_dashboard_has_its_date():
    (day,) = re.findall(r"as of \*\*(\d{4}-\d\d-\d\d)\*\*", notebook("02"))
    assert date.fromisoformat(day) >= date(2026, 11, 23)


def test_metas_three_setups_are_told_apart_and_none_is_guessed():
    """Each row: label, basic permission, how a token begins, API host."""
    (section,) = re.findall(r"<details><summary>Your dashboard says.*?</details>", notebook("02"), re.DOTALL)
    rows = re.findall(
        r"^\| \W*API setup with (\w+) login\W* \| `(\w+)` \| `(\w+)` \| `(\S+)` \|$", section, re.M
    )
    others = ("instagram_basic", "EAA", "graph.facebook.com")
    spoken = (TODAY.scope, "IGAA", "graph.instagram.com")
    assert rows == [("Instagram", *spoken), ("Facebook", *others), ("Unified", *others)]
    assert "This kit speaks the first one only." in section
    assert f"open **Permissions** and add `{TODAY.scope}`" in section[section.index("is missing") :]
    assert re.findall(r"https?://|/(?:authorize|dialog|access_token)\b", section) == []
    (step5,) = re.findall(r"^### 2\.5 .*?(?=^### 2\.6)", notebook("02"), re.M | re.DOTALL)
    assert "(not *with Facebook login*, not *with Unified login*)" in step5


def test_metas_pages_are_those_of_the_kit():
    assert "https://developers.facebook.com/apps/" in notebook("02")
    assert "https://www.instagram.com/accounts/manage_access/" in notebook("02")
