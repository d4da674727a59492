"""Real Strapis for the tests: installed once, started often, each time with an empty database.

``python -m tests.real.strapi`` installs all versions, two at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from helpers.core.masking import Secret
from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE, entry_source, provider_source

# The last of each way to end a login, and the last of Strapi 4.
VERSIONS = ("5.54.0", "5.52.3", "5.50.0", "4.26.2")
NEWEST, OLDEST = VERSIONS[0], VERSIONS[-1]
ADMIN_EMAIL = "admin@example.com"
ADMIN_PASSWORD = Secret("Real-Strapi-2026")

# Read here, because tests run without the variables of this kit.
_CACHE = Path(os.environ.get("KIT_CACHE") or "~/.cache/instagram-login-kit").expanduser().resolve()

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = itertools.count(12_000 + _WORKER % 4 * 4_000 + os.getpid() % 2_000)  # Linux gives 32768 on
_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parent.parent
_NODE = "node"
_INSTALLING = 900  # seconds; it takes one to four minutes
_STARTING = 90  # seconds; it takes three to twenty

# Strapi wants them set; they protect a database that lives for one test run.
_KEYS = (
    "APP_KEYS",
    "ADMIN_JWT_SECRET",
    "API_TOKEN_SALT",
    "TRANSFER_TOKEN_SALT",
    "ENCRYPTION_KEY",
    "JWT_SECRET",
)
JWT_SECRET = "JWT_SECRET-for-tests-only"


def install(version: str) -> Path:
    """The folder of a Strapi project that is ready to start; only the first call takes minutes.

    The packages lie outside the repository, in ``$KIT_CACHE``, so that a fresh checkout finds them again.
    """
    project = _REPOSITORY / ".real" / f"strapi-{version}"
    project.mkdir(parents=True, exist_ok=True)
    with _lock(project / ".lock"):
        for source in (*_HERE.glob("config/*"), _HERE / "preload.js"):
            _copy(source, project / source.relative_to(_HERE))
        _copy(_HERE / version / "package.json", project / "package.json")
        for name, source in ((PROVIDER_FILE, provider_source()), (ENTRY_FILE, entry_source())):
            _write(source.encode(), project / name)
        (project / "public" / "uploads").mkdir(parents=True, exist_ok=True)
        packages = _packages(version)
        link = project / "node_modules"
        if link.resolve() != packages.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(packages)
    return project


def _packages(version: str) -> Path:
    """``node_modules`` for this lock file and this Node, since one package is compiled for it."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    node = _run(_NODE, "-p", "process.version + process.platform + process.arch").strip()
    wanted = [_HERE / version / name for name in ("package.json", "package-lock.json")]
    key = hashlib.sha256(node.encode() + b"".join(file.read_bytes() for file in wanted))
    name = f"strapi-{version}-{key.hexdigest()[:16]}"
    with _lock(_CACHE / f"{name}.lock"):
        if not (_CACHE / name).exists():
            partial = _CACHE / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for file in (*wanted, _HERE / ".npmrc"):
                shutil.copy(file, partial)
            # Not `npm ci`: it wants the optional packages of all platforms in the lock file, and not
            # every registry has them. The versions are those of the lock file either way.
            _run("npm", "install", cwd=partial)
            _run(_NODE, "-e", "new (require('better-sqlite3'))(':memory:')", cwd=partial)
            partial.rename(_CACHE / name)
    return _CACHE / name / "node_modules"


def install_packages(source: Path) -> Path:
    """A folder in the cache with the packages of ``source``'s lock file; only the first call takes long."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    files = [source / "package.json", source / "package-lock.json", _HERE / ".npmrc"]
    node = _run(_NODE, "-p", "process.version + process.platform + process.arch").strip()
    key = hashlib.sha256(node.encode() + b"".join(file.read_bytes() for file in files))
    folder = _CACHE / f"{source.name}-{key.hexdigest()[:16]}"
    with _lock(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for file in files:
                shutil.copy(file, partial)
            _run("npm", "install", cwd=partial)
            partial.rename(folder)
    return folder


class RealStrapi:
    """A context manager: inside it, a Strapi with an empty database answers at ``url``.

    Args:
        folder: an empty one, for its database and its log.
        version: one of ``VERSIONS``.
        public_url: ``url`` of ``config/server``.
        instagram_url: where its calls to Instagram go instead; nowhere by default.
        register: whether the administrator is registered already.
        environment: further variables of its process, such as ``NODE_ENV``.
    """

    def __init__(
        self,
        folder: Path,
        version: str = NEWEST,
        *,
        public_url: str = "",
        instagram_url: str = "http://127.0.0.1:9",
        register: bool = True,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.project, self.folder, self.log = install(version), folder, folder / "strapi.log"
        self._register = register
        self._given = {"PUBLIC_URL": public_url, "INSTAGRAM_URL": instagram_url, **(environment or {})}
        self.command: tuple[str, ...] = (
            _NODE, "--require", "./preload.js", "node_modules/@strapi/strapi/bin/strapi.js", "start",
        )  # fmt: skip
        self.starting = _STARTING
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> RealStrapi:
        port = int(self.url.rpartition(":")[2] or _free_port())  # a restart comes back where it was
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.project,
                env=self._environment(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait()
            if self._register:
                self._register_admin()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it with all that it started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _environment(self, port: int) -> dict[str, str]:
        """Its own: nothing of the person who runs the tests gets in."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PORT": str(port),
            "NODE_ENV": "development",
            "DATABASE_FILENAME": str(self.folder / "data.db"),
            "STRAPI_TELEMETRY_DISABLED": "true",
            "STRAPI_DISABLE_UPDATE_NOTIFICATION": "true",
            **{name: f"{name}-for-tests-only" for name in _KEYS},
            **self._given,
        }

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self.starting
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"Strapi ended by itself:\n{self.log.read_text()[-2000:]}")
            try:
                if httpx.get(f"{self.url}/_health", timeout=5).status_code == 204:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise TimeoutError(f"Strapi did not start:\n{self.log.read_text()[-2000:]}")

    def _register_admin(self) -> None:
        form = {"firstname": "Test", "lastname": "Admin", "email": ADMIN_EMAIL}
        form["password"] = ADMIN_PASSWORD.reveal()
        httpx.post(f"{self.url}/admin/register-admin", json=form, timeout=10).raise_for_status()


def _free_port() -> int:
    """Strapi takes seconds until it listens: no port that the system, or another test process, gives away."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := next(_PORTS)))
            return port


def _copy(source: Path, target: Path) -> None:
    _write(source.read_bytes(), target)


def _write(content: bytes, target: Path) -> None:
    """Only what differs: another test process may be reading the rest."""
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One test process at a time; the others wait until it is done."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_INSTALLING, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as two:
        for folder in two.map(install, VERSIONS):
            print(f"{folder.name} is installed", flush=True)
