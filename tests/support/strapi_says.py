"""What Strapi says, as data where its versions differ, and how to read it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from helpers.core.flows import DOCUMENTED, TODAY
from helpers.rehearsal.strapi.server import ENGINES
from tests.real.strapi import VERSIONS
from tests.support.strapi_worlds import TOKEN

BUILT_IN, CUSTOM = DOCUMENTED.provider, TODAY.provider
DENIED = "error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request"
KINDS = [*ENGINES, *(pytest.param(f"real-{version}", marks=pytest.mark.real) for version in VERSIONS)]
# What differs between the versions, each as what it changed.
SAYS: dict[str, dict[str, Any]] = {}
SAYS["5.50.0"] = {
    "engine": "token",
    "no token": "No access_token.",
    "no session": "Grant: mount session middleware first",
    "offline": "connect ECONNREFUSED",
    "states": {BUILT_IN: False, CUSTOM: True},
    "lost session": {"error": "Grant: missing session or misconfigured provider"},
    "other state": {"error": "Grant: OAuth2 state mismatch"},
    "no code": {"error": "Grant: OAuth2 missing code parameter"},
    "no front end": "/?access_token",
    "no host": "/connect/redirect?access_token",
    # Instagram's id of 17 digits arrives rounded.
    "success": {"access_token": TOKEN, "raw[access_token]": TOKEN, "raw[user_id]": "27640875392278830"},
    "session holds": {},
    "reload": {"access_token": TOKEN, "raw[access_token]": TOKEN, "raw[user_id]": "27640875392278830"},
    "token refused": {
        "error[error_type]": "OAuthException",
        "error[code]": "400",
        "error[error_message]": "Used before",
    },
    "a page as token": {"error[<p>Sorry</p>]": ""},
    "profile refused": "400 Bad Request",
    "document": {"documentId", "publishedAt"},
    "refresh cookies": ["strapi_up_refresh", "strapi_up_refresh.sig"],
    "taken username": r"\d{4}",
}
SAYS["4.26.2"] = SAYS["5.50.0"] | {
    "document": set(),
    "refresh cookies": [],
    "taken username": "",
}
SAYS["5.52.3"] = SAYS["5.50.0"] | {
    "no session": "OAuth connect requires session middleware",
    "offline": "fetch failed",
    "states": {BUILT_IN: True, CUSTOM: True},
    "lost session": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "other state": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "reload": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "no code": {"error": "oauth_error", "error_description": "OAuth2 missing code parameter"},
    "no front end": (400, "ApplicationError", "Provider callback URL is not configured"),
    "no host": (500, "InternalServerError", "Internal Server Error"),
    "token refused": {"error": "oauth_error", "error_description": "Token exchange failed (400)"},
    "a page as token": {"error": "oauth_error", "error_description": "Token exchange failed (500)"},
    "profile refused": "[object Object]",
}
SAYS["5.54.0"] = SAYS["5.52.3"] | {
    "engine": "session",
    "no token": "OAuth authentication requires a completed provider session",
    "success": {},
    "session holds": {"response": {"access_token": TOKEN}},
}


def error(response: httpx.Response) -> tuple[int, str, str]:
    body = response.json()
    assert body["data"] is None
    assert body["error"]["status"] == response.status_code
    return response.status_code, body["error"]["name"], body["error"]["message"]


def query_of(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return dict(parse_qsl(urlsplit(response.headers["location"]).query, keep_blank_values=True))


def outcome(response: httpx.Response) -> tuple[int, str, str] | str:
    """The refusal, or where it leads as far as the first parameter's name."""
    return error(response) if response.status_code >= 400 else response.headers["location"].partition("=")[0]


def session_in(cookies: str) -> dict[str, Any]:
    value = re.search(r"koa\.sess=([^;]+)", cookies)
    assert value, cookies
    grant: dict[str, Any] = json.loads(base64.b64decode(value[1]))["grant"]
    return grant
