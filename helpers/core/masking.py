"""Secrets travel in :class:`Secret`, and whatever is shown or stored passes :func:`redact` first."""

from __future__ import annotations

import hmac
import json
import re
import weakref
from urllib.parse import quote, quote_plus

MASK = "•••"

# Values shorter than this are words, not secrets: masking them would garble every message.
_SHORTEST = 6
# Weak: a secret that nobody holds any more is forgotten here too.
_known: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()

# Names whose value is never shown, wherever it stands: query, form, header or JSON.
SECRET_NAMES = frozenset(
    {
        "accessToken",
        "access_token",
        "app_secret",
        "authorization",
        "authtoken",
        "client_secret",
        "code",
        "id_token",
        "jwt",
        "koa.sess",
        "koa.sess.sig",
        "password",
        "refreshToken",
        "refresh_token",
        "secret",
        "signed_request",
        "state",
        "strapi_up_refresh",
        "strapi_up_refresh.sig",
        "token",
    }
)
_names = "|".join(sorted((re.escape(name) for name in SECRET_NAMES), key=len, reverse=True))
_NOT_A_STATUS = r"(?!code=\d{1,4}\b)"
_PATTERNS = (
    re.compile(rf"(?i)(?P<keep>\b{_NOT_A_STATUS}(?:raw%5B|raw\[)?(?:{_names})(?:%5D|\])?=)[^&\s\"'<>;,•]+"),
    # JSON, also within a JSON string, and what Python prints of a dictionary or of a list of pairs.
    re.compile(rf"(?i)(?P<keep>([\"'])(?:{_names})\\*\2\s*[:,]\s*\\*([\"']))(?:\\.|(?!\3)[^\\])+"),
    re.compile(r"(?i)(?P<keep>(?:\bbearer|--authtoken|\bauthtoken:)\s+)[\w.~+/=-]{8,}"),
    re.compile(r"(?P<keep>)\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"),  # a JSON web token
    re.compile(r"(?P<keep>)\b(?:IGAA|IGQ[VW]|EAA)\w{12,}"),  # Meta's access tokens
    re.compile(r"(?P<keep>)\b[1-9]\w{20,}_\w{20,}\b"),  # ngrok's authtokens
)


class Secret:
    """A value that shows itself only to an explicit :meth:`reveal`; an f-string prints the mask."""

    __slots__ = ("__weakref__", "_spellings", "_value")

    def __init__(self, value: str = "") -> None:
        self._value = value
        self._spellings = _spell(value) if len(value) >= _SHORTEST else frozenset()
        if self._spellings:
            _known[id(self)] = self

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return MASK if self._value else "(not set)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is neither pickled nor copied: it would leave the process unseen")


def redact(text: str) -> str:
    """The text without any secret this process has met, nor anything that looks like one.

    Known values are masked as they are spelled in addresses and JSON too; unknown ones by the name in
    front of them (``code=``, ``"access_token":``) and by the shape of Meta's, Strapi's and ngrok's tokens.
    """
    spellings = {form for ref in _known.valuerefs() if (secret := ref()) for form in secret._spellings}
    # The longest first: one secret may be the beginning of another.
    for form in sorted(spellings, key=len, reverse=True):
        text = text.replace(form, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<keep>{MASK}", text)
    return text


def _spell(value: str) -> frozenset[str]:
    """How a value may be written: as it is, percent-encoded, as a form field, in JSON."""
    encoded = [quote(value, safe, errors="surrogatepass") for safe in ("", "/")]
    encoded.append(quote_plus(value, errors="surrogatepass"))
    lower = [re.sub("%..", lambda found: found[0].lower(), form) for form in encoded]
    quoted = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    return frozenset([value, *encoded, *lower, *quoted])


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
