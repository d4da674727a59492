"""What Meta sends to the deauthorize and the data deletion callback.

https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any


def payload(user_id: Any, *, age: float = 0, **changed: Any) -> str:
    """What is signed: ``age`` is in seconds, a changed field of ``None`` is left out."""
    issued_at = int(time.time() - age)
    fields = {
        "algorithm": "HMAC-SHA256",
        "expires": issued_at + 3600,
        "issued_at": issued_at,
        "user_id": user_id,
    }
    return encoded(json.dumps({name: v for name, v in (fields | changed).items() if v is not None}).encode())


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed(text: str, secret: str) -> str:
    """A ``signed_request`` for this second part."""
    return encoded(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)) + "." + text
