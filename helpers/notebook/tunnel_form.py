"""Chapter 1: the public address, through ngrok or a tunnel of one's own."""

from __future__ import annotations

import html
import re

import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import KitError
from helpers.kit import Kit
from helpers.notebook.form import Form, checkbox, read_all, text_field
from helpers.notebook.widgets import SecretField


class TunnelForm(Form):
    """Start and stop the public address."""

    checks = ("public-address",)

    def __init__(self, kit: Kit) -> None:
        self.token = SecretField("ngrok authtoken")
        self.domain = text_field("Domain (optional)", "", "your-name.ngrok-free.dev")
        self.remember = checkbox("Remember the token in the .env file (readable by you only)")
        self.own = checkbox("I have a tunnel of my own, instead of ngrok")
        self.address = text_field("Its public address", "", "https://shop.example.com")
        self.port = text_field("Port on this machine that it leads to", "", "such as 8080")
        self.own.observe(lambda _: self._show_fields(), "value")
        self.stop_button = w.Button(description="Stop", layout=w.Layout(width="auto"))
        self.stop_button.on_click(lambda _: self.stop())
        self.public = w.HTML()
        self.passwords = w.Button(description="Let people sign up")
        self.passwords.layout = w.Layout(width="auto", display="none")
        self.passwords.on_click(lambda _: self.let_passwords())
        self._in_use = b""
        fields = [self.own, self.token, self.domain, self.remember, self.address, self.port, self.public]
        super().__init__(kit, fields, "Start the tunnel")
        self.buttons.children = [self.submit_button, self.cancel_button, self.stop_button, self.passwords]

    def fill(self) -> None:
        given = self.kit.offered
        shown = "".join(f"<li>{_with_code(each)}</li>" for each in self.kit.becomes_public(ask=False))
        told = "While the tunnel is up, this is public:"
        self.public.value = f'<div class="kit-prose">{told}<ul>{shown}</ul></div>'
        self.offer(self.token, given.ngrok_authtoken)
        self.offer(self.domain, given.ngrok_domain)
        self.offer(self.own, bool(given.public_url))
        self.offer(self.address, given.public_url)
        self.offer(self.port, str(given.gateway_port or ""))
        self._show_fields()
        address = self.kit.public_address
        if self._in_use and not address.is_open and not self.submit_button.disabled:
            self._in_use = b""
            self.status.say("not-yet", address.closed_for or "The tunnel is not open any more")

    def _show_fields(self) -> None:
        """A rehearsal brings its own ngrok; live it is one or the other."""
        own = bool(self.own.value)
        self.own.layout.display = "" if self.kit.settings.live else "none"
        for field in (self.token, self.domain, self.remember):
            field.layout.display = "none" if own else ""
        for field in (self.address, self.port):
            field.layout.display = "" if own else "none"

    def submit(self) -> None:
        kit, before = self.kit, self.kit.settings
        try:
            if self.own.value:
                public, port = read_all(
                    lambda: inputs.public_url(self.address.value), lambda: inputs.port(self.port.value)
                )
                kit.bring_tunnel(public, port)
            else:
                token, domain = read_all(
                    lambda: inputs.authtoken(self.token.secret.reveal()),
                    lambda: inputs.domain(self.domain.value),
                )
                kit.bring_tunnel("", kit.settings.gateway_port)
                kit.use(ngrok_authtoken=token, ngrok_domain=domain)
        except KitError as error:
            self.refuse(error)
            return
        asked = self._digest()

        def job() -> str:
            if kit.public_address.is_open and self._in_use not in (b"", asked):
                # What is open was opened with something else, and would prove nothing.
                kit.public_address.close()
            self._in_use = b""
            try:
                public = kit.open_address(self._cancelled)
            except KitError:
                kit.use(ngrok_authtoken=before.ngrok_authtoken, ngrok_domain=before.ngrok_domain)
                raise
            self._in_use = asked
            # Only now: the next kernels start with it by themselves.
            kit.learn(keep_secrets=self.remember.value, ngrok_authtoken=kit.settings.ngrok_authtoken)
            self.passwords.layout.display = "" if kit.gateway.passwords_closed else "none"
            forwards = f"forwards to the gateway at {kit.gateway.url}"
            return f"{public} {forwards}, which serves Strapi at {kit.settings.strapi_url}"

        self.work(job, "Starting the tunnel", cancellable=True)

    def let_passwords(self) -> None:
        self.kit.let_passwords()
        self.passwords.layout.display = "none"
        self.status.say("ok", "People may sign up and log in with a password until the tunnel is stopped")

    def stop(self) -> None:
        self.passwords.layout.display = "none"

        def job() -> str:
            self._in_use = b""
            self.kit.public_address.close()
            return "The tunnel is stopped; nothing on this machine is public any more"

        self.work(job, "Stopping the tunnel", also_busy=[self.stop_button])


def _with_code(sentence: str) -> str:
    """A command stands between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(sentence))
