"""Work started by a click is waited for, in whatever order the loop tells of its end."""

from __future__ import annotations

import asyncio

from helpers.notebook import tasks
from helpers.notebook.widgets import StatusLine
from tests.support.forms import play


def test_work_that_has_ended_and_was_not_told_of_yet_is_waited_for() -> None:
    async def scene() -> None:
        status, ending = StatusLine(), asyncio.get_running_loop().create_future()

        async def job() -> str:
            ending.set_result(None)  # wakes us before the loop tells that the job is done
            return "done"

        tasks.run(job, status, (), "working")
        await ending
        await tasks.settled()
        assert (status.kind, status.text) == ("ok", "done")
        assert not tasks.running()

    play(scene)
