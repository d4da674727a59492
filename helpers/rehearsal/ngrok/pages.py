"""What ngrok's edge answers by itself: https://ngrok.com/docs/errors/"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from helpers.web.answers import Answer

_PAGES = {
    "727": (429, "The account of {host} has reached its monthly limit of HTTP requests."),
    "3004": (502, "ngrok gateway error: {host} received an invalid answer from {upstream}."),
    "3200": (404, "The endpoint {host} is offline."),
    "8012": (502, "The ngrok agent failed to establish a connection to the upstream web service {upstream}."),
}
_WARNING = """<!doctype html><title>ngrok</title>
<h1>You are about to visit {host}</h1><p>ERR_NGROK_6024</p>
<p>This website is served for free through ngrok. Only visit it if you trust whoever sent the link.</p>
<button onclick="document.cookie='abuse_interstitial={host}; path=/; max-age=604800'; location.reload()">
Visit Site</button>
"""


def error_page(code: str, host: str, upstream: str = "") -> Answer:
    status, text = _PAGES[code]
    text = escape(text.format(host=host, upstream=upstream))
    page = _page(status, code, f"<!doctype html><title>ngrok</title><p>{text}</p><p>ERR_NGROK_{code}</p>\n")
    page.force_close()  # what is left of a body nobody reads
    return page


def turned_away(faults: set[str], host: str, headers: Mapping[str, str]) -> Answer | None:
    """What the edge says before anything is forwarded."""
    if "quota" in faults:
        return error_page("727", host)
    browser = "Mozilla" in headers.get("User-Agent", "") and "text/html" in headers.get("Accept", "")
    if browser and "programs-only" in faults:
        return Answer(status=403, text="Access denied\n")
    seen = "ngrok-skip-browser-warning" in headers or "abuse_interstitial=" in headers.get("Cookie", "")
    return _warning_page(host) if browser and "interstitial" in faults and not seen else None


def _warning_page(host: str) -> Answer:
    """What free accounts show each browser once: https://ngrok.com/docs/errors/err_ngrok_6024"""
    return _page(200, "6024", _WARNING.format(host=escape(host)))


def _page(status: int, code: str, text: str) -> Answer:
    return Answer(
        status=status,
        text=text,
        content_type="text/html",
        headers={"Ngrok-Error-Code": f"ERR_NGROK_{code}"},
    )
