"""The lines for front ends that pass /api on to Strapi themselves, in the servers that they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.core.layout import Layout
from helpers.doctor.checks import in_order
from helpers.project.go_live import Behind
from tests.real.deployed import PROVIDER, Setup, open_setup, printed, running
from tests.real.front_end.dev_servers import NEXT_BUILT, VITE_BUILT, DevServer, Kind
from tests.real.strapi import NEWEST

pytestmark = pytest.mark.real

SHOP = "https://www.example.com"
_CONNECT = f'<a href="/api/connect/{PROVIDER}">Log in with Instagram</a>'
_SAY = """  const said = await answer.json();
  say(said.user ? `Welcome ${said.user.username}` : said.error.message);
"""
_NEXT_PAGE = """'use client';
import { useEffect, useState } from 'react';

async function end(say) {
%s%s}

export default function Page() {
  const [said, say] = useState('');
  useEffect(() => { end(say); }, []);
  return <p id="said">{said}</p>;
}
"""
_VITE_PAGE = """const say = (text) => { document.getElementById('said').textContent = text; };
if (location.pathname.startsWith('/connect/')) {
%s%s}
"""


def vite(lines: dict[str, str]) -> dict[str, str]:
    page = f'<!doctype html><title>Shop</title>{_CONNECT}<p id="said"></p>'
    return {
        "index.html": f'{page}<script type="module" src="/main.js"></script>',
        "main.js": _VITE_PAGE % (lines["page"], _SAY),
        "vite.config.js": lines["vite"],
    }


def next_(lines: dict[str, str]) -> dict[str, str]:
    return {
        "app/page.js": f"export default function Page() {{\n  return {_CONNECT};\n}}\n",
        f"app/connect/{PROVIDER}/redirect/page.js": _NEXT_PAGE % (lines["page"], _SAY),
        "next.config.js": lines["next"],
    }


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    folder = tmp_path_factory.mktemp("one")
    with open_setup(folder, NEWEST, "nginx", Layout(SHOP, SHOP)) as setup, setup.strapi:
        setup.save_provider()
        yield setup


@pytest.mark.parametrize(("kind", "files"), [(VITE_BUILT, vite), (NEXT_BUILT, next_)], ids=["vite", "next"])
def test_a_front_end_that_passes_on_itself_ends_in_a_login(
    setup: Setup, kind: Kind, files: Callable[[dict[str, str]], dict[str, str]], tmp_path: Path
) -> None:
    """Behind a proxy that ends https, as such a server is deployed."""
    lines = printed(setup.layout, setup.version, Behind(setup.strapi.url))
    with DevServer(kind, tmp_path, files(lines)) as server, running(setup, front_end=server.url) as deployed:
        results = deployed.golive()
        assert in_order(results), results
        assert deployed.log_in() == f"Welcome {setup.account.username}"
