"""What the kit has changed, and the way back: files of the user's projects and one provider's settings."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from helpers.journal import Journal
from helpers.masking import Secret
from helpers.strapi import Admin, Change

Entry = dict[str, Any]


class Undo:
    """``folder`` is the kit's own; what it writes there is readable by this user only.

    Of the settings that were written the secret is kept as a salted digest, enough to see whether somebody
    has changed them since. One that the provider had before must be kept as it is to be put back; it is
    deleted together with the record.
    """

    def __init__(self, folder: Path) -> None:
        self.files = Journal(folder / "files.jsonl")
        self._record = folder / "provider.json"

    def remember(self, change: Change) -> None:
        """Keep what the provider was before the first change; to be called before the change is made."""
        if not change.fields:
            return
        known = self._read()
        first = known["before"] if known.get("provider") == change.provider else change.before
        salt = secrets.token_hex(8)
        after = {**change.after, "secret": _digest(change.after.get("secret"), salt)}
        record = {"provider": change.provider, "salt": salt, "before": first, "after": after}
        descriptor = os.open(self._record, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(record, stream, default=Secret.reveal)

    @property
    def recorded(self) -> bool:
        """Whether there are settings of a provider to put back."""
        return bool(self._read())

    def restore_provider(self, admin: Admin) -> str:
        """Put the provider's former settings back; its name, or nothing when the kit has changed none.

        Raises:
            Conflict: somebody has changed them since.
        """
        record = self._read()
        if not record:
            return ""
        provider, before, after = record["provider"], record["before"], record["after"]
        now = admin.providers().get(provider, {}).get("secret")
        after["secret"] = now if _digest(now, record["salt"]) == after["secret"] else Secret()
        if "secret" in before:
            before["secret"] = Secret(before["secret"])
        admin.restore(Change(provider, before, after))
        self._record.unlink(missing_ok=True)
        return str(provider)

    def _read(self) -> Entry:
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}


def _digest(secret: Secret | None, salt: str) -> str:
    return hashlib.sha256((salt + (secret.reveal() if secret else "")).encode()).hexdigest()
