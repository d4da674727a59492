"""Every layout with the kit's own lines, behind real proxies: a login, or the failure that was foretold."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.layout import ONE_ORIGIN, OTHER_SITE, SAME_SITE, Layout
from helpers.doctor.checks import FAILED, in_order
from tests.real.deployed import open_setup, running
from tests.real.strapi import VERSIONS

pytestmark = pytest.mark.real

LAYOUTS = {
    SAME_SITE: Layout("https://api.example.com", "https://www.example.com"),
    ONE_ORIGIN: Layout("https://www.example.com", "https://www.example.com"),
    OTHER_SITE: Layout("https://api.example.com", "https://shop.test"),
}
# Each version once behind each proxy, the layouts in turn.
SETUPS = [
    (version, proxy, list(LAYOUTS)[(2 * number + second) % 3])
    for number, version in enumerate(VERSIONS)
    for second, proxy in enumerate(("nginx", "caddy"))
]


@pytest.mark.parametrize(("version", "proxy", "kind"), SETUPS, ids=lambda value: str(value))
def test_a_layout_ends_as_foretold(version: str, proxy: str, kind: str, tmp_path: Path) -> None:
    with open_setup(tmp_path, version, proxy, LAYOUTS[kind]) as setup, running(setup) as deployed:
        setup.save_provider()
        results = deployed.golive()
        said = deployed.log_in()
    red = {each.id: each.failure for each in results if each.status == FAILED}
    finishes = kind != OTHER_SITE or version != "5.54.0"
    assert said.startswith("Welcome") == finishes, said
    if finishes:
        assert red == {}, [each for each in results if each.status == FAILED]
        assert in_order(results), results
    else:
        assert "completed provider session" in said
        assert red.get("cookie") == "A18"
