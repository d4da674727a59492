"""What the stand-in Strapi tells its administrator, and lets them change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from helpers.rehearsal.strapi.parts import Refusal
from helpers.web.answers import as_json
from helpers.web.serving import Handler, Request

if TYPE_CHECKING:
    from helpers.rehearsal.strapi.server import StrapiStandIn

USERS = "/content-manager/collection-types/plugin::users-permissions.user"


class Administration:
    def __init__(self, strapi: StrapiStandIn) -> None:
        self._strapi = strapi

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/admin/init", self._init),
            ("POST", "/admin/register-admin", self._register_admin),
            ("POST", "/admin/login", self._sign_in),
            ("GET", "/admin/information", self._information),
            ("GET", "/users-permissions/providers", self._read_providers),
            ("PUT", "/users-permissions/providers", self._write_providers),
            ("GET", "/users-permissions/advanced", self._read_advanced),
            ("GET", USERS, self._find_users),
            ("DELETE", USERS + "/{id}", self._delete_user),
        ]

    async def _init(self, request: Request) -> web.StreamResponse:
        return as_json({"data": {"uuid": False, "hasAdmin": self._strapi.admins.exist}})

    async def _register_admin(self, request: Request) -> web.StreamResponse:
        return as_json({"data": self._strapi.admins.register(await request.json())})

    async def _sign_in(self, request: Request) -> web.StreamResponse:
        return as_json({"data": self._strapi.admins.sign_in(await request.json())})

    async def _information(self, request: Request) -> web.StreamResponse:
        self._strapi.admins.check(request)
        return as_json(
            {
                "data": {
                    "currentEnvironment": "production" if self._strapi.config.production else "development",
                    "autoReload": self._strapi.config.develop,
                    "strapiVersion": self._strapi.version,
                }
            }
        )

    async def _read_providers(self, request: Request) -> web.StreamResponse:
        self._strapi.admins.check(request)
        computed = {
            name: {"redirectUri": self._strapi.redirect_uri(request, name)}
            for name in self._strapi.providers
            if name != "email"
        }
        return as_json(
            {name: entry | computed.get(name, {}) for name, entry in self._strapi.providers.items()}
        )

    async def _write_providers(self, request: Request) -> web.StreamResponse:
        self._strapi.admins.check(request)
        body = json.loads(await request.read() or b"{}")
        if not body:
            raise Refusal("Request body cannot be empty", name="ValidationError")
        self._strapi.providers = body["providers"]
        return as_json({"ok": True})

    async def _read_advanced(self, request: Request) -> web.StreamResponse:
        self._strapi.admins.check(request)
        return as_json({"settings": self._strapi.users.advanced, "roles": self._strapi.users.roles()})

    async def _find_users(self, request: Request) -> web.StreamResponse:
        """A user's provider is not told, whoever asks."""
        self._strapi.admins.check(request)
        ending = request.query.get("filters[email][$endsWith]", "")
        found = [user for user in self._strapi.users.all if user["email"].endswith(ending)]
        if request.query.get("sort") == "updatedAt:DESC":
            found.sort(key=lambda user: str(user["updatedAt"]), reverse=True)
        size, total = int(request.query.get("pageSize", 10)), len(found)
        pagination = {"page": 1, "pageSize": size, "pageCount": -(-total // size), "total": total}
        told = [{name: value for name, value in user.items() if name != "provider"} for user in found[:size]]
        return as_json({"results": told, "pagination": pagination})

    async def _delete_user(self, request: Request) -> web.StreamResponse:
        self._strapi.admins.check(request)
        self._strapi.users.remove(request.parts["id"])
        return as_json({})
