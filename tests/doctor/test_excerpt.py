"""Of a long text the ends are kept, and no cut leaves a part of a secret that nothing tells as one."""

from __future__ import annotations

import pytest

from helpers.core.masking import MASK, Secret
from helpers.doctor import excerpt as module
from helpers.doctor.excerpt import MOST, excerpt
from helpers.doctor.recognise import read
from helpers.notebook.widgets import PasteField

LINE = "2026-11-28 10:00:00 an ordinary line of a log\n"
LOG = LINE * 20_000
TOKEN = "IGAA" + "bcdefgh1" * 60
NAMED = "koa.sess=" + "eyJncmFudCI6" * 300
SAID = "tunnel example.ngrok-free.dev already exists ERR_NGROK_334"
NEAR = LINE * 700  # no longer than it must be to be cut


def test_the_ends_of_a_long_log_are_read() -> None:
    for text in (f"{SAID}\n{LOG}", LOG + SAID):
        assert read(text).matches[:1] == read(SAID).matches[:1]


def test_what_is_kept_stays_as_it_is_when_it_is_read_again() -> None:
    kept, secret = excerpt(LOG)
    assert len(kept) <= MOST
    assert excerpt(kept) == (kept, secret) == (kept, False)
    assert LOG.startswith(kept.partition("\n2026")[0])


@pytest.mark.parametrize("secret", [TOKEN, NAMED], ids=["by its shape", "by its name"])
def test_no_cut_leaves_a_part_of_a_secret(secret: str) -> None:
    value = secret.partition("=")[2] or secret
    reach = MOST // 2 + module._SEVERED
    for cut in (MOST // 2, reach):
        for severed in range(1, len(secret), 97):
            before = (LINE * 500)[: cut - severed]
            for text in (f"{before} {secret} {NEAR}", f"{NEAR} {secret} {before}"):
                kept, _ = excerpt(text)
                assert value[-40:] not in kept, (cut, severed)
                assert value[:40] not in kept, (cut, severed)
                assert value[len(value) // 2 :][:40] not in kept, (cut, severed)


def test_a_known_secret_is_not_left_in_half_either() -> None:
    secret = Secret("".join(f"known-part-{number:03};" for number in range(200)))
    for severed in range(1, 3000, 101):
        before = (LINE * 500)[: MOST // 2 + module._SEVERED - severed]
        kept, _ = excerpt(before + secret.reveal() + NEAR)
        assert "known-part" not in kept, severed
        kept, _ = excerpt(NEAR + secret.reveal() + before)
        assert "known-part" not in kept, severed


def test_a_secret_in_what_is_looked_at_is_told() -> None:
    kept, secret = excerpt(f"code=AQBx1234567 {LOG}")
    assert kept.startswith(f"code={MASK} {LINE}")
    assert secret
    assert excerpt(f"{LOG[:450_000]} code=AQBx1234567 {LOG[:450_000]}")[1] is False


def test_a_pasted_log_is_not_kept_whole() -> None:
    field = PasteField("What do you see?")
    field._received(field, {"kind": "text", "value": f"{LOG} code=AQBx1234567 {SAID}"}, [])
    assert len(field.text) <= MOST
    assert field.text.endswith(f"code={MASK} {SAID}")
    assert field.masked
