"""Whatever the settings of the other providers hold, they come out of a change as they went in."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.core.masking import Secret
from helpers.strapi.client import Strapi
from tests.support.provider_settings import change_provider

OURS = "instagram-business"
# What JSON can say; numbers as JavaScript keeps them exactly.
_plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
_values = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_fields = st.text(max_size=12).filter(lambda name: name not in ("redirectUri", "secret"))
_entries = st.dictionaries(_fields, _values, max_size=6)
_secrets = st.fixed_dictionaries({}, optional={"secret": st.text(max_size=40)})
_maps = st.dictionaries(st.text(max_size=12), st.tuples(_entries, _secrets), max_size=6)


class Store:
    """Strapi's provider settings: a map that is read and replaced as a whole."""

    def __init__(self, providers: dict[str, Any]) -> None:
        self.providers = providers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/admin/login":
            return _streamed({"data": {"token": "t"}})
        if request.method == "PUT":
            self.providers = json.loads(request.content)["providers"]
            return _streamed({"ok": True})
        computed = {
            name: entry | {"redirectUri": f"https://x/{name}"} for name, entry in self.providers.items()
        }
        return _streamed(computed)


def _streamed(data: Any) -> httpx.Response:
    return httpx.Response(200, content=iter([json.dumps(data).encode()]))


@settings(max_examples=1000, deadline=None)
@given(_maps, _entries, st.text(max_size=40), st.booleans())
def test_all_other_settings_stay_identical_and_ours_can_be_undone(
    others: dict[str, tuple[dict[str, Any], dict[str, Any]]], ours: dict[str, Any], secret: str, enabled: bool
) -> None:
    store = Store({name: entry | kept for name, (entry, kept) in others.items()} | {OURS: ours})
    before = copy.deepcopy(store.providers)
    with httpx.Client(transport=httpx.MockTransport(store)) as http:
        admin = Strapi(http, "http://strapi").sign_in("a@example.com", Secret("p"))
        change = change_provider(
            admin, OURS, key="1", secret=Secret(secret), callback="https://x/y", scope=["s"], enabled=enabled
        )
        written = store.providers
        assert {**written, OURS: None} == {**before, OURS: None}
        assert list(written) == list(before)
        assert written[OURS] == ours | {
            "enabled": enabled, "key": "1", "secret": secret, "callback": "https://x/y", "scope": ["s"],
        }  # fmt: skip
        admin.restore(change)
    assert store.providers == before
