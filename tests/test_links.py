"""Links in documents, without the network: their form, the files they lead to, and the headings in those."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("workshop/*.md")]
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))


def prose(document: Path) -> str:
    """Without code, in which nothing is a link."""
    text = document.read_text(encoding="utf-8")
    return re.sub(r"^ *```.*?^ *```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def links(document: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(document))


def anchors(document: Path) -> set[str]:
    """As GitHub makes them."""
    text = re.sub(
        r"^ *```.*?^ *```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def leads_nowhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def test_the_documents_are_found():
    assert {"README.md", "workshop/README.md", "docs/benchmarks.md", "docs/failures/README.md"} <= {
        str(document.relative_to(ROOT)) for document in DOCUMENTS
    }


@each_document
def test_a_link_within_the_repository_leads_to_a_file_and_a_heading_of_it(document: Path):
    inner = [link for link in links(document) if not re.match(r"[a-z]+:", link)]
    assert [link for link in inner if leads_nowhere(document, link)] == []


@each_document
def test_a_link_to_the_outside_is_https_and_well_formed(document: Path):
    outer = [urlsplit(link) for link in links(document) if re.match(r"[a-z]+:", link)]
    assert [link.geturl() for link in outer if link.scheme != "https" or "//" in link.path] == []
    assert [link for link in outer if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", link.netloc)] == []


def test_a_heading_that_is_not_there_is_noticed(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# One heading, `two`\n")
    assert not leads_nowhere(page, "#one-heading-two")
    assert leads_nowhere(page, "#another")
    assert leads_nowhere(page, "missing.md")
