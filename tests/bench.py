"""Performance as ratios in one run (``make bench``). Nothing here is asserted: machines differ."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx

from helpers import checks, settings
from helpers.kit import Kit

ROOT = Path(__file__).parents[1]
THIRD_PARTY = "anywidget, httpx, ipywidgets, starlette.applications, starlette.responses, uvicorn, dotenv"
KIT = "helpers.forms, helpers.views, helpers.reading, helpers.login_form"
ROUNDS = 40
DISTANCE = 0.1  # seconds to a public address and back, which on this machine alone would be none


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians\n")
    rows = [*round_trip(), *gateway(), *doctor(), *imports(), *notebooks()]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")


def alternately(*jobs: Callable[[], float], rounds: int = ROUNDS) -> list[list[float]]:
    """Times of several jobs taken in turns, so that a busy moment hits all of them."""
    for job in jobs:
        job()
    return [list(column) for column in zip(*([job() for job in jobs] for _ in range(rounds)), strict=True)]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ratio(ours: list[float], theirs: list[float], unit: str = "ms") -> str:
    scale = 1000 if unit == "ms" else 1
    mine, other = statistics.median(ours) * scale, statistics.median(theirs) * scale
    return f"{mine:8.2f} {unit} against {other:8.2f} {unit}   {mine / other:.2f}x"


def rehearsed() -> Kit:
    kit = Kit(settings.load({}, home=Path(tempfile.mkdtemp())))
    kit.rehearse_up_to(4)
    if kit.world:
        kit.world.strapi.limit.most = 10**9  # Strapi's ten logins a minute would end the measurement
    return kit


def round_trip() -> list[tuple[str, str]]:
    kit = rehearsed()
    world = kit.world
    assert world

    def witnessed() -> None:
        began = time.monotonic()
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        kit.wait_for_login(timeout=10, since=began)

    def plain() -> None:
        with httpx.Client(transport=world.internet.transport(), follow_redirects=True) as client:
            page = client.get(kit.urls.connect)
            request = re.search(r'name="request" value="([^"]+)"', page.text)
            assert request
            form = {"request": unescape(request[1]), "decision": "allow"}
            page = client.post(urljoin(str(page.url), "/oauth/authorize"), data=form)
            # The gateway itself proves the login with users/me, for this caller as for ours.
            client.get(kit.urls.auth, params=page.url.params).raise_for_status()

    try:
        ours, theirs = alternately(lambda: timed(witnessed), lambda: timed(plain))
    finally:
        kit.close()
    return [("witnessed round trip / plain httpx script, same servers", ratio(ours, theirs))]


def gateway() -> list[tuple[str, str]]:
    kit = rehearsed()
    client = httpx.Client(trust_env=False)
    direct, through = f"{kit.settings.strapi_url}/_health", f"{kit.gateway.url}/_health"
    try:
        ours, theirs = alternately(
            lambda: timed(lambda: client.get(through)), lambda: timed(lambda: client.get(direct)), rounds=500
        )
    finally:
        client.close()
        kit.close()
    added = sorted(mine - other for mine, other in zip(ours, theirs, strict=True))
    p50, p95 = added[len(added) // 2] * 1000, added[len(added) * 95 // 100] * 1000
    return [("gateway adds to a request on one connection", f"{p50:8.2f} ms at p50, {p95:.2f} ms at p95")]


def doctor() -> list[tuple[str, str]]:
    """All checks against the one that takes longest alone."""
    kit = rehearsed()
    public = kit.public_url

    def travel(request: httpx.Request) -> None:
        if str(request.url).startswith(public):
            time.sleep(DISTANCE)

    kit.http.event_hooks["request"].append(travel)

    def run(*names: str) -> float:
        kit.changed()  # nothing that Strapi said before is believed
        return timed(lambda: checks.run(kit, names or tuple(checks.CHECKS)))

    try:
        alone = {name: statistics.median(run(name) for _ in range(5)) for name in checks.CHECKS}
        slowest = max(alone, key=lambda name: alone[name])
        ours, theirs = alternately(run, lambda: run(slowest), rounds=20)
    finally:
        kit.close()
    name = f"doctor / its slowest check ({slowest}, {DISTANCE * 1000:.0f} ms to the public address)"
    return [(name, ratio(ours, theirs))]


def imports() -> list[tuple[str, str]]:
    def run(names: str) -> float:
        # Compiled once, as for anybody: the packages that pip installed are compiled already.
        given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-c", f"import {names}"]
        return timed(lambda: subprocess.run(command, check=True, cwd=ROOT, env=given))

    ours, theirs = alternately(lambda: run(f"{THIRD_PARTY}, {KIT}"), lambda: run(THIRD_PARTY), rounds=9)
    return [("import of the kit / of its third-party packages", ratio(ours, theirs))]


def notebooks() -> list[tuple[str, str]]:
    """The suite against as many notebooks with one cell that imports the same packages."""
    names = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    floor = Path(tempfile.mkdtemp())
    for name in names:
        notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        notebook["cells"] = [cell | {"source": f"import {THIRD_PARTY}"}]
        (floor / name).write_text(json.dumps(notebook), encoding="utf-8")

    def run(folder: Path) -> float:
        home = tempfile.mkdtemp()
        given = {"KIT_HOME": home, "KIT_AUTOPILOT": "1", "KIT_MODE": "rehearsal"}
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", "--nbval-lax",
                   "--nbval-current-env", "--nbval-cell-timeout=60", "-p", "no:cacheprovider", "-q",
                   str(folder)]  # fmt: skip
        took = timed(
            lambda: subprocess.run(command, check=True, cwd=home, env=os.environ | given, capture_output=True)
        )
        shutil.rmtree(home)
        return took

    ours, theirs = alternately(lambda: run(ROOT / "notebooks"), lambda: run(floor), rounds=3)
    shutil.rmtree(floor)
    return [("nbval suite / its floor (notebooks that only import)", ratio(ours, theirs, "s"))]


if __name__ == "__main__":
    main()
