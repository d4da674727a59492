"""What anybody on the internet can reach while the tunnel is up, in words: said before it happens."""

from __future__ import annotations

_SIGN_UP = {
    True: "Your Strapi lets anybody make an account. At this address that is closed until you open it.",
    False: "Sign-up with a password is closed in your Strapi.",
    None: "If your Strapi lets anybody make an account, that is closed at this address until you open it.",
}


def becomes_public(front_end: str, strapi: str, sign_up: bool | None) -> list[str]:
    """A sentence for each; ``sign_up`` is whether Strapi's is open, None if nobody has asked."""
    page = "The kit's own page, in the place of your front end."
    if front_end:
        page = (
            f"Your front end at {front_end}: its pages and their sources. A dev server is more than pages. "
            "Its files, editors and debuggers are closed; vite preview and next start show still less."
        )
    api = f"/api of your Strapi at {strapi}, as far as its roles allow. Its admin panel never."
    return [page, api, _SIGN_UP[sign_up]]
