"""What people type: what is taken, and what they are told when it cannot be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.core.masking import Secret

HEX = "0123456789abcdef" * 2
TOKEN = "2abcDEF_0123456789-xyz"
WEB = "https://example.com"
NO_ADDRESS = f"is not a web address: type something like {WEB}"
META = "Meta refuses localhost: type the public https address of your tunnel"
ONLY_TOKEN = "Paste only the token itself, without the command and without quotes"
HOST_NAME = "must be a host name such as your-name.ngrok-free.dev"
PORT = "Type a port number from 1 to 65535, or 0 for a free one."
PAGE = "/connect/instagram/redirect"
ABSOLUTE = "must be absolute: type it with https:// or http:// and the host in front, such as "

Parser = Callable[[str], Any]
PARSERS: list[Parser] = [
    inputs.authtoken,
    inputs.client_id,
    inputs.client_secret,
    inputs.domain,
    inputs.email,
    inputs.frontend_redirect,
    inputs.port,
    inputs.public_url,
    inputs.web_address,
]


def refusal(parse: Parser, text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (inputs.client_id, "563883201184965", "563883201184965"),
        (inputs.client_id, "  563883201184965\n", "563883201184965"),
        (inputs.client_secret, f" {HEX}\t", Secret(HEX)),
        (inputs.authtoken, f"\n{TOKEN} ", Secret(TOKEN)),
        (inputs.web_address, " http://localhost:1337/ ", "http://localhost:1337"),
        (inputs.web_address, "HTTPS://Shop.Example.COM//", "https://shop.example.com"),
        (inputs.web_address, "https://shop.example.com:443/", "https://shop.example.com"),
        (inputs.web_address, "http://shop.example.com:080", "http://shop.example.com"),
        (inputs.web_address, "http://my_strapi:1337", "http://my_strapi:1337"),
        (inputs.web_address, "http://[::1]:1337/", "http://[::1]:1337"),
        (inputs.web_address, "http://192.168.1.5:1337", "http://192.168.1.5:1337"),
        (inputs.public_url, "https://65E60559.ngrok.io/", "https://65e60559.ngrok.io"),
        (inputs.frontend_redirect, f" http://localhost:3000{PAGE} ", f"http://localhost:3000{PAGE}"),
        (inputs.frontend_redirect, f"HTTPS://Shop.dev{PAGE}/", f"https://shop.dev{PAGE}"),
        (inputs.frontend_redirect, "https://shop.dev/In?To=1#Top", "https://shop.dev/In?To=1#Top"),
        (inputs.frontend_redirect, "https://shop.dev/", "https://shop.dev"),
        (inputs.domain, "https://Your-Name.ngrok-free.dev/", "your-name.ngrok-free.dev"),
        (inputs.domain, " your-name.ngrok-free.dev", "your-name.ngrok-free.dev"),
        (inputs.domain, " ", ""),
        (inputs.email, " you@example.com ", "you@example.com"),
        (inputs.port, " 8080 ", 8080),
        (inputs.port, "0", 0),
        (inputs.port, "65535", 65535),
    ],
)
def test_a_good_value_comes_back_clean(parse: Parser, text: str, value: Any):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "told"),
    [
        (inputs.client_id, " ", "The client ID is empty. Paste the Instagram app ID"),
        (inputs.client_id, "my shop", "must be digits only, such as 563883201184965"),
        (inputs.client_id, "56388320118496a", "Copy the Instagram app ID from Meta's dashboard"),
        (inputs.client_id, "\N{FULLWIDTH DIGIT FIVE}63883201184965", "must be digits only"),
        (inputs.client_secret, "", "The client secret is empty. Paste the Instagram app secret"),
        (inputs.client_secret, HEX[:-1], "must be 32 characters, each 0-9 or a-f; this one has 31."),
        (inputs.client_secret, HEX + "0", "this one has 33. In Meta's dashboard press Show"),
        (inputs.client_secret, HEX.upper(), "this one has capital letters, which Meta's never has"),
        (inputs.client_secret, "g" * 32, "this one has other characters too"),
        (inputs.authtoken, "", "Copy it from ngrok's dashboard, page Your Authtoken"),
        (inputs.authtoken, f"ngrok config add-authtoken {TOKEN}", ONLY_TOKEN),
        (inputs.authtoken, f'"{TOKEN}"', ONLY_TOKEN),
        (inputs.authtoken, f"authtoken:{TOKEN}", ONLY_TOKEN),
        (inputs.web_address, "", "The address is empty. Type it with http:// or https:// in front."),
        (inputs.web_address, "localhost:1337", "needs its scheme: type http://localhost:1337"),
        (inputs.web_address, "127.0.0.1:1337/admin", "needs its scheme: type http://127.0.0.1:1337"),
        (inputs.web_address, "strapi:1337", "needs its scheme: type http://strapi:1337"),
        (inputs.web_address, "shop.example.com/", "needs its scheme: type https://shop.example.com"),
        (inputs.web_address, "//shop.example.com", "needs its scheme: type https://shop.example.com"),
        (inputs.web_address, "://shop.example.com", "needs its scheme: type https://shop.example.com"),
        (inputs.web_address, "htp://shop.example.com", "needs its scheme: type https://shop.example.com"),
        (inputs.web_address, "http:/localhost:1337", "needs its scheme: type http://localhost:1337"),
        (inputs.web_address, "http:localhost:1337", "needs its scheme: type http://localhost:1337"),
        (inputs.web_address, "ftp://shop.example.com", "needs its scheme: type https://shop.example.com"),
        (inputs.web_address, f"{WEB}/admin", f"must be the bare site, without a path: type {WEB}"),
        (inputs.web_address, f"{WEB}?a=b", f"without a path: type {WEB}"),
        (inputs.web_address, f"{WEB}/#_", f"without a path: type {WEB}"),
        (inputs.web_address, "https://me:pw@example.com", f"must not hold a name or password: type {WEB}"),
        (inputs.web_address, "me:pw@example.com", NO_ADDRESS),
        (inputs.web_address, "strapi", NO_ADDRESS),
        (inputs.web_address, "https://", NO_ADDRESS),
        (inputs.web_address, "https://my shop.com", NO_ADDRESS),
        (inputs.web_address, "https://my\nshop.com", NO_ADDRESS),
        (inputs.web_address, "http://[::1", NO_ADDRESS),
        (inputs.web_address, "http://localhost:99999", NO_ADDRESS),
        (inputs.web_address, "http://localhost:0", NO_ADDRESS),
        (inputs.web_address, "http://localhost:port", NO_ADDRESS),
        (inputs.web_address, "http://1.2.3.999", NO_ADDRESS),
        (inputs.web_address, "https://exämple.com", NO_ADDRESS),
        (inputs.web_address, "https://-shop.com", NO_ADDRESS),
        (inputs.web_address, f"https://{'a' * 64}.com", NO_ADDRESS),
        (inputs.public_url, "", "The public URL is empty. Type it with http:// or https:// in front."),
        (inputs.public_url, "localhost", META),
        (inputs.public_url, "localhost:3000", META),
        (inputs.public_url, "http://localhost:1337/", META),
        (inputs.public_url, "https://app.localhost", META),
        (inputs.public_url, "https://127.0.0.1", META),
        (inputs.public_url, "127.0.0.2:80", META),
        (inputs.public_url, "http://0.0.0.0:1337", META),
        (inputs.public_url, "https://[::1]:1337", META),
        (inputs.public_url, "http://shop.example.com", "takes only https: type https://shop.example.com"),
        (inputs.public_url, "shop.example.com", "needs its scheme: type https://shop.example.com"),
        (
            inputs.public_url,
            f"{WEB}/api",
            f"The public URL must be the bare site, without a path: type {WEB}",
        ),
        (inputs.frontend_redirect, "", f"{ABSOLUTE}https://your-name.ngrok-free.dev{PAGE}"),
        (inputs.frontend_redirect, PAGE, f"{ABSOLUTE}https://your-name.ngrok-free.dev{PAGE}"),
        (inputs.frontend_redirect, f"localhost:3000{PAGE}", f"{ABSOLUTE}http://localhost:3000{PAGE}"),
        (inputs.frontend_redirect, f"shop.dev{PAGE}", f"{ABSOLUTE}https://shop.dev{PAGE}"),
        (inputs.frontend_redirect, "http://[::1", ABSOLUTE),
        (inputs.frontend_redirect, "https://shop.dev/my page", "has a blank in it"),
        (inputs.frontend_redirect, "https://me:pw@shop.dev/", "or password: begin with https://shop.dev"),
        (
            inputs.frontend_redirect,
            "https://shop.dev/api/connect/instagram/callback",
            f"This is the address for Meta. Here goes the page of your front end, such as https://shop.dev{PAGE}",
        ),
        (inputs.domain, "your name", HOST_NAME),
        (inputs.domain, "localhost", HOST_NAME),
        (inputs.domain, "your-name.ngrok-free.dev/path", HOST_NAME),
        (inputs.domain, "your-name.ngrok-free.dev:443", "You find yours in ngrok's dashboard, page Domains"),
        (inputs.email, "", "Type the e-mail address of your Strapi administrator, such as you@example.com"),
        (inputs.email, "admin", "such as you@example.com"),
        (inputs.email, "a b@example.com", "such as you@example.com"),
        (inputs.port, "", PORT),
        (inputs.port, "-1", PORT),
        (inputs.port, "65536", PORT),
        (inputs.port, "8e3", PORT),
        (inputs.port, "9" * 5000, PORT),
    ],
)
def test_a_wrong_value_is_answered_with_what_to_type(parse: Parser, text: str, told: str):
    assert told in str(refusal(parse, text))


def test_an_address_is_called_what_the_form_calls_it():
    told = refusal(lambda text: inputs.web_address(text, "Strapi's address"), "localhost:1337")
    assert str(told) == "Strapi's address needs its scheme: type http://localhost:1337"


@pytest.mark.parametrize(
    ("parse", "text", "failure"),
    [
        (inputs.authtoken, "ngrok config add-authtoken x", "C02"),
        (inputs.frontend_redirect, PAGE, "A13"),
        (inputs.frontend_redirect, "https://shop.dev/api/connect/instagram/callback", "A15"),
    ],
)
def test_a_known_mistake_is_named_and_comes_with_its_fix(parse: Parser, text: str, failure: str):
    told = refusal(parse, text)
    assert told.failure == failure
    assert told.fix


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (inputs.client_secret, HEX[:-1]),
        (inputs.client_secret, HEX + "!"),
        (inputs.authtoken, f"'{HEX}'"),
        (inputs.authtoken, f"ngrok config add-authtoken {HEX}"),
        (inputs.client_id, HEX),
        (inputs.web_address, f"https://admin:{HEX}@example.com/x"),
        (inputs.web_address, f"admin:{HEX}@example.com"),
        (inputs.public_url, f"http://admin:{HEX}@example.com"),
        (inputs.frontend_redirect, f"https://admin:{HEX}@example.com"),
        (inputs.frontend_redirect, f"admin:{HEX}@example.com/x"),
        (inputs.frontend_redirect, f"shop.dev/x?access_token={HEX}"),
    ],
)
def test_a_secret_is_not_repeated_in_the_answer(parse: Parser, text: str):
    told = refusal(parse, text)
    assert HEX[:-1] not in "\n".join([str(told), repr(told), told.evidence, *told._render_traceback_()])


def answer(parse: Parser, text: str) -> Any:
    try:
        return parse(text)
    except InputError as told:
        return f"Told: {told}"


quick = settings(max_examples=40, deadline=None, database=None)
anything = st.text() | st.text(alphabet="htps:/.@?#[]0189ax_- localhost\\\t", max_size=40)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@quick
@given(text=anything)
def test_whatever_is_typed_there_is_a_value_or_a_sentence(parse: Parser, text: str):
    assert isinstance(answer(parse, text), str | int | Secret)


schemes = st.sampled_from(["http://", "https://", "HTTPS://"])
sites = st.from_regex(r"[a-zA-Z0-9_.-]{1,12}(:[0-9]{1,5})?/{0,2}", fullmatch=True)
addresses = st.ip_addresses(v=6).map("[{}]".format) | st.ip_addresses(v=4).map(str)


@pytest.mark.parametrize("parse", [inputs.web_address, inputs.public_url, inputs.frontend_redirect])
@quick
@given(scheme=schemes, site=sites | addresses)
def test_an_address_that_is_taken_can_be_used_and_stays_the_same(parse: Parser, scheme: str, site: str):
    address = answer(parse, scheme + site)
    if not address.startswith("Told: "):
        assert parse(address) == address
        assert httpx.URL(address).host
        assert not address.endswith("/")


def test_a_blank_in_an_address_is_called_a_blank():
    with pytest.raises(InputError, match="has a blank in it"):
        inputs.frontend_redirect("https://example.com/a b")
