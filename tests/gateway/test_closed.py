"""What the gateway refuses before any upstream hears of it, and what a page must still be able to load."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from helpers.gateway.closed import is_closed, may_say

CLOSED = [
    # Files by their whole path
    "/@fs/srv/ada/shop/server.js",
    "/@fs/etc/passwd",
    "/@fs/srv/ada/shop/node_modules/.env",
    "/@fs/srv/ada/shop/node_modules/x/data.db",
    "/@fs/srv/ada/.ssh/id_ed25519",
    "/@fs/C:/ada/shop/server.js",
    "/@fs/srv/ada/shop/server.js%3f/node_modules/x.js",  # Vite reads up to the mark, encoded or not
    "/@fs/srv/ada/shop/server.js%23/node_modules/x.js?import&raw",
    "/@fs/srv/ada/shop/.git/config%00/node_modules/x.js",
    "/C:/ada/shop/server.js",
    "/_nuxt/@fs/srv/ada/shop/nuxt.config.ts",
    # Editors, restarts, debuggers, MCP
    "/__open-in-editor?file=/etc/passwd",
    "/__open-in-editor/",
    "/__open-in-editor.x",  # Connect compares beginnings
    "/__open-stack-frame-in-editor?fileName=x",
    "/__get-internal-source?fileName=x",
    "/__nextjs_launch-editor?file=x",
    "/__nextjs_restart_dev",
    "/__nextjs_attach-nodejs-inspector",
    "/__nextjs_original-stack-frames",
    "/__nextjs_source-map?filename=x",
    "/_next/mcp",
    "/_next/mcp/",
    "/_next/development/request-insights",
    "/webpack-dev-server/open-editor?fileName=x",
    "/webpack-dev-server/invalidate",
    "/webpack-dev-server",
    "/__inspect/",
    "/__devtools__/",
    "/__devtools/__connection.json",
    "/__nuxt_devtools__/client/",
    "/_vfs.json/x",
    "/_nitro/tasks/db:migrate",
    "/__vitest__/",
    "/__mcp/sse",
    "/.well-known/appspecific/com.chrome.devtools.json",
    # Images are fetched from within, past the gateway
    "/_next/image?w=640&q=75&url=%2F_next%2Fmcp",
    "/_next/image/?url=http%3A%2F%2Flocalhost%3A3000%2F_next%2Fmcp",
    "/_next/image?url=/_next/image%3Furl%3D/_next/mcp",
    "/_image?href=/@fs/srv/ada/passport.png",
    # Data, keys, what hides behind a dot, and settings
    "/data.db",
    "/.tmp/data.db",
    "/backend/.tmp/data.db?import&raw",
    "/data.db-wal",
    "/data.sqlite",
    "/data.sqlite3",
    "/data.db~",
    "/data.db;x",
    "/data.db.",
    "/data.db%0a",
    "/data.%C5%BFqlite",  # a Mac's disk knows no case, of no letter
    "/data.db::$DATA",  # the same file on Windows
    "/data.db.1",
    "/backup.sql.gz",
    "/access.log.1.gz",
    "/data.db.old.xz",
    "/dump.sql.tar.gz",
    "/vite.config.ts~",
    "/id_rsa~",
    "/data%20copy.db",
    "/a;b.db",
    "/a%23b.db",
    "/a%3fb.db",
    "/.env",
    "/.env.local",
    "/.env.production.local?raw",
    "/shop.env",
    "/.git/config",
    "/.git",
    "/node_modules/backend/.git/config",  # a package that is developed here is linked to
    "/.vite/manifest.json",
    "/.npmrc",
    "/.kit/door.json",
    "/key.pem",
    "/backup.sql",
    "/export_20261128120000.tar.gz.enc",
    "/vite.config.js",
    "/next.config.mjs",
    # Strapi's admin side behind a prefix of the front end's own, signed or not
    "/strapi/admin/init",
    "/cms/admin/renew-token",
    "/cms/Admin/%52enew-token",
    "/strapi/users-permissions/providers",
    "/strapi/content-manager/collection-types/plugin::users-permissions.user",
]

OPEN = [
    "/",
    "/shop/admin",
    "/shop/admin/login",
    "/src/admin/init.ts",
    "/src/content-manager/list.tsx?t=1",
    "/users-permissions.html",
    "/@vite/client",
    "/@vite/env",
    "/@react-refresh",
    "/@id/__x00__plugin-vue:export-helper",
    "/_nuxt/@id/virtual:nuxt:%2Fsrv%2Fada%2Fshop%2F.nuxt%2Fapp.config.mjs",
    "/src/main.tsx?t=1764350000000",
    "/src/routes/__root.tsx",
    "/src/environment.ts",
    "/src/database.js",
    "/src/db/index.js",
    "/node_modules/.vite/deps/react.js?v=4f3a",
    "/node_modules/.pnpm/react@19/node_modules/react/index.js",
    "/node_modules/.pnpm/react@19/node_modules/react/index.js%3fv=4f3a",
    "/@fs/srv/ada/shop/node_modules/vite/dist/client/env.mjs",
    "/@fs/srv/ada/.local/shop/node_modules/vite/dist/client/env.mjs",
    "/@fs/srv/ada/shop/node_modules/.vite/deps/react.js?v=4f3a",
    "/@fs/srv/ada/shop/.svelte-kit/generated/client/app.js",
    "/_nuxt/@fs/srv/ada/shop/node_modules/nuxt/dist/app/entry.js",
    "/tailwind.config.js",
    "/app.config.ts",
    "/_next/hmr?id=1",
    "/_next/webpack-hmr",
    "/_next/static/chunks/main.js",
    "/_next/static/development/_devPagesManifest.json",
    "/_next/image?url=%2Fphoto.png&w=640&q=75",
    "/_next/image?url=https%3A%2F%2Fcdn.example.com%2Fphoto.png&w=640",
    "/_image?href=/src/photo.png",
    "/__webpack_hmr",
    "/__webpack_dev_server__/sockjs.bundle.js",
    "/__manifest?p=/",
    "/shop/__data.json",
    "/.well-known/change-password",
    "/.kit/hello",
    "/connect/instagram/redirect?access_token=a.db",
    "/srv/ada",
    "/users/ada/photos",
    "/guide/open-in-editor",
    "/%E2%9C%93",
    "/100%",
    "/api/tags/a%0Ab",
    "/api/reports/2026.db",  # Strapi's, and it serves no files there
]


def closed(target: str) -> bool:
    return is_closed(*target.split("?", 1))


@pytest.mark.parametrize("target", CLOSED)
def test_what_belongs_to_the_developer_alone_is_closed(target):
    assert closed(target)


@pytest.mark.parametrize("target", OPEN)
def test_what_a_page_loads_is_open(target):
    assert not closed(target)


def spellings(target: str) -> dict[str, str]:
    path, mark, query = target.partition("?")
    once = "/" + "".join(f"%{ord(char):02x}" if char != "/" else char for char in path[1:])
    return {
        "encoded": once + mark + query,
        "encoded twice": once.replace("%", "%25") + mark + query,
        "encoded thrice": once.replace("%", "%2525") + mark + query,
        "first slash encoded": "/%2f" + path[1:] + mark + query,
        "upper case": path.upper() + mark + query,
        "double slashes": path.replace("/", "//") + mark + query,
        "dots": path.replace("/", "/./") + mark + query,
        "backslashes": "/" + path[1:].replace("/", "\\") + mark + query,
        "under a base path": "/shop/dev" + path + mark + query,
        "climbing": "/src/.." + path + mark + query,
        "decoded": path + mark + query,
    }


@pytest.mark.parametrize("target", CLOSED)
@pytest.mark.parametrize("spelling", spellings("/"))
def test_no_spelling_opens_it(target, spelling):
    assert closed(spellings(target)[spelling])


@pytest.mark.parametrize("nested", ["a=?", "a=%3F", "a%3D%3F"])
def test_images_of_images_beyond_all_measure_are_closed_unread(nested):
    assert is_closed("/_next/image", "url=" + nested * 2000)


def test_more_layers_than_anybody_writes_are_closed_unread():
    path = "/x y"
    for _ in range(20):
        path = quote(path)

    assert is_closed(path)


# Vite serves these without /@fs/, as was seen.


@pytest.fixture
def server_js(tmp_path: Path) -> Path:
    folder = tmp_path / "backend"
    folder.mkdir()
    (folder / "server.js").touch()
    return folder / "server.js"


@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "{}?import&raw",
        "/@id/{}",
        "/@id{}",
        "/@id/file://{}",
        "/@id/file://{}%3f/node_modules/x.js",
        "/@id/file://{}%2523/node_modules/x.js",
        "/shop{}",
        "/shop/@id/{}",
        "/{}",
        "{}x",
        "/@fs{}",
    ],
)
def test_a_file_of_this_machine_is_closed_by_its_whole_path(server_js, written):
    assert closed(written.format(server_js))
    assert closed(written.format(quote(str(server_js), safe="")))


def test_a_file_right_below_a_top_folder_is_closed_and_a_page_of_such_a_name_is_open(monkeypatch):
    # As in a container whose front end lies in /app/web.
    monkeypatch.setattr("helpers.gateway.closed._top_folders", lambda: {"app"})
    monkeypatch.setattr("os.path.isfile", lambda path: path == "/app/server.ts")

    assert closed("/app/server.ts?raw")
    assert closed("/@id/file:///app/server.ts")
    assert closed("/app/server")  # Vite tries endings
    assert not closed("/app/settings")


def test_an_installed_package_is_open_and_one_that_is_developed_here_is_not(tmp_path, server_js):
    packages = tmp_path / "node_modules"
    (packages / "vite").mkdir(parents=True)
    (packages / "vite" / "client.mjs").touch()
    (packages / "backend").symlink_to(server_js.parent)

    assert not closed(f"/@fs{packages}/vite/client.mjs")
    assert closed(f"/@fs{packages}/vite/README")
    assert closed(f"/@fs{packages}/backend/server.js")
    assert closed(f"{packages}/backend/server.js")


# What a browser says by the websocket of live reload


@pytest.mark.parametrize(
    "event", ["vite:invoke", "vite:forward-console", "nuxt:devtools:rpc", "vite-plugin-inspect:rpc", ""]
)
def test_a_browser_may_not_call_into_the_dev_server(event):
    message = json.dumps({"event": event, "type": "custom", "data": {"name": "fetchModule"}})

    assert not may_say(message)
    assert not may_say(message.encode())
    assert not may_say(message.replace("vite:", "vi\\u0074e:").replace("custom", "\\u0063ustom"))


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"ping"}',
        '{"type":"custom","event":"vite:invalidate","data":{"path":"/src/main.ts"}}',
        '{"event":"client-success"}',
        "ping",
        b"\x00\xff",
        "[]",
        "",
    ],
)
def test_what_live_reload_says_passes(message):
    assert may_say(message)


def test_a_nest_of_brackets_is_refused():
    assert not may_say("[" * 100_000)
