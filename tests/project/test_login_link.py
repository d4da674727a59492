"""Front ends of many shapes: the variable and the provider of their login link, found or honestly not."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.core.errors import KitError
from helpers.core.flows import TODAY
from helpers.failures import known
from helpers.project.front_end_project import FrontEnd

PUBLIC = "https://shop.ngrok-free.dev"
PROVIDER = TODAY.provider


@dataclass(frozen=True)
class Shape:
    """``sets`` is what is written into ``.env``, ``shows`` the line to change by hand."""

    tool: str
    files: dict[str, str]
    sets: str = ""
    shows: str = ""
    place: str = ""


def _shapes() -> dict[str, Shape]:
    text = Path(__file__).with_name("front_ends.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text.replace("<public>", PUBLIC))
    return {each.pop("name"): Shape(**each) for each in found["front_end"]}


SHAPES = _shapes()
LOGIN_REACT = SHAPES["login-react"].files
each_shape = pytest.mark.parametrize("name", SHAPES)


def failure_of(trouble: KitError | None) -> str | None:
    return trouble.failure if trouble else None


def project(folder: Path, shape: Shape, **more: str) -> Path:
    package = json.dumps({"dependencies": {shape.tool: "^5.0.1"}})
    for name, content in {"package.json": package, **shape.files, **more}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@each_shape
def test_the_link_is_found_with_what_it_reads(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    front_end = FrontEnd(project(tmp_path, shape))
    assert front_end.link
    assert front_end.link.place == shape.place
    plan = front_end.address(PUBLIC)
    written = [line for change in plan.changes for line in change.after.decode().splitlines()]
    assert written == ([shape.sets] if shape.sets else [])
    assert [each.snippet for each in plan.by_hand] == ([shape.shows] if shape.shows else [])


@each_shape
def test_a_link_to_the_closed_api_is_told_with_its_line(
    tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    shape = SHAPES[name]
    found = FrontEnd(project(tmp_path, shape, **{".env": shape.sets})).trouble(PUBLIC, PROVIDER)
    assert found
    assert f"leads to /connect/instagram, and this setup's provider is {PROVIDER}" in str(found)
    place = "src/pages/Home.js line 5" if name == "login-react" else shape.place
    assert found.evidence == place
    assert found.failure == known.LOGIN_LINK_TO_ANOTHER_PROVIDER
    record_property("provokes", "D15")
    assert found.fix[0] == f"In {place} write {PROVIDER} instead of instagram."


@each_shape
def test_nothing_is_in_order_before_the_address_is_right(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    files = {file: text.replace("instagram", PROVIDER) for file, text in shape.files.items()}
    renamed = Shape(shape.tool, files)
    found = FrontEnd(project(tmp_path / "before", renamed)).trouble(PUBLIC, PROVIDER)
    wrong = (known.LOGIN_LINK_UNDEFINED, known.MIXED_CONTENT)
    assert (failure_of(found) in wrong) == bool(shape.sets or shape.shows)
    if shape.sets:
        after = FrontEnd(project(tmp_path / "after", renamed, **{".env": shape.sets}))
        assert after.trouble(PUBLIC, PROVIDER) is None


@pytest.mark.parametrize(
    "source",
    [
        "export default () => <a href='/login'>In</a>;\n",
        "// <a href='/api/connect/instagram'>In</a>\n",
        "<Route path='/connect/:providerName/redirect' />\n",
        "if (path === '/connect/instagram/redirect') finish();\n",
    ],
)
def test_where_there_is_no_link_none_is_claimed(tmp_path: Path, source: str) -> None:
    front_end = FrontEnd(project(tmp_path, Shape("vite", {"src/App.jsx": source})))
    assert front_end.link is None
    (told,) = front_end.address(PUBLIC).by_hand
    assert "I found no login link" in str(told)


@pytest.mark.parametrize(
    "source",
    [
        "<a href={`${useStrapi().base}/api/connect/instagram`}>In</a>\n",
        "import { api } from 'our-settings';\n<a href={api + '/api/connect/instagram'}>In</a>\n",
        "<a href={links.of('/api/connect/instagram')}>In</a>\n",
    ],
)
def test_a_link_that_cannot_be_followed_is_shown_as_it_is(tmp_path: Path, source: str) -> None:
    front_end = FrontEnd(project(tmp_path, Shape("vite", {"src/App.jsx": source})))
    assert front_end.link
    assert not front_end.link.known
    (told,) = front_end.address(PUBLIC).by_hand
    assert "I could not read what the login link begins with" in str(told)
    assert told.snippet == source.splitlines()[-1]


def test_a_variable_that_the_tool_keeps_from_the_page_gets_a_line_to_change(tmp_path: Path) -> None:
    source = "const api = process.env.STRAPI_URL;\n<a href={`${api}/api/connect/instagram`}>In</a>\n"
    front_end = FrontEnd(project(tmp_path, Shape("next", {"pages/index.js": source})))
    plan = front_end.address(PUBLIC)
    assert [change.after for change in plan.changes] == [f"NEXT_PUBLIC_BACKEND_URL={PUBLIC}\n".encode()]
    assert [each.snippet for each in plan.by_hand] == ["const api = process.env.NEXT_PUBLIC_BACKEND_URL;"]
    assert failure_of(front_end.trouble(PUBLIC)) == known.LOGIN_LINK_UNDEFINED


def test_a_page_for_many_providers_with_ours_among_them_is_in_order(tmp_path: Path) -> None:
    files = {name: text.replace("'instagram'", f"'{PROVIDER}'") for name, text in LOGIN_REACT.items()}
    env = {".env": f"REACT_APP_BACKEND_URL={PUBLIC}\n"}
    assert FrontEnd(project(tmp_path, Shape("react-scripts", files), **env)).trouble(PUBLIC, PROVIDER) is None


def test_links_to_other_providers_are_not_ours(tmp_path: Path) -> None:
    source = (
        "const api = import.meta.env.VITE_API;\n"
        "<a href='https://accounts.example/connect/google'>Google</a>\n"
        f"<a href={{`${{api}}/api/connect/{PROVIDER}`}}>Instagram</a>\n"
    )
    front_end = FrontEnd(project(tmp_path, Shape("vite", {"src/App.jsx": source})))
    assert front_end.link
    assert (front_end.link.place, front_end.link.variable) == ("src/App.jsx line 3", "VITE_API")


def test_a_variable_file_linked_from_outside_is_left_alone_and_its_line_shown(tmp_path: Path) -> None:
    folder = project(tmp_path / "page", SHAPES["a concatenation"])
    (tmp_path / "shared.env").write_text("A=1\n")
    (folder / ".env").symlink_to(tmp_path / "shared.env")
    plan = FrontEnd(folder).address(PUBLIC)
    (told,) = plan.by_hand
    assert plan.changes == ()
    assert "is a link that leads out of the project" in str(told)
    assert told.snippet == f"REACT_APP_API={PUBLIC}"
