"""What people fill in and press, chapter by chapter. A form reads its fields and calls the kit; no form
knows how anything is done."""

from __future__ import annotations

from helpers.core import inputs
from helpers.core.errors import InputError, KitError, Refused
from helpers.core.flows import CREDENTIALS, DOCUMENTED
from helpers.core.masking import Secret
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.form import Form, checkbox, read_all, text_field
from helpers.notebook.widgets import CopyField, SecretField


class UrlsForm(Form):
    """The addresses that Meta must know, and that the reader saves there by hand."""

    checks = ("redirect-uris",)

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, [CopyField() for _ in kit.flow.address_labels], "I have saved them at Meta")

    def fill(self) -> None:
        labels, values = self.kit.flow.address_labels, self.kit.addresses_for_meta
        for field, label, value in zip(self.fields, labels, values, strict=True):
            field.label, field.value = label, value

    def submit(self) -> None:
        kit = self.kit

        def job() -> str:
            if not kit.urls.public:
                raise InputError("There is no public address yet: start the tunnel in 1.1 first.")
            return tasks.Note(
                "Whether Meta really has them shows at the first login: nobody can ask Meta from here."
            )

        self.work(job, "Saving")


def _pair(form: Form) -> tuple[str, Secret]:
    """What is known; in a rehearsal a person copies it from the dashboard, which is done where nobody is.

    After a restart the ID alone is known, of an app that is gone with the former kernel.
    """
    kit = form.kit
    if kit.world and form.unattended and not kit.settings.client_secret:
        return kit.world.meta.pair
    return kit.settings.client_id, kit.settings.client_secret


class CredentialsForm(Form):
    """The client ID and secret of the Instagram app at Meta."""

    checks = ("credentials",)

    def __init__(self, kit: Kit) -> None:
        self.client_id = text_field(CREDENTIALS.id_label, "", "digits only")
        self.secret = SecretField(CREDENTIALS.secret_label)
        self.remember = checkbox("Remember the secret in the .env file (readable by you only)")
        super().__init__(kit, [self.client_id, self.secret, self.remember], "Save")

    def fill(self) -> None:
        client_id, secret = _pair(self)
        self.offer(self.client_id, client_id)
        self.offer(self.secret, secret)

    def submit(self) -> None:
        kit = self.kit
        try:
            client_id, secret = read_all(
                lambda: inputs.client_id(self.client_id.value),
                lambda: inputs.client_secret(self.secret.secret.reveal()),
            )
            kit.learn(keep_secrets=self.remember.value, client_id=client_id, client_secret=secret)
        except KitError as error:
            self.refuse(error)
            return

        def job() -> str:
            where = "kept in the .env file" if self.remember.value else "kept in this notebook's kernel only"
            return f"Client ID {client_id} saved; the secret is {where}"

        self.work(job, "Saving")


class ProviderForm(Form):
    """Strapi's provider settings, written through its admin API."""

    checks = ("provider",)

    def __init__(self, kit: Kit) -> None:
        self.enable = checkbox("Enable", True)
        self.client_id = text_field("Client ID", "", CREDENTIALS.id_example)
        self.secret = SecretField("Client Secret")
        self.callback = text_field("The redirect URL to your front-end app")
        self.email = text_field("Strapi administrator's e-mail")
        self.password = SecretField("Strapi administrator's password")
        fields = [self.enable, self.client_id, self.secret, self.callback, self.email, self.password]
        super().__init__(kit, fields, "Save in Strapi")

    def fill(self) -> None:
        given, (client_id, secret) = self.kit.offered, _pair(self)
        self.offer(self.client_id, client_id)
        self.offer(self.secret, secret)
        page = self.kit.urls.frontend_redirect
        self.offer(self.callback, page if page.startswith("http") else "")  # no address yet
        self.offer(self.email, given.strapi_admin_email)
        self.offer(self.password, given.strapi_admin_password)

    def submit(self) -> None:
        kit = self.kit
        try:
            client_id, secret, callback, email, password = read_all(
                lambda: inputs.client_id(self.client_id.value),
                lambda: inputs.client_secret(self.secret.secret.reveal()),
                lambda: inputs.frontend_redirect(self.callback.value),
                lambda: inputs.email(self.email.value),
                lambda: inputs.password(self.password.secret.reveal()),
            )
        except KitError as error:
            self.refuse(error)
            return
        kit.use(client_id=client_id, client_secret=secret,
                strapi_admin_email=email, strapi_admin_password=password)  # fmt: skip

        def job() -> str:
            old = _old_users(kit)
            changed = kit.save_provider(callback=callback, enabled=self.enable.value)
            # Only now: the next kernels sign in with it by themselves.
            kit.learn(client_id=client_id, strapi_admin_email=email)
            if not changed:
                return f"Strapi already had exactly these settings; nothing was written{old}"
            saved = (
                f"Strapi's {kit.flow.provider} provider saved ({', '.join(changed)}); all others untouched"
            )
            return saved + old

        self.work(job, "Saving in Strapi")


def _old_users(kit: Kit) -> str:
    """Who may have logged in with Strapi's built-in provider, and what becomes of them."""
    if kit.flow.provider == DOCUMENTED.provider:
        return ""
    try:
        number = kit.admin().users_at(
            DOCUMENTED.email_domain
        )  # where the built-in provider makes its addresses
    except Refused:
        return ""
    if not number:
        return ""
    return (
        f". {number} user(s) have an address @strapi.io, as the old provider {DOCUMENTED.provider} makes up. "
        "At their next login they become new users: see Limits in the README"
    )
