"""Real nginx and Caddy on a loopback address of their own, from their packages, never as a service."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

_CACHE = (
    Path(os.environ.get("KIT_CACHE") or "~/.cache/instagram-login-kit").expanduser().resolve() / "proxies"
)
_PROGRAMS = {"nginx": "usr/sbin/nginx", "caddy": "usr/bin/caddy"}
_STARTING = 15  # seconds; it takes less than one
_number = itertools.count(1)


def program(name: str) -> Path:
    """The program, unpacked beside the real Strapis and installed nowhere."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    found = _CACHE / name / _PROGRAMS[name]
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            run = {"cwd": _CACHE, "check": True, "capture_output": True, "timeout": 300}
            subprocess.run(["apt-get", "download", name], **run)  # type: ignore[call-overload]
            package = next(_CACHE.glob(f"{name}_*.deb"))
            subprocess.run(["dpkg", "-x", package, _CACHE / name], **run)  # type: ignore[call-overload]
    return found


def own_address() -> str:
    """A loopback address that no other test listens on, so that the usual ports are free there."""
    address = f"127.77.{os.getpid() % 250 + 1}.{next(_number) % 250 + 1}"
    try:
        socket.create_server((address, 443)).close()
    except PermissionError:
        pytest.skip("port 443 takes the right to listen there")
    return address


class Proxy:
    """A context manager: inside it the proxy serves ``address``.

    Args:
        name: ``nginx`` or ``caddy``.
        sites: what its configuration says of each site, as the kit prints it.
        certificate: a file with a certificate for all the names, and its key.
    """

    def __init__(self, name: str, address: str, sites: list[str], certificate: Path, folder: Path) -> None:
        self.address, self.log = address, folder / f"{name}.log"
        self._folder, self._certificate = folder, certificate
        text = "\n".join(sites)
        if name == "nginx":
            self._command = [
                program(name),
                "-c",
                self._write("nginx.conf", self._nginx(text)),
                "-e",
                self.log,
            ]
        else:
            file = self._write("Caddyfile", self._caddy(text))
            self._command = [program(name), "run", "--config", file, "--adapter", "caddyfile"]
        self._process: subprocess.Popen[bytes] | None = None

    def _write(self, name: str, text: str) -> Path:
        (self._folder / name).write_text(text)
        return self._folder / name

    def _nginx(self, sites: str) -> str:
        """As it stands in a package's nginx.conf; of the sites, only where certificates and ports are."""
        sites = re.sub(r"listen (\d+)", rf"listen {self.address}:\1", sites)
        sites = re.sub(r"/etc/ssl/\S+\.(pem|key)", str(self._certificate), sites)
        temporary = "".join(
            f"{kind}_temp_path {self._folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.getuid() == 0 else ""
        return (
            f"daemon off; pid {self._folder}/nginx.pid; worker_processes 1; {user}\n"
            f"events {{ worker_connections 256; }}\nhttp {{ access_log off; {temporary}\n{sites}\n}}\n"
        )

    def _caddy(self, sites: str) -> str:
        """The same: the certificates, which Caddy would fetch, are given to it."""
        tls = rf"\1\n\ttls {self._certificate} {self._certificate}"
        sites = re.sub(r"(?m)^(\S+ \{)$", tls, sites)
        return f"{{\n\tadmin off\n\tdefault_bind {self.address}\n}}\n{sites}"

    def __enter__(self) -> Proxy:
        home = {
            "HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "PATH": os.environ["PATH"],
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=home, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.create_connection((self.address, 443), 1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"The proxy did not start:\n{self.log.read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(10)
            self._process = None
