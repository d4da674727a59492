"""Real dev servers for the tests: installed once, each started in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.real.strapi import _NODE, _free_port, install_packages

_HERE = Path(__file__).parent
_STARTING = 60  # seconds; it takes one to ten
_BUILDING = 300
_ENDING = 10


@dataclass(frozen=True)
class Kind:
    """``command`` lies in ``node_modules`` and ends before the port; ``source`` says "Shop" on the page.

    ``build`` is what runs before it, to the end.
    """

    name: str
    command: tuple[str, ...]
    source: str
    build: tuple[str, ...] = ()


VITE = Kind("vite", ("vite/bin/vite.js", "--strictPort", "--port"), "main.js")
NEXT = Kind("next", ("next/dist/bin/next", "dev", "--hostname", "localhost", "--port"), "app/page.js")
# As they are deployed.
_VITE, _NEXT = VITE.command[0], NEXT.command[0]
VITE_BUILT = Kind(
    "vite", (_VITE, "preview", "--host", "127.0.0.1", "--strictPort", "--port"), "main.js", (_VITE, "build")
)
NEXT_BUILT = Kind(
    "next", (_NEXT, "start", "--hostname", "127.0.0.1", "--port"), "app/page.js", (_NEXT, "build")
)


def install(kind: Kind) -> Path:
    return install_packages(_HERE / kind.name)


class DevServer:
    """A context manager: inside it, the project is served at ``url``, and its source may be changed.

    The project lies below the installed packages while it runs: Node looks for them upwards, and Next
    refuses a link to them. ``folder`` is an empty one, for its log;
    ``files`` are more of the project.
    """

    def __init__(self, kind: Kind, folder: Path, files: dict[str, str] | None = None) -> None:
        self.kind, self.folder, self.log = kind, folder, folder / "dev-server.log"
        self._files = files or {}
        self.url = ""
        self._stack = ExitStack()

    def __enter__(self) -> DevServer:
        packages = install(self.kind)
        with ExitStack() as stack:
            self.project = Path(stack.enter_context(TemporaryDirectory(prefix="run-", dir=packages)))
            # Without the lock file, which would tell Next that its packages lie here.
            given = shutil.ignore_patterns("package*.json")
            shutil.copytree(_HERE / self.kind.name, self.project, ignore=given, dirs_exist_ok=True)
            for name, text in self._files.items():
                (self.project / name).parent.mkdir(parents=True, exist_ok=True)
                (self.project / name).write_text(text)
            self._source = self.project / self.kind.source
            self._original = self._source.read_text()
            self._start(packages / "node_modules", _free_port())
            stack.callback(self._end)
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, name: str) -> None:
        """Change the source, so that the page says ``name`` instead of "Shop"."""
        self._source.write_text(self._original.replace("Shop", name))

    def _start(self, packages: Path, port: int) -> None:
        self.url = f"http://localhost:{port}"
        if self.kind.build:
            self._run(packages, self.kind.build).wait(_BUILDING)
        self._process = self._run(packages, (*self.kind.command, str(port)))

    def _run(self, packages: Path, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        program, *options = command
        with self.log.open("ab") as log:
            return subprocess.Popen(
                (_NODE, str(packages / program), *options),
                cwd=self.project,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "NEXT_TELEMETRY_DISABLED": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(self.url, timeout=_STARTING, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"The dev server did not start:\n{self.log.read_text()[-2000:]}")

    def _end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING)
