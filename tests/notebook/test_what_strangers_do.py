"""What the forms say of strangers at the public address, and what the person may answer."""

from __future__ import annotations

import asyncio

from helpers.kit import Kit
from helpers.login.verdict import judge
from helpers.notebook import tasks
from helpers.notebook.login_view import Trace
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import until
from tests.support.servers import Client

JSON = [("Content-Type", "application/json")]
ACCOUNT = b'{"username": "stranger", "email": "stranger@example.com", "password": "Stranger-2026"}'


def ask(kit: Kit, path: str, method: str = "GET", body: bytes = b"") -> int:
    """From a browser that nobody knows, as the tunnel passes it on."""
    headers = [*JSON, ("Content-Length", str(len(body)))] if body else []
    with Client(kit.gateway.url) as client:
        return client.ask(path, method, headers, body, host=kit.urls.public.removeprefix("https://")).status


def test_sign_up_is_closed_until_it_is_let_and_again_with_the_next_tunnel(kit: Kit) -> None:
    def sign_up() -> int:
        return ask(kit, "/api/auth/local/register", "POST", ACCOUNT)

    async def scene() -> None:
        form = TunnelForm(kit)
        assert form.passwords.layout.display == "none", "nothing is public yet"
        form.submit_button.click()
        await tasks.settled()
        assert form.passwords.layout.display == ""
        assert await asyncio.to_thread(sign_up) == 403

        form.passwords.click()
        assert form.passwords.layout.display == "none"
        assert "People may sign up" in form.status.text
        assert await asyncio.to_thread(sign_up) == 400, "Strapi's own answer, who takes no such account"

        form.stop_button.click()
        await tasks.settled()
        form.submit_button.click()
        await tasks.settled()
        assert form.passwords.layout.display == ""
        assert await asyncio.to_thread(sign_up) == 403

    asyncio.run(scene())


def test_a_strangers_login_is_shown_as_a_question_and_counts_once_it_is_answered(kit: Kit) -> None:
    kit.rehearse_up_to(4)
    assert kit.gateway.own_browser.marked(kit.urls.connect), "somebody has been given the address"

    async def scene() -> None:
        trace = Trace(kit)
        assert trace.asked.layout.display == "none"
        assert await asyncio.to_thread(ask, kit, kit.urls.connect_path) == 302
        await until(lambda: trace.asked.layout.display == "")
        assert "did not come by your link" in trace.note.value
        assert kit.logins.latest is None
        stranger = kit.logins.stranger
        assert stranger is not None

        trace.mine.click()
        await until(lambda: trace.asked.layout.display == "none")
        assert kit.logins.latest is stranger
        assert stranger.mine
        assert not judge(stranger, kit.flow.provider).decided, "and it may go on"

    asyncio.run(scene())
