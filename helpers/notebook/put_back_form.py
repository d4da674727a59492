"""Putting things back: the provider, files, the public address, what was typed."""

from __future__ import annotations

import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import KitError
from helpers.kit import Kit
from helpers.notebook.form import Form, checkbox, text_field
from helpers.notebook.widgets import SecretField


class PutBackForm(Form):
    """Asks for the administrator only where that is needed and not known."""

    def __init__(self, kit: Kit) -> None:
        given = kit.settings
        self.provider = checkbox("Put the provider's former settings back in Strapi", True)
        self.files = checkbox("Undo the changes to files of my projects", True)
        self.users = checkbox("Delete the user that my login made in Strapi")
        self.forget = checkbox("Forget what I typed into these notebooks")
        self.email = text_field("Strapi administrator's e-mail", given.strapi_admin_email)
        self.password = SecretField("Strapi administrator's password", given.strapi_admin_password)
        known = given.strapi_admin_email and given.strapi_admin_password
        asked: list[w.Widget] = [self.email, self.password] if kit.undo.recorded and not known else []
        super().__init__(kit, [self.provider, self.files, self.users, self.forget, *asked], "Put it back")

    def autopilot(self) -> None:
        """Only when asked to: on autopilot the setup is what is wanted."""
        if self.kit.settings.autopilot == "undo":
            self.submit()

    def submit(self) -> None:
        if self.email.value and self.password.secret:
            try:
                email = inputs.email(self.email.value)
            except KitError as error:
                self.refuse(error)
                return
            self.kit.use(strapi_admin_email=email, strapi_admin_password=self.password.secret)
        self.work(self._put_back, "Putting things back", cancellable=True)

    def _put_back(self) -> str:
        kit = self.kit
        put_back = kit.put_back(lambda text: self.status.say("busy", text), self._cancelled)
        kit.strapi.try_again()
        kit.public_address.close()
        put_back.done.append("the public address is closed")
        put_back.run(providers=self.provider.value, files=self.files.value, users=self.users.value)
        if self.forget.value:  # only now: a second try would need it
            kit.forget()
            put_back.done.append("typed values are forgotten")
        kit.put_away()
        return "; ".join(put_back.done)
