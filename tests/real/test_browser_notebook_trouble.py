"""Trouble before the first cell: Jupyter and npm say it themselves, and what they say is recognised."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from helpers.doctor.recognise import read
from tests.support.lab import Lab

pytestmark = pytest.mark.real

Record = Callable[[str, object], None]


def test_a_proxy_that_changes_the_origin_is_named(tmp_path: Path, record_property: Record) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "https://proxy.example",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    with Lab(tmp_path / "lab") as lab, httpx.Client(base_url=lab.url, timeout=60) as browser:
        token = {"token": lab.token}
        browser.get("/login", params=token)  # from now on its cookie tells who it is
        kernel = browser.post("/api/kernels", params=token).json()["id"]
        refused = browser.get(f"/api/kernels/{kernel}/channels", headers=upgrade)
        log = (lab.folder / "server.log").read_text(encoding="utf-8")
    assert refused.status_code == 403
    said = re.findall(r".*(?:Cross Origin|channels).*", log)
    assert read("\n".join(said)).matches[0].failure.id == "E14", said
    record_property("provokes", "E14")


def test_a_release_that_is_not_published_is_named(tmp_path: Path, record_property: Record) -> None:
    wanted = "@strapi/plugin-users-permissions@5.9999.0"
    done = subprocess.run(
        ["npm", "install", wanted], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert read(done.stderr).matches[0].failure.id == "A46", done.stderr
    record_property("provokes", "A46")
