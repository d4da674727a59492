"""Two attendees and their facilitator on one real hub: what each may do, and what stays closed to the others.

Whoever is not root cannot try what separates Unix users; these tests are skipped then, and only then.
"""

from __future__ import annotations

import asyncio
import json
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.other_user import GET, needs_root, run_as_other

pytest.importorskip("jupyterhub", reason="needs the extra workshop (make test-workshop)")
from tests.bench.workshop_load_client import run_notebook
from tests.support.workshops import HUB, Workshop, a_workshop

pytestmark = pytest.mark.workshop

REHEARSED = "from helpers.notebook import chapter; kit = chapter(4); kit.rehearse_up_to(4)"
SHARED = [Path(folder) for folder in ("/tmp", "/var/tmp", "/dev/shm")]  # noqa: S108 - looked at only


@pytest.fixture(scope="module")
def shared_before() -> set[Path]:
    """What lay there before the workshop: an account that is gone may have had an attendee's number."""
    return {path for folder in SHARED for path in folder.iterdir()}


@pytest.fixture(scope="module")
def workshop(shared_before: set[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with a_workshop(tmp_path_factory.mktemp("hub")) as workshop:
        yield workshop


def board_token(workshop: Workshop, who: str) -> str:
    """The token of somebody's own server, as the kit in their kernel finds it."""

    async def ask() -> str:
        async with workshop.server(who) as server, server.kernel() as kernel:
            path = workshop.state.parent / f"token-{who}"
            path.touch(mode=0o666)
            path.chmod(0o666)
            for folder in (path.parent, *path.parent.parents):
                if str(folder).startswith("/tmp/pytest"):  # noqa: S108 - pytest's own folders are closed
                    folder.chmod(0o755)
            code = f"import os; open({str(path)!r}, 'w').write(os.environ['JUPYTERHUB_API_TOKEN'])"
            assert await run_notebook(kernel, [code]) == []
            return path.read_text()

    return asyncio.run(ask())


# Signing in


def test_a_card_signs_its_owner_in_and_nobody_else(workshop):
    _, ann, ben = workshop.names
    with workshop.signed_in(ann) as browser:
        assert browser.get("/hub/home").url.path == "/hub/home"
    for who, word in [
        (ann, "wrong"),
        (ann, workshop.cards[ben]),
        ("stranger", workshop.cards[ann]),
        ("root", ""),
    ]:
        with workshop.signed_in(who, word or "x") as browser:
            assert workshop.answer.status_code == 403
            assert browser.get("/hub/home").url.path == "/hub/login"


def test_what_the_hub_keeps_is_closed_to_others(workshop):
    modes = {path.name: path.stat().st_mode & 0o077 for path in [workshop.state, *workshop.state.iterdir()]}
    assert {"cards.tsv", "hub.sqlite", "cookie_secret", "hub.log", "hub.pid"} <= modes.keys()
    assert {name: mode for name, mode in modes.items() if mode} == {}


def test_a_second_start_is_refused_and_says_how_to_end_the_first(workshop):
    done = subprocess.run(
        [sys.executable, str(HUB), "start", "--state", str(workshop.state)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "make -C workshop stop" in done.stderr


# Two attendees


def test_the_notebooks_run_for_an_attendee(workshop):
    async def run() -> list[str]:
        path = HUB.parents[1] / "notebooks" / "1_set_up.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        async with workshop.server(workshop.names[1]) as server, server.kernel() as kernel:
            return await run_notebook(kernel, code)

    assert asyncio.run(run()) == []


ROUTES = ["/user/{0}/lab", "/user/{0}/api/contents", "/user/{0}/api/kernels", "/hub/api/users/{0}",
          "/hub/admin", "/hub/api/users", "/hub/user/{0}/api/status"]  # fmt: skip


def test_the_hub_leads_no_attendee_to_anothers_server(workshop):
    host, ann, ben = workshop.names

    async def up() -> None:
        async with workshop.server(ann):
            pass

    asyncio.run(up())
    for who in (ben, host):
        with workshop.signed_in(who) as browser:
            got = {route: browser.get(route.format(ann)) for route in ROUTES}
            if who == host:  # sees who is there and may stop a server, but not look into it
                got = {route: got[route] for route in ROUTES if route.startswith("/user/")}
            # Forbidden, or as if there were no such person.
            assert {route: a.status_code for route, a in got.items() if a.status_code not in (403, 404)} == {}
            assert got["/user/{0}/lab"].status_code == 403
            xsrf = {"X-XSRFToken": browser.cookies.get("_xsrf", path="/hub/") or ""}
            if who == ben:
                assert browser.delete(f"/hub/api/users/{ann}/server", headers=xsrf).status_code in (403, 404)


def test_an_attendees_own_token_opens_nothing_of_anothers(workshop):
    _, ann, ben = workshop.names
    headers = {"authorization": f"token {board_token(workshop, ben)}"}
    for route in [*ROUTES, "/services/board/"]:
        answer = httpx.get(workshop.url + route.format(ann), headers=headers, trust_env=False)
        assert answer.status_code in (302, 403, 404), route
        assert ann not in answer.headers.get("location", "").partition("?")[0] or answer.status_code == 302
        assert "notebooks" not in answer.text


@needs_root
def test_an_attendee_can_open_no_file_of_another(workshop):
    _, ann, ben = workshop.names
    look = "print(sorted(os.listdir(sys.argv[1])))"
    home = pwd.getpwnam(ann).pw_dir
    assert "notebooks" in run_as_other(look, f"{home}/instagram-login", user=ann)
    try_ = "try: print(os.listdir(sys.argv[1]))\nexcept PermissionError: print('closed')"
    for path in (home, f"{home}/instagram-login", f"{home}/instagram-login/.kit", str(workshop.state)):
        assert run_as_other(try_, path, user=ben) == "closed"
    # Even if the home folder were opened: what lies in it is its owner's alone.
    inside = [path for path in Path(home).rglob("*") if not path.is_symlink() and path.owner() == ann]
    assert len(inside) > 10
    written = [path for path in inside if "instagram-login" in path.parts or ".jupyter-runtime" in path.parts]
    assert [str(path) for path in written if path.stat().st_mode & 0o077] == []


@needs_root
def test_nothing_of_an_attendees_kit_lies_in_a_folder_that_all_share(workshop, shared_before):
    """So that it goes with the account."""
    ann = pwd.getpwnam(workshop.names[1])

    async def look() -> list[Path]:
        async with workshop.server(ann.pw_name) as server, server.kernel() as kernel:
            code = REHEARSED
            assert await run_notebook(kernel, [code]) == []
            assert list(Path(ann.pw_dir, ".tmp").glob("kit-rehearsal-*"))
            found = ["find", *SHARED, "-mindepth", "1", "-maxdepth", "1", "-user", ann.pw_name]
            said = subprocess.run(found, capture_output=True, text=True, check=False).stdout
            return [path for path in map(Path, said.splitlines()) if path not in shared_before]

    assert asyncio.run(look()) == []


def test_closing_a_notebook_ends_its_kernel(workshop):
    """Else each that is done would hold its memory until the evening."""

    async def ask() -> httpx.Response:
        async with workshop.server(workshop.names[1]) as server:
            path = "/lab/api/settings/@jupyterlab/notebook-extension:tracker"
            return await server.hub.get(f"/user/{server.name}{path}")

    answer = asyncio.run(ask()).raise_for_status().json()
    assert answer["schema"]["properties"]["kernelShutdown"]["default"] is True


@needs_root
def test_an_attendee_gets_no_answer_from_any_port_of_another(workshop):
    """With a kit at work: server, kernel, gateway, stand-ins, the agent's API and its public side."""
    _, ann, ben = workshop.names

    async def look() -> tuple[list[int], dict[int, str], str]:
        async with workshop.server(ann) as server, server.kernel() as kernel:
            code = REHEARSED
            assert await run_notebook(kernel, [code, "kit.world.internet.tab_url(kit.public_url)"]) == []
            ports = listening(ann)
            path = f"/user/{ann}/api/kernels"
            said = {port: run_as_other(GET, f"127.0.0.1:{port}", path, user=ben) for port in ports}
            return ports, said, kernels_transport(ann)

    ports, said, transport = asyncio.run(look())
    # The silent one is the kernel's own, for what its forks print; it takes nothing without their key.
    silent = ("ConnectionResetError", "RemoteDisconnected", "TimeoutError")
    answering = {port: text for port, text in said.items() if text not in silent}
    assert len(ports) >= 8
    assert len(answering) == 1, "the attendee's Jupyter server"
    assert all(text.startswith(("302", "403")) for text in answering.values()), answering
    assert transport == "ipc"


def listening(who: str) -> list[int]:
    uid = str(pwd.getpwnam(who).pw_uid)
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[7] == uid]


def kernels_transport(who: str) -> str:
    (connection,) = Path(pwd.getpwnam(who).pw_dir, ".jupyter-runtime").glob("kernel-*.json")
    return str(json.loads(connection.read_text(encoding="utf-8"))["transport"])


# The board


def test_the_board_shows_the_facilitator_what_an_attendee_sent(workshop):
    host, ann, ben = workshop.names
    mine = {"authorization": f"token {board_token(workshop, ann)}"}
    url = workshop.url + "/services/board/mine"
    assert (
        httpx.put(url, json={"public-address": "passed", "login": "failed"}, headers=mine).status_code == 204
    )
    with workshop.signed_in(host) as browser:
        page = browser.get("/services/board/")
        assert page.status_code == 200
        row = re.search(rf'<tr><th scope="row">{ann}</th>(.*?)</tr>', page.text)
        assert row
        assert re.findall(r'class="(\w*)">([^<]*)<', row[1]) == [
            ("passed", "OK"), ("", ""), ("", ""), ("", ""), ("", ""), ("failed", "Failed"),
        ]  # fmt: skip
        assert ben not in page.text, "who does not share is not listed"
        assert httpx.delete(url, headers=mine).status_code == 204
        assert ann not in browser.get("/services/board/").text


def test_an_attendee_cannot_see_the_board(workshop):
    with workshop.signed_in(workshop.names[1]) as browser:
        answer = browser.get("/services/board/")
        assert answer.status_code == 403
        assert "logged in</caption>" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"login": "passed", "secret": "x"}', b'{"login": "http://localhost"}',
        b'{"login": ["passed"]}', b'{"login": null}', b"\xff", b'{"login": "passed"}' + b" " * 4096,
        b"[" * 2000,
    ],
    ids=["empty", "list", "half", "other step", "value", "nested", "null", "no text", "too long", "deep"],
)  # fmt: skip
def test_the_board_takes_nothing_but_states_of_steps(workshop, body):
    mine = {"authorization": f"token {board_token(workshop, workshop.names[1])}"}
    with httpx.Client(trust_env=False) as http:
        assert http.put(workshop.url + "/services/board/mine", content=body, headers=mine).status_code in (
            400,
            413,
        )
    with workshop.signed_in(workshop.names[0]) as browser:
        assert workshop.names[1] not in browser.get("/services/board/").text


def test_the_board_takes_nothing_from_strangers_and_no_cookie_instead_of_a_token(workshop):
    url, states = workshop.url + "/services/board/mine", {"public-address": "passed"}
    for said in (None, "token wrong", "token", "Basic eDp5", f"token {workshop.token}"):
        given = {"authorization": said} if said else {}
        assert httpx.put(url, json=states, headers=given, trust_env=False).status_code == 403
    with workshop.signed_in(workshop.names[1]) as browser:
        assert browser.put("/services/board/mine", json=states).status_code == 403
