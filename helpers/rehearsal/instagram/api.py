"""The machine side of the stand-in for Instagram: code against token, token against profile."""

from __future__ import annotations

import re
import secrets
from email import message_from_bytes
from time import gmtime, strftime
from urllib.parse import parse_qsl

from helpers.core.flows import FLOWS
from helpers.rehearsal.instagram.state import State
from helpers.web.answers import Answer, as_json
from helpers.web.serving import Request

_OTHER_URI = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one "
    "you used in the OAuth dialog request"
)


class TokenApi:
    """``POST /oauth/access_token``: the code is looked at before the secret, as observed."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, request: Request) -> Answer:
        return self._exchange(await form_fields(request))

    def _exchange(self, fields: dict[str, str]) -> Answer:
        state, code = self.state, fields.get("code", "")
        if state.switches.oops == "token":
            return _refused("Oops, an error occurred.", 500)
        if not state.knows(fields):
            return _refused("Missing required field client_id")
        if not re.fullmatch(r"AQ[\w-]{100,}", code):
            return _refused("Invalid authorization code")
        grant = state.codes.get(code)
        if grant is None or grant.until <= state.clock():
            return _refused("Matching code was not found or was already used")
        if grant.used:
            return _refused("This authorization code has been used")
        if fields.get("redirect_uri") != grant.redirect_uri:
            return _refused(_OTHER_URI)
        if state.secret_of(fields) != state.app.client_secret:
            return _refused("Error validating client secret.")
        grant.used = True
        return self._issued(grant.scopes)

    def _issued(self, scopes: list[str]) -> Answer:
        token, id_ = self.state.issue_token(), self.state.account.id
        if self.state.switches.wrapped_token:
            return _json({"data": [{"access_token": token, "user_id": id_, "permissions": ",".join(scopes)}]})
        flat = {"access_token": token, "user_id": int(id_)}
        return _json(flat if self.state.switches.era == "documented" else flat | {"permissions": scopes})


class GraphApi:
    """``GET /me``, with or without a version in front."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, request: Request) -> Answer:
        path, method = request.path, request.method.lower()
        if not re.fullmatch(r"(/v\d+\.\d+)?/me/?", path):
            return _graph_error(f"Unknown path components: {path}", 2500)
        if method != "get":
            return _graph_error(f"Unsupported request - method type: {method}", 100)
        return self._wrong_token(_token(request)) or self._profile(request.query.get("fields", ""))

    def _wrong_token(self, token: str) -> Answer | None:
        state = self.state
        until, now = state.tokens.get(token), state.clock()
        if until is None or state.switches.graph_error == 190:
            return _graph_error("Invalid OAuth access token - Cannot parse access token", 190)
        if until <= now:
            then, now_ = (strftime("%A, %d-%b-%y %H:%M:%S GMT", gmtime(at)) for at in (until, now))
            said = f"Session has expired on {then}. The current time is {now_}."
            return _graph_error(f"Error validating access token: {said}", 190)
        retired = token.startswith("IGQV") and state.switches.era == "today"
        if retired or state.switches.graph_error == 100:
            return _graph_error("Unsupported request - method type: get", 100)
        if state.switches.graph_error == 2:
            return _graph_error("An unexpected error has occurred. Please retry your request later.", 2)
        return None

    def _profile(self, fields: str) -> Answer:
        account = self.state.account
        asked = [name.strip() for name in fields.split(",") if name.strip()]
        unknown = [name for name in asked if name not in FLOWS[self.state.switches.era].profile_fields]
        if unknown:
            return _graph_error(f"Tried accessing nonexisting field ({unknown[0]})", 100)
        known = {
            "user_id": account.user_id,
            "username": account.username,
            "account_type": account.account_type,
            "media_count": 0,
        }
        return _json({name: known[name] for name in asked if name in known} | {"id": account.id})


def _token(request: Request) -> str:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else request.query.get("access_token", "")


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form, urlencoded or multipart; none at all for any other body, such as JSON."""
    kind, body = request.headers.get("content-type", ""), await request.read()
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not kind.startswith("multipart/form-data"):
        return {}
    from email.policy import HTTP  # nearly a megabyte, and hardly any client sends this

    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
    fields = {}
    for part in message.iter_parts():
        value = part.get_payload(decode=True)
        if isinstance(value, bytes):
            fields[str(part.get_param("name", header="content-disposition"))] = value.decode(
                "utf-8", "replace"
            )
    return fields


def _refused(said: str, status: int = 400) -> Answer:
    return _json({"error_type": "OAuthException", "code": status, "error_message": said}, status)


def _graph_error(said: str, code: int) -> Answer:
    kind = "OAuthException" if code in (190, 2) else "IGApiException"
    trace = "A" + secrets.token_urlsafe(16)
    return _json({"error": {"message": said, "type": kind, "code": code, "fbtrace_id": trace}}, 400)


def _json(body: object, status: int = 200) -> Answer:
    return as_json(body, status, headers={"cache-control": "no-store"})
