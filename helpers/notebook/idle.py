"""A public address that nobody looks after is closed: a kernel goes on when its tab is closed."""

from __future__ import annotations

import asyncio
import time

from helpers.kit import Kit
from helpers.notebook import guide

_LOOK = 30.0  # seconds between two looks at the clock

_tasks: set[asyncio.Task[None]] = set()


def close_when_nobody_looks(kit: Kit) -> None:
    """Close the address once no page has shown this kernel's widgets for ``KIT_IDLE_MINUTES``."""
    guide.last_sign = time.monotonic()
    task = asyncio.get_running_loop().create_task(_watch(kit))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _watch(kit: Kit) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        await look(kit)


async def look(kit: Kit) -> bool:
    """Whether the address was closed now."""
    minutes = kit.settings.idle_minutes
    if not minutes or not kit.public_address.is_open or time.monotonic() - guide.last_sign < minutes * 60:
        return False
    why = f"It was closed after {minutes} minutes in which no browser showed this notebook"
    await asyncio.to_thread(kit.public_address.close, why)
    kit.changed()
    return True
