"""What goes wrong with ngrok, and with a machine that is not the reader's, is named by the doctor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.practice.fault import Fault
from helpers.practice.faults import FAULTS
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.tunnel import ngrok
from helpers.web.server import Server
from tests.support.breaking import named, needs_ngrok, whole

TUNNEL = {id_: fault for id_, fault in FAULTS.items() if needs_ngrok(id_)}


@pytest.mark.parametrize(("id_", "fault"), TUNNEL.items(), ids=TUNNEL)
def test_a_fault_of_the_tunnel_is_named(
    id_: str,
    fault: Fault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    with whole(fault, tmp_path, ngrok=True) as kit:
        if id_ == "C15":  # the agent tries again and again
            hasty = partial(ngrok.NgrokTunnel, deadline=6)
            monkeypatch.setattr(ngrok, "NgrokTunnel", hasty)
        fault.play(kit)
        assert named(kit, id_, fault) == id_
    record_property("provokes", id_)


def test_a_front_end_on_the_localhost_of_a_hub_is_out_of_the_readers_reach(
    serve: Callable[..., Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """A rehearsal needs nothing of the reader's browser, so this is a live setup."""
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    strapi = StrapiStandIn("token")
    strapi.providers["instagram"]["enabled"] = True
    facts = {"KIT_MODE": "live", "KIT_FLOW": "documented", "PUBLIC_URL": "https://shop.example"}
    kit = Kit(settings.load({**facts, "STRAPI_URL": serve(strapi.app).url}, home=tmp_path))
    try:
        found = checks.run(kit, ["machine"])[0]
    finally:
        kit.close()
    assert found.failure == "E03"
    record_property("provokes", "E03")
