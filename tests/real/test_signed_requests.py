"""Whatever Meta's two callbacks are sent, the provider file acts only on what was signed and is complete."""

from __future__ import annotations

import base64
import json
import string
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from tests.gateway.test_garbage import nonsense
from tests.support.signed_requests import encoded, payload, signed

pytestmark = pytest.mark.real  # needs Node, but no Strapi

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "helpers/project/templates/instagram-business.js"
Read = Callable[[Any], list[dict[str, Any]]]
patiently = settings(deadline=None)  # Node answers as fast as the machine lets it

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
# Mostly right, so that each single thing is wrong in many requests and the others are not.
fields = st.fixed_dictionaries(
    {},
    optional={
        "algorithm": st.just("HMAC-SHA256") | anything,
        "issued_at": st.integers(-4000, 100).map(lambda age: int(time.time()) + age) | anything,
        "user_id": st.integers(0, 10**20).map(str) | st.integers(0, 10**20) | anything,
        "expires": anything,
    },
)


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """One Node process for all requests."""
    command = ["node", str(HERE / "signed_request_reader.js"), str(FILE), SAMPLE_CLIENT_SECRET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin
        assert node.stdout

        def read(request: Any) -> list[dict[str, Any]]:
            assert node.stdin
            assert node.stdout
            node.stdin.write(json.dumps(request) + "\n")
            node.stdin.flush()
            answers: list[dict[str, Any]] = json.loads(node.stdout.readline())
            return answers

        yield read
        node.stdin.close()


def assert_refused(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        assert (answer["status"], answer["asked"]) == (400, [])
        assert answer["said"]
        assert SAMPLE_CLIENT_SECRET not in answer["said"]


def assert_done(answers: list[dict[str, Any]], user: str) -> None:
    email = f"{user}@{TODAY.provider}.invalid"
    assert [(answer["status"], answer["asked"]) for answer in answers] == [(200, [email])] * 2


@patiently
@given(request=nonsense | anything | st.text(string.ascii_letters + "-_.=", max_size=200))
@example(request=".")
def test_what_nobody_signed_is_refused(read: Read, request: Any) -> None:
    assert_refused(read(request))


@patiently
@given(content=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
@example(content=b"null")
@example(content=b'{"__proto__": {"user_id": "1"}}')
def test_what_is_signed_and_no_request_is_refused(read: Read, content: bytes) -> None:
    assert_refused(read(signed(encoded(content), SAMPLE_CLIENT_SECRET)))


@patiently
@given(given=fields)
def test_a_signed_request_counts_only_with_all_that_belongs_to_it(read: Read, given: dict[str, Any]) -> None:
    user, issued_at, now = given.get("user_id"), given.get("issued_at"), time.time()
    answers = read(signed(encoded(json.dumps(given).encode()), SAMPLE_CLIENT_SECRET))
    number = isinstance(issued_at, int | float) and not isinstance(issued_at, bool)
    named = (isinstance(user, str) and user) or (
        isinstance(user, int) and not isinstance(user, bool) and user >= 0
    )
    if given.get("algorithm") == "HMAC-SHA256" and number and now - 3590 < issued_at < now + 50 and named:
        assert_done(answers, str(user))
    elif (
        given.get("algorithm") != "HMAC-SHA256"
        or not named
        or (number and not now - 3610 < issued_at < now + 70)
    ):
        assert_refused(answers)


@patiently
@given(data=st.data())
def test_one_letter_changed_is_refused(read: Read, data: st.DataObject) -> None:
    good = signed(payload("17841400000000001"), SAMPLE_CLIENT_SECRET)
    assert_done(read(good), "17841400000000001")
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=/+ "))
    changed = good[:place] + letter + good[place + 1 :]
    if _bytes(changed) != _bytes(good):
        assert_refused(read(changed))


def _bytes(request: str) -> tuple[bytes, str]:
    """Of the last letter of base64 not every bit counts."""
    signature, _, text = request.partition(".")
    try:
        return base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), text
    except ValueError:
        return b"", text
