"""What people would put there instead of the gateway: nginx, and the proxy that Vite uses; on loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from tests.real.strapi import _CACHE, _NODE, _free_port, _lock, _run

_STARTING = 10.0  # seconds; it takes less than one
_HTTP_PROXY = "1.18.1"
_NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
  upstream behind {{ server {upstream}; keepalive 200; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
    location / {{ proxy_pass http://behind; }}
  }}
}}
"""
_PROXY = """
const http = require('http'), { createProxyServer } = require('http-proxy');
const agent = new http.Agent({ keepAlive: true });
const proxy = createProxyServer({ target: process.argv[2], agent });
proxy.on('error', (_, __, answer) => answer.destroy());
http.createServer((asked, answer) => proxy.web(asked, answer)).listen(+process.argv[3], '127.0.0.1');
"""


@contextmanager
def nginx(upstream: str) -> Iterator[tuple[str, int]]:
    """Its address, and the process that does the work."""
    program = shutil.which("nginx") or str(_unpacked() / "usr/sbin/nginx")
    with TemporaryDirectory() as folder:
        port, config = _free_port(), Path(folder) / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port, upstream=urlsplit(upstream).netloc))
        with _running([program, "-p", folder, "-e", f"{folder}/error.log", "-c", str(config)], port) as pid:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            yield f"http://127.0.0.1:{port}", int(children[0])


@contextmanager
def http_proxy(upstream: str) -> Iterator[tuple[str, int]]:
    folder = _CACHE / f"http-proxy-{_HTTP_PROXY}"
    with _lock(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _run("npm", "install", "--no-audit", "--no-fund", f"http-proxy@{_HTTP_PROXY}", cwd=partial)
            (partial / "proxy.js").write_text(_PROXY)
            partial.rename(folder)
    port = _free_port()
    with _running([_NODE, "--no-deprecation", str(folder / "proxy.js"), upstream, str(port)], port) as pid:
        yield f"http://127.0.0.1:{port}", pid


def _unpacked() -> Path:
    """Debian's package, unpacked and not installed: nothing of it starts by itself."""
    folder = _CACHE / "nginx"
    with _lock(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _run("apt-get", "download", "nginx", cwd=partial)
            (package,) = partial.glob("nginx*.deb")
            _run("dpkg", "-x", str(package), str(partial))
            partial.rename(folder)
    return folder


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    with subprocess.Popen(command, stdout=sys.stderr, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + _STARTING
            while time.monotonic() < until:
                with suppress(httpx.TransportError):
                    httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                    break
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
