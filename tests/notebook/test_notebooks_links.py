"""Where the links of the notebooks lead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tests.support.notebooks import (
    FOLDER,
    PRACTICE,
    SET_UP,
    cells,
    each_notebook,
    prose,
)


def test_each_notebook_leads_to_the_other():
    assert f"[{PRACTICE}]({PRACTICE})" in prose(SET_UP)
    assert f"[{SET_UP}]({SET_UP})" in prose(PRACTICE)


# In backticks: in a rehearsal or on a hub they lead nowhere.
PAGES_OF_THIS_MACHINE = {
    "http://localhost:1337",
    "http://localhost:1337/admin",
    "http://localhost:1337/admin/settings/users-permissions/providers",
    "http://localhost:3000",
    "http://localhost:3000/connect/instagram/redirect",
}


@each_notebook
def test_a_link_into_the_repository_leads_to_a_file(name: str):
    targets = re.findall(r"\]\((?!https?://)([^)#]*)", prose(name))
    assert [target for target in targets if not (FOLDER / target).is_file()] == []


@each_notebook
def test_a_link_to_the_outside_is_https_and_well_formed(name: str):
    text = prose(name).replace("<public host>", "public-host.example").replace("<provider>", "instagram")
    links = re.findall(r"https?://[^\s`'\")|]*[^\s`'\")|.,;:*]", text)
    assert [link for link in links if link.startswith("http://") and link not in PAGES_OF_THIS_MACHINE] == []
    for link in links:
        parts = urlsplit(link)
        assert re.fullmatch(r"localhost:\d+|([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
        assert "//" not in parts.path


@each_notebook
def test_an_address_of_this_machine_is_no_link(name: str):
    text = re.sub(r"`[^`]*`", "", prose(name))
    assert re.findall(r"https?://localhost\S*", text) == []


@each_notebook
def test_a_notebook_says_first_how_it_is_run(name: str):
    assert "Press **Run > Run All Cells**" in cells(name, "markdown")[0]


@each_notebook
def test_a_link_says_where_it_leads(name: str):
    texts = re.findall(r"\[([^\]]+)\]\(", prose(name))
    assert [text for text in texts if text.lower() in ("here", "link", "this", "this page")] == []
