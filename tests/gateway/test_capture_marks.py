"""What a hop is marked by, and that nothing anybody sends can break the observer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.masking import MASK
from helpers.gateway.attempt import mark
from helpers.gateway.capture import Role, masked_url
from tests.support.observed import answering, only, see


@pytest.mark.parametrize(
    ("query", "headers", "shown"),
    [
        (b"code=C0de&state=st%2Fate", [], {"C0de", "st/ate"}),
        (b"access_token=T0&raw[access_token]=T1&raw%5Buser_id%5D=7", [], {"T0", "T1"}),
        (b"", [(b"authorization", b"Bearer jay-double-u")], {"jay-double-u"}),
        (b"client_secret=not-of-one-login&scope=a", [], set()),
    ],
)
def test_a_hop_is_marked_by_what_only_its_login_knows(query, headers, shown):
    hop = only(see(answering(), query=query, headers=headers))

    assert hop.marks == {mark(value) for value in shown}


def test_a_hop_is_marked_by_its_form_and_by_its_answer():
    answer = json.dumps({"data": [{"access_token": "T0", "user_id": "7"}], "jwt": "J0"}).encode()
    told = [(b"location", b"/x?code=C1#_"), (b"set-cookie", b"koa.sess=V1; path=/")]
    hop = only(see(answering(200, told, answer, body=(b"client_secret=s&co", b"de=C0"))))

    assert hop.marks == {mark(value) for value in ("C0", "C1", "T0", "J0", "V1")}


def test_the_cookies_of_a_request_are_kept_apart_also_when_some_are_malformed():
    headers = [(b"cookie", b'prefs={"a":1}; koa.sess=V1'), (b"cookie", b"theme=dark;flag; ")]
    hop = only(see(answering(), headers=headers))

    assert hop.marks == frozenset()
    assert hop.sent_cookies == {mark(value) for value in ('{"a":1}', "V1", "dark")}


def test_a_front_ends_own_cookies_mark_nothing():
    role = Role("redirect", "browser", "front end")

    assert only(see(answering(200, [(b"set-cookie", b"locale=en")]), role=role)).marks == frozenset()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://x.dev/a?scope=a,b&code=C&other=v#frag",
            f"https://x.dev/a?scope=a,b&code={MASK}&other={MASK}",
        ),
        ("https://me:pass@x.dev/a", "https://x.dev/a"),
        ("/relative?error=access_denied", "/relative?error=access_denied"),
        (
            "https://x.dev/?redirect_uri=https%3A%2F%2Fy%2Fcb%3Fcode%3DC",
            f"https://x.dev/?redirect_uri=https://y/cb?code={MASK}",
        ),
        ("https://[broken/?code=C", "https://[broken/"),
    ],
)
def test_addresses_show_only_harmless_values(url, shown):
    assert masked_url(url) == shown


@given(
    st.binary(),
    st.binary(),
    st.binary(),
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.integers(100, 599),
)
def test_no_request_and_no_answer_can_break_the_observer(query, host, value, body, answer, status):
    headers = [(b"host", host), (b"cookie", value), (b"authorization", b"Bearer " + value)]
    told = [(b"location", value), (b"set-cookie", value)]
    witness = see(answering(status, told, answer, body=(body,)), query=query, headers=headers)

    assert only(witness).status == status


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["user", "jwt", "error", "message", "data", "access_token", "username"]),
                inner,
            )
        ),
    )
)
def test_no_json_can_break_the_observer(answer):
    assert only(see(answering(400, [], json.dumps(answer).encode()))).status == 400
    assert only(see(answering(200, [], json.dumps(answer).encode()))).status == 200
