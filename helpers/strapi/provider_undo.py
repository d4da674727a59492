"""What the kit has changed, and the way back: files of the user's projects and the providers' settings."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.core.errors import Conflict
from helpers.core.flows import TOKEN_URL, Flow
from helpers.core.masking import Secret
from helpers.core.replace_file import replace_file
from helpers.project.journal import Journal, errors_of
from helpers.strapi.providers import Admin, Change, canonical

Entry = dict[str, Any]


class Undo:
    """``folder`` is the kit's own; what it writes there is readable by this user only.

    One record per Strapi and provider: what the settings were before, and salted digests of what the kit
    wrote, enough to see whether somebody has changed them since. A secret that was there before must be kept
    as it is to be put back; it is deleted together with its record.
    """

    def __init__(self, folder: Path, strapi_url: str) -> None:
        self.files = Journal(folder / "files.jsonl")
        self._file = folder / "providers.json"
        self._strapi_url = strapi_url

    def remember(self, change: Change) -> None:
        """Keep what the provider was before the first change; to be called before the change is made."""
        if not change.fields:
            return
        records = self._read()
        here = records.setdefault(self._strapi_url, {})
        record = here.get(change.provider)
        if not record or _digest(change.before, record["salt"]) not in record["written"]:
            # The first change, or somebody else's settings stand there now: those are to come back.
            record = {"before": change.before, "salt": secrets.token_hex(8), "written": [], "since": _now()}
        # Of two changes the second may never arrive, so what stands there now stays known.
        record["written"] = [_digest(change.before, record["salt"]), _digest(change.after, record["salt"])]
        here[change.provider] = record
        self._write(records)

    def save(
        self, admin: Admin, flow: Flow, *, key: str, secret: Secret, callback: str, enabled: bool = True
    ) -> list[str]:
        """Write a login's settings, the former ones kept first; returns the names of changed fields."""
        change = admin.plan(
            flow.provider,
            enabled=enabled,
            key=key,
            secret=secret,
            callback=callback,
            scope=[flow.scope],
            endpoints={"authorize_url": flow.authorize_url, "access_url": TOKEN_URL},
        )
        self.remember(change)
        admin.apply(change)
        return list(change.fields)

    @property
    def recorded(self) -> list[str]:
        """The providers of this Strapi whose settings can be put back."""
        return list(self._read().get(self._strapi_url, {}))

    @property
    def elsewhere(self) -> list[str]:
        """The addresses of other Strapis that the kit has changed."""
        return [url for url in self._read() if url != self._strapi_url]

    def since(self, provider: str) -> str:
        """When the kit first changed it, as Strapi writes times."""
        return str(self._read()[self._strapi_url][provider].get("since") or "~")  # later than any time

    def restore_provider(self, admin: Admin, provider: str) -> bool:
        """Put a recorded provider's former settings back; one that has them already is left alone.

        Strapi drops a provider together with the file that defines it: then nothing is left to put back, and
        the answer is False.

        Raises:
            Conflict: somebody has changed them since.
        """
        records = self._read()
        here = records[self._strapi_url]
        record = here.pop(provider)
        before = record["before"]
        if "secret" in before:
            before["secret"] = Secret(before["secret"])
        now = admin.stored().get(provider)
        if now is not None:
            if _digest(now, record["salt"]) not in (*record["written"], _digest(before, record["salt"])):
                raise Conflict(
                    f"Somebody else has changed the settings of {provider} since the kit did: they stay",
                    fix=[
                        f"Change {provider} in Strapi's admin: "
                        "Settings > Users & Permissions plugin > Providers."
                    ],
                )
            admin.restore(Change(provider, before, now))
        self._write({url: left for url, left in records.items() if left})
        return now is not None

    def _read(self) -> dict[str, dict[str, Entry]]:
        try:
            records = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return records if isinstance(records, dict) else {}

    def _write(self, records: dict[str, dict[str, Entry]]) -> None:
        if records:
            content = json.dumps(records, default=Secret.reveal).encode()
            with errors_of(str(self._file)):
                replace_file(self._file, content, None, private=True, step=lambda _: None)
        else:
            self._file.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digest(entry: Entry, salt: str) -> str:
    return hashlib.sha256((salt + canonical(entry)).encode()).hexdigest()
