"""The stand-in for Instagram: what it asks, what it refuses, and in whose words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from helpers.core.flows import DOCUMENTED, HOSTS, PROFILE_URL, TODAY, TOKEN_URL, Flow
from helpers.core.masking import Secret
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.rehearsal.internet import Internet
from helpers.web.server import Server

CALLBACK = "https://shop.ngrok-free.dev/api/connect/instagram-business/callback"
WWW = "https://www.instagram.com/oauth/authorize"
API = "https://api.instagram.com/oauth/authorize"
INVALID = "Invalid Request: Request parameters are invalid: "
CLIENT_SECRET = "0123456789abcdef0123456789abcdef"


class Stage:
    """One server for all tests of this file; each of them puts its own Instagram on it."""

    instagram: InstagramStandIn

    async def __call__(self, request):
        return await self.instagram(request)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Stage, httpx.Client]]:
    stage = Stage()
    stage.instagram = stand_in()
    server = Server(stage, names=lambda: HOSTS).start()
    with closing(Internet()) as internet:
        for host in HOSTS:
            internet.add(host, server.port)
        with httpx.Client(transport=internet.transport()) as client:
            yield stage, client
    server.stop()


class Login:
    """A person and their app in front of one Instagram."""

    def __init__(self, instagram: InstagramStandIn, client: httpx.Client) -> None:
        self.instagram, self.client = instagram, client
        self.flow: Flow = TODAY

    def asked(self, **changes: str | None) -> dict[str, str]:
        usual = {
            self.flow.id_field: "563883201184965",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": self.flow.scope,
            "state": "st4te",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def authorize(self, url: str = WWW, **changes: str | None) -> httpx.Response:
        return self.client.get(url, params=self.asked(**changes))

    def decide(self, decision: str, **changes: str | None) -> dict[str, str]:
        page = self.authorize(**changes)
        answer = self.client.post(WWW, data={"request": hidden(page)["request"], "decision": decision})
        assert answer.status_code == 302
        self.location = answer.headers["location"]
        return dict(parse_qsl(urlsplit(self.location).query))

    def code(self) -> str:
        return self.decide("allow")["code"]

    def exchange(self, good_code: str, **changes: str | None) -> httpx.Response:
        usual = {
            self.flow.id_field: "563883201184965",
            self.flow.id_field.replace("_id", "_secret"): CLIENT_SECRET,
            "grant_type": "authorization_code",
            "redirect_uri": CALLBACK,
            "code": good_code,
        }
        return self.client.post(TOKEN_URL, data={k: v for k, v in (usual | changes).items() if v is not None})

    def token(self) -> str:
        return self.exchange(self.code()).json()["access_token"]

    def me(self, token: str, fields: str = "id,username", path: str = "/me") -> httpx.Response:
        return self.client.get(
            "https://graph.instagram.com" + path,
            params={"fields": fields},
            headers={"authorization": f"Bearer {token}"},
        )


def stand_in(**kwargs) -> InstagramStandIn:
    app = App("Shop", "563883201184965", Secret(CLIENT_SECRET), {CALLBACK}, {"kit_rehearsal"})
    return InstagramStandIn(app, **kwargs)


@pytest.fixture
def login(served) -> Login:
    stage, client = served
    stage.instagram = stand_in()
    return Login(stage.instagram, client)


@pytest.fixture
def documented(login) -> Login:
    login.instagram.switches.era, login.flow = "documented", DOCUMENTED
    return login


def hidden(page: httpx.Response) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in fields}


def alert(page: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]*)<', page.text)
    assert found, page.text
    return unescape(found[1])


def test_a_login_ends_in_the_profile_of_the_account(login):
    answer = login.exchange(login.code())

    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert token.startswith("IGAA")
    assert login.me(token).json() == {"id": login.instagram.account.id, "username": "kit_rehearsal"}


def test_the_retired_login_still_works_in_its_own_era(documented):
    page = documented.authorize(API)
    assert page.status_code == 200

    answer = documented.exchange(documented.code())
    token = answer.json()["access_token"]

    assert token.startswith("IGQV")
    assert set(answer.json()) == {"access_token", "user_id"}
    assert documented.me(token).json()["username"] == "kit_rehearsal"


def test_the_consent_page_says_what_it_is_and_what_is_asked(login):
    page = login.authorize()

    assert page.status_code == 200
    assert "not Instagram itself" in page.text
    facts = dict(re.findall(r'data-fact="(\w+)">([^<]*)<', page.text))
    assert facts == {"app": "Shop", "account": "kit_rehearsal", "scope": "instagram_business_basic"}
    assert re.findall(r'<button[^>]*name="decision" value="(\w+)"', page.text) == ["allow", "deny"]
    assert "<script" not in page.text


def test_names_with_markup_in_them_stay_text(login):
    login.instagram.app.name = "<b>Shop</b>"

    page = login.authorize(state='"><script>')

    assert "<b>" not in page.text
    assert "<script" not in page.text
    assert dict(parse_qsl(hidden(page)["request"]))["state"] == '"><script>'


def test_allow_sends_code_and_state_back_with_instagrams_fragment(login):
    sent = login.decide("allow")

    assert login.location.startswith(CALLBACK + "?")
    assert login.location.endswith("#_")
    assert sent["state"] == "st4te"
    assert re.fullmatch(r"AQ[\w-]{190,210}", sent["code"])


def test_a_redirect_uri_with_a_query_keeps_it(login):
    login.instagram.app.redirect_uris.add(CALLBACK + "?shop=1")

    sent = login.decide("allow", redirect_uri=CALLBACK + "?shop=1")

    assert sent["shop"] == "1"
    assert sent["code"].startswith("AQ")


def test_deny_sends_the_three_error_parameters_and_the_state(login):
    assert login.decide("deny") == {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
        "state": "st4te",
    }


def test_no_state_is_invented_for_an_app_that_sent_none(login):
    assert set(login.decide("allow", state=None)) == {"code"}


def test_the_api_host_leads_to_the_www_host_with_the_same_query(login):
    answer = login.authorize(API)

    assert answer.status_code == 302
    assert answer.headers["location"] == f"{WWW}?{urlencode(login.asked())}"


def test_the_api_host_may_be_gone(login):
    login.instagram.switches.api_page_unavailable = True

    assert alert(login.authorize(API)) == "Sorry, this page isn't available."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "1"}, INVALID + "Invalid platform app"),
        ({"client_id": None}, INVALID + "Invalid platform app"),
        ({"client_id": None, "app_id": "563883201184965"}, INVALID + "Invalid platform app"),
        ({"scope": "user_profile"}, INVALID + "Invalid scope: user_profile"),
        ({"scope": "instagram_business_basic,basic"}, INVALID + "Invalid scope: basic"),
        ({"scope": None}, INVALID + "Invalid scope: []"),
        ({"redirect_uri": CALLBACK + "/"}, INVALID + "Invalid redirect_uri"),
        ({"redirect_uri": CALLBACK.replace("https", "http")}, INVALID + "Invalid redirect_uri"),
        ({"redirect_uri": None}, INVALID + "Invalid redirect_uri"),
        # The client comes first, then the scope, then the address.
        ({"client_id": "1", "scope": "basic", "redirect_uri": "x"}, INVALID + "Invalid platform app"),
        ({"scope": "basic", "redirect_uri": "x"}, INVALID + "Invalid scope: basic"),
    ],
)
def test_a_wrong_request_gets_a_page_and_no_redirect(login, changes, said):
    page = login.authorize(**changes)

    assert page.status_code == 400
    assert alert(page) == said


@pytest.mark.parametrize("id_", ["", "undefined", '"563883201184965"', "my-app"])
def test_an_id_that_is_no_number_gets_the_page_that_is_not_available(login, id_):
    assert alert(login.authorize(client_id=id_)) == "Sorry, this page isn't available."


def test_a_permission_that_the_app_was_not_given_cannot_be_asked_for(login):
    login.instagram.app.permissions = set()

    assert alert(login.authorize()) == INVALID + "Invalid scope: instagram_business_basic"


def test_an_app_whose_form_has_empty_addresses_loses_the_session(login):
    login.instagram.app.has_all_addresses = False
    page = login.authorize()

    answer = login.client.post(WWW, data=hidden(page) | {"decision": "allow"})

    assert alert(answer) == "Session Invalid"


def test_an_app_without_a_client_id_knows_nobody(login):
    login.instagram.app.client_id = ""

    assert alert(login.authorize(client_id=None)) == INVALID + "Invalid platform app"


@pytest.mark.parametrize("scope", ["user_profile,user_media", "user_profile user_media"])
def test_scopes_are_parted_by_comma_or_space(documented, scope):
    assert documented.authorize(scope=scope).status_code == 200


def test_a_personal_account_is_refused_today(login):
    login.instagram.account.account_type = "PERSONAL"

    assert alert(login.authorize()) == "Insufficient developer role"


def test_an_account_that_never_accepted_the_invite_is_refused(login):
    login.instagram.app.testers.clear()

    assert alert(login.authorize()) == "Insufficient developer role"


def test_personal_accounts_could_log_in_before_the_api_was_closed(documented):
    documented.instagram.account.account_type = "PERSONAL"

    assert documented.authorize().status_code == 200


def test_a_consent_is_checked_again_when_it_is_given(login):
    page = login.authorize()
    login.instagram.app.redirect_uris.clear()

    answer = login.client.post(WWW, data=hidden(page) | {"decision": "allow"})

    assert alert(answer) == INVALID + "Invalid redirect_uri"


def test_the_token_answer_is_flat_and_its_id_is_too_long_for_a_float(login):
    answer = login.exchange(login.code()).json()

    assert answer["permissions"] == ["instagram_business_basic"]
    assert str(answer["user_id"]) == login.instagram.account.id
    assert int(float(answer["user_id"])) != answer["user_id"]


def test_the_token_answer_can_be_wrapped_as_on_metas_page(login):
    login.instagram.switches.wrapped_token = True

    (answer,) = login.exchange(login.code()).json()["data"]

    assert answer["user_id"] == login.instagram.account.id
    assert answer["permissions"] == "instagram_business_basic"


def test_a_multipart_form_is_read_too(login):
    fields = {"client_id": "563883201184965", "client_secret": CLIENT_SECRET, "redirect_uri": CALLBACK}
    parts = {name: (None, value) for name, value in (fields | {"code": login.code()}).items()}

    assert login.client.post(TOKEN_URL, files=parts).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"client_id": "563883201184965"}},
        {"content": b"client_id=563883201184965"},
        {"content": b"\xff\x00nonsense", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_a_body_that_is_no_form_is_refused(login, body):
    answer = login.client.post(TOKEN_URL, **body)

    assert answer.status_code == 400
    assert answer.json()["error_message"] == "Missing required field client_id"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": None}, "Missing required field client_id"),
        ({"client_id": "1"}, "Missing required field client_id"),
        ({"code": "nonsense"}, "Invalid authorization code"),
        ({"code": None}, "Invalid authorization code"),
        ({"code": "AQ" + "x" * 198}, "Matching code was not found or was already used"),
        ({"redirect_uri": CALLBACK + "/"}, "Error validating verification code. "),
        ({"client_secret": "f" * 32}, "Error validating client secret."),
        ({"client_secret": None}, "Error validating client secret."),
        # In this order: client, code, address, secret.
        ({"client_id": "1", "code": "nonsense"}, "Missing required field client_id"),
        ({"code": "nonsense", "redirect_uri": "x", "client_secret": "y"}, "Invalid authorization code"),
        ({"redirect_uri": "x", "client_secret": "y"}, "Error validating verification code. "),
    ],
)
def test_a_refused_exchange_says_why_in_metas_shape(login, changes, said):
    answer = login.exchange(login.code(), **changes)

    assert answer.status_code == 400
    body = answer.json()
    assert body.pop("error_message").startswith(said)
    assert body == {"error_type": "OAuthException", "code": 400}


def test_a_code_works_once(login):
    code = login.code()

    assert login.exchange(code).status_code == 200
    assert login.exchange(code).json()["error_message"] == "This authorization code has been used"


def test_a_refused_exchange_leaves_the_code_unused(login):
    code = login.code()

    assert login.exchange(code, client_secret="f" * 32).status_code == 400
    assert login.exchange(code).status_code == 200


def test_codes_and_tokens_live_for_an_hour(served):
    stage, client = served
    now = [1_000_000.0]
    stage.instagram = stand_in(clock=lambda: now[0])
    login = Login(stage.instagram, client)
    late, early = login.code(), login.code()

    now[0] += 3599
    token = login.exchange(early).json()["access_token"]
    now[0] += 1
    assert login.exchange(late).json()["error_message"] == "Matching code was not found or was already used"
    assert login.me(token).status_code == 200

    now[0] += 3599
    error = login.me(token).json()["error"]
    assert error["code"] == 190
    assert "Session has expired on" in error["message"]


def test_the_profile_has_the_asked_fields_and_always_the_id(login):
    token, account = login.token(), login.instagram.account

    assert login.me(token, "").json() == {"id": account.id}
    assert login.me(token, "user_id,account_type", "/v25.0/me").json() == {
        "id": account.id,
        "user_id": account.user_id,
        "account_type": "BUSINESS",
    }


def test_the_token_may_stand_in_the_query(login):
    answer = login.client.get(PROFILE_URL, params={"access_token": login.token()})

    assert answer.json() == {"id": login.instagram.account.id}


def test_an_unknown_field_is_refused(login):
    error = login.me(login.token(), "id,email").json()["error"]

    assert (error["type"], error["code"]) == ("IGApiException", 100)
    assert "(email)" in error["message"]


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer IGAAnonsense"}, {"authorization": "Basic x"}]
)
def test_a_profile_without_a_good_token_is_refused(login, headers):
    answer = login.client.get(PROFILE_URL, headers=headers)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("OAuthException", 190)
    assert error["fbtrace_id"]


@pytest.mark.parametrize(("code", "kind"), [(190, "OAuthException"), (100, "IGApiException")])
def test_the_profile_can_fail_after_a_good_login(login, code, kind):
    token = login.token()
    login.instagram.switches.graph_error = code

    error = login.me(token).json()["error"]

    assert (error["type"], error["code"]) == (kind, code)


def test_a_token_of_the_retired_api_is_unsupported_today(documented):
    token = documented.token()
    documented.instagram.switches.era = "today"

    error = documented.me(token).json()["error"]

    assert error["message"] == "Unsupported request - method type: get"
    assert error["code"] == 100


@pytest.mark.parametrize("path", ["/you", "/v25/me", "/me/media"])
def test_another_path_is_unknown(login, path):
    error = login.me(login.token(), path=path).json()["error"]

    assert (error["type"], error["code"]) == ("IGApiException", 2500)


def test_each_host_answers_for_its_own_pages_only(login):
    assert login.client.get(TOKEN_URL.replace("api.", "www.")).status_code == 404
    assert login.client.get(WWW.replace("www.", "graph.")).json()["error"]["code"] == 2500
    assert login.client.get(TOKEN_URL).status_code == 405


def test_no_page_may_load_anything_or_be_kept(login):
    for page in (login.authorize(), login.authorize(scope="basic")):
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["cache-control"] == "no-store"
        assert not re.findall(r'(?:src|href)="(?!data:,)', page.text)


def test_its_own_repr_shows_no_code_and_no_token(login):
    code = login.code()
    token = login.token()

    shown = repr(login.instagram.state)

    assert "Shop" in shown
    assert not any(secret in shown for secret in (code, token, CLIENT_SECRET))


def test_another_account_can_be_signed_in(served):
    stage, client = served
    account = Account("anna", id="27918340562718345", account_type="MEDIA_CREATOR")
    stage.instagram = stand_in(account=account, switches=Switches())
    stage.instagram.app.testers.add("anna")
    login = Login(stage.instagram, client)

    assert login.me(login.token(), "username,account_type").json() == {
        "id": "27918340562718345",
        "username": "anna",
        "account_type": "MEDIA_CREATOR",
    }
