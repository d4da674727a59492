"""The tools that build front ends, and which variables each of them gives to the page."""

from __future__ import annotations

from typing import NamedTuple


class Tool(NamedTuple):
    """What builds a front end: the beginnings of the variables that it gives to the page."""

    title: str
    prefixes: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The name to take where the code has none yet."""
        return f"{self.prefixes[0]}BACKEND_URL" if self.prefixes else ""


# Many of these bring others of them along, so the first that is named in package.json counts.
TOOLS = {
    "next": Tool("Next", ("NEXT_PUBLIC_",)),
    "react-scripts": Tool("Create React App", ("REACT_APP_",)),
    "@sveltejs/kit": Tool("SvelteKit", ("PUBLIC_", "VITE_")),
    "astro": Tool("Astro", ("PUBLIC_",)),
    "nuxt": Tool("Nuxt", ("NUXT_PUBLIC_",)),
    "gatsby": Tool("Gatsby", ("GATSBY_",)),
    "expo": Tool("Expo", ("EXPO_PUBLIC_",)),
    "@vue/cli-service": Tool("Vue CLI", ("VUE_APP_",)),
    "@angular/core": Tool("Angular"),
    "vite": Tool("Vite", ("VITE_",)),
}
