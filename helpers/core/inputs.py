"""What people type, made clean or refused with a sentence that says what to type instead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from helpers.core import origins
from helpers.core.errors import InputError
from helpers.core.flows import CREDENTIALS, DOCUMENTED
from helpers.core.masking import Secret
from helpers.failures import known


def client_id(text: str) -> str:
    """Meta's app ids are digits only, which is also what makes Strapi's old engine rename the field."""
    text = text.strip()
    if not text:
        raise InputError(f"The client ID is empty. Paste the {CREDENTIALS.id_label} from Meta's dashboard.")
    if not re.fullmatch(CREDENTIALS.id_pattern, text):
        raise InputError(
            f"The client ID must be digits only, such as {CREDENTIALS.id_example}. "
            f"Copy the {CREDENTIALS.id_label} from Meta's dashboard, not the app's name."
        )
    return text


def client_secret(text: str) -> Secret:
    text = text.strip()
    if not text:
        label = CREDENTIALS.secret_label
        raise InputError(f"The client secret is empty. Paste the {label} from Meta's dashboard.")
    if not re.fullmatch(CREDENTIALS.secret_pattern, text):
        found = "other characters too" if len(text) == 32 else f"{len(text)}"
        if re.fullmatch(CREDENTIALS.secret_pattern, text.lower()):
            found = "capital letters, which Meta's never has"
        raise InputError(
            f"The client secret must be 32 characters, each 0-9 or a-f; this one has {found}. "
            f"In Meta's dashboard press Show beside {CREDENTIALS.secret_label}, then copy the whole line."
        )
    return Secret(text)


def authtoken(text: str) -> Secret:
    text = text.strip()
    if not text:
        raise InputError("The authtoken is empty. Copy it from ngrok's dashboard, page Your Authtoken.")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise InputError(
            "Paste only the token itself, without the command and without quotes: "
            "it is made of letters, digits and _ only.",
            failure=known.AUTHTOKEN_MALFORMED,
        )
    return Secret(text)


def web_address(text: str, what: str = "The address") -> str:
    """An origin such as ``http://localhost:1337``; a trailing slash is dropped, a path refused.

    Scheme and host come back in lower case and the scheme's usual port is left out, as browsers do,
    because Meta and Strapi compare addresses letter by letter.
    """
    text = text.strip()
    if not text:
        raise InputError(f"{what} is empty. Type it with http:// or https:// in front.")
    origin = origins.usual(text)
    if not origin:
        meant = origins.with_scheme(text)
        if meant:
            raise InputError(f"{what} needs its scheme: type {origins.usual(meant)}")
        raise InputError(f"{what} is not a web address: type something like https://example.com")
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise InputError(f"{what} must not hold a name or password: type {origin}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise InputError(f"{what} must be the bare site, without a path: type {origin}")
    return origin


def public_url(text: str) -> str:
    """The address Meta sends people back to: https, and never this machine's own name."""
    # Looked at first: to add a scheme to localhost would be the wrong advice here.
    if origins.is_this_machine(origins.host(text.strip()) or origins.host(origins.with_scheme(text.strip()))):
        raise InputError(
            "Meta refuses localhost: type the public https address of your tunnel, "
            "such as https://your-name.ngrok-free.dev"
        )
    origin = web_address(text, "The public URL")
    if not origin.startswith("https://"):
        raise InputError(f"Meta takes only https: type https://{origins.host(origin)}")
    return origin


def deployed_address(text: str, what: str, *, with_path: bool = False) -> str:
    """The https address that users will use; ``with_path`` for a page's, whose path is kept."""
    path = urlsplit(text.strip()).path if with_path and origins.usual(text.strip()) else ""
    address = web_address(text.strip().removesuffix(path) if path else text, what)
    if origins.is_this_machine(origins.host(address)):
        raise InputError(f"{what} is this machine's own name: type the one that your users will use.")
    if not address.startswith("https://"):
        raise InputError(f"{what} must begin with https: type https://{origins.host(address)}")
    return address + path.rstrip("/")


def two_servers(front_end: str, strapi: str) -> None:
    """Refuse a front end that is Strapi itself: the public address leads to all of it."""
    if front_end and origins.server(front_end) == origins.server(strapi):
        raise InputError(
            f"The front end's address (FRONTEND_URL) is Strapi's own: {front_end} would put Strapi's admin "
            "panel on the internet. Type where your front end's dev server listens, or leave it empty: then "
            "the kit's own page stands in."
        )


def frontend_redirect(text: str) -> str:
    """Strapi 5.51 and later crash on a relative address here, so only an absolute one is taken."""
    text = text.strip()
    # A blank in the path is not a missing scheme.
    origin = origins.usual(re.sub(r"(?<=\S)\s", "%20", text))
    if not origin:
        example = (
            origins.with_scheme(text)
            or f"https://your-name.ngrok-free.dev/connect/{DOCUMENTED.provider}/redirect"
        )
        raise InputError(
            "The redirect URL must be absolute: type it with https:// or http:// and the host in front, "
            f"such as {example}",
            failure=known.CALLBACK_ANSWERS_500,
        )
    parts = urlsplit(text)
    if re.search(r"\s", text):
        raise InputError("The redirect URL has a blank in it: take that out, or write %20 in its place.")
    if "@" in parts.netloc:
        raise InputError(f"The redirect URL must not hold a name or password: begin with {origin}")
    if "/api/connect/" in parts.path:
        raise InputError(
            "This is the address for Meta. Here goes the page of your front end, "
            f"such as {origin}/connect/{DOCUMENTED.provider}/redirect",
            failure=known.WRONG_PAGE_AFTER_CONSENT,
        )
    query, fragment = parts.query and f"?{parts.query}", parts.fragment and f"#{parts.fragment}"
    return origin + parts.path.rstrip("/") + query + fragment


def domain(text: str) -> str:
    """ngrok's fixed development domain; the scheme is dropped when it was copied along."""
    text = re.sub(r"(?i)^https?://", "", text.strip()).rstrip("/").lower()
    if text and not ("." in text and origins.is_host(text)):
        raise InputError(
            "The domain must be a host name such as your-name.ngrok-free.dev. "
            "You find yours in ngrok's dashboard, page Domains."
        )
    return text


def provider(text: str) -> str:
    """A provider's name in Strapi, which is a part of addresses."""
    text = text.strip()
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text):
        raise InputError("Type the provider's name as Strapi's list of providers has it, such as instagram.")
    return text


def email(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise InputError("Type the e-mail address of your Strapi administrator, such as you@example.com")
    return text


def password(text: str) -> Secret:
    if not text:
        raise InputError("Type the password of your Strapi administrator.")
    return Secret(text)


def port(text: str) -> int:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise InputError("Type a port number from 1 to 65535, or 0 for a free one.")
    return int(text)


def number(text: str) -> int | None:
    """Nothing typed is no number; signs and fractions are refused."""
    text = text.strip()
    if text and not re.fullmatch(r"[0-9]{1,6}", text):
        raise InputError("Type a whole number such as 7, or nothing.")
    return int(text) if text else None
