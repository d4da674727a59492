"""A workshop's load: attendees run all notebooks on autopilot at the same time, through one hub.

    python tests/bench/workshop_load.py [--attendees 1,5,10,20] [--json FILE]

Everything stays on loopback. Memory is PSS, in which a page that several processes share counts in parts; a
bare kernel is one that has only imported the third-party modules that a kit's kernel holds.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from load_client import Server, evaluate, run_notebook

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "workshop"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LOGIN = next(path for path in NOTEBOOKS if path.name.startswith("1_"))
_LONGEST = 300.0  # seconds for one size; twenty attendees take half of that on two cores
# In a kernel that has run the notebook of the login: what a bare kernel has to import to be compared with it.
_THIRD_PARTY = (
    "[name for name, module in list(__import__('sys').modules.items()) if 'site-packages' in"
    " (getattr(module, '__file__', None) or '') and not name.startswith(('__editable__', 'helpers'))]"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--attendees", default="1,5,10,20")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    print(HEAD)
    for attendees in map(int, arguments.attendees.split(",")):
        rows.append(asyncio.run(measure(attendees)))
        print(shown(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    sys.exit(1 if any(row["failures"] for row in rows) else 0)


HEAD = (
    "attendees  failures  servers up  notebooks  PSS of each: server   bare kernel   kernel and kit   ratio"
)


def shown(row: dict[str, Any]) -> str:
    if "bare" not in row:
        return f"{row['attendees']:9}  {'; '.join(row['failures'])}"
    lines = (
        f"{row['attendees']:9}  {len(row['failures']):8}  {row['start']:8.1f} s  {row['notebooks']:7.1f} s"
        f"  {row['server']:17.1f} MB  {row['bare']:9.1f} MB  {row['kernel'] + row['rest']:12.1f} MB"
        f"  {(row['kernel'] + row['rest']) / row['bare']:6.2f}"
    )
    return "\n".join([lines, *(f"    {failure}" for failure in row["failures"])])


async def measure(attendees: int) -> dict[str, Any]:
    row: dict[str, Any] = {"attendees": attendees, "failures": []}
    async with a_hub(attendees) as (hub, names):
        try:
            async with asyncio.timeout(_LONGEST):
                await _measure([Server(hub, name) for name in names], row)
        except (TimeoutError, ExceptionGroup) as error:
            row["failures"].append(f"not done in {_LONGEST:g} s: {error!r}")
    return row


async def _measure(servers: list[Server], row: dict[str, Any]) -> None:
    row["start"] = await timed(together(server.start() for server in servers))
    row["notebooks"] = await timed(together(everything(server, row["failures"]) for server in servers))
    row["server"], row["kernel"], row["rest"], modules = await with_kernels(servers, code_of(LOGIN))
    import_them = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    _, row["bare"], _, _ = await with_kernels(servers, [import_them])


async def everything(server: Server, failures: list[str]) -> None:
    for path in NOTEBOOKS:
        async with server.kernel() as kernel:
            failures += [
                f"{server.name}, {path.name}: {said}" for said in await run_notebook(kernel, code_of(path))
            ]


async def with_kernels(servers: list[Server], code: list[str]) -> tuple[float, float, float, list[str]]:
    """When all have run the code: memory of an attendee's server, kernel, and of what the kernel has started.

    Last, the third-party modules of one of the kernels.
    """
    ran, measured = asyncio.Barrier(len(servers) + 1), asyncio.Event()
    modules: list[str] = []

    async def one(server: Server) -> None:
        async with server.kernel() as kernel:
            failed = await run_notebook(kernel, code)
            if failed:
                raise RuntimeError(f"{server.name}: {failed}")
            await ran.wait()
            await measured.wait()
            modules[:] = ast.literal_eval(await evaluate(kernel, _THIRD_PARTY))

    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(one(server))
        await ran.wait()
        found = [memory(server.name) for server in servers]
        measured.set()
    server_, kernel, rest = (statistics.median(column) for column in zip(*found, strict=True))
    return server_, kernel, rest, modules


def memory(name: str) -> tuple[float, float, float]:
    """MB of an attendee's processes: the server, the kernels, all others."""
    sums = [0.0, 0.0, 0.0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"JUPYTERHUB_USER={name}\0".encode() not in (process / "environ").read_bytes() + b"\0":
                continue
            arguments = (process / "cmdline").read_bytes()
            lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        kind = 0 if b"jupyterhub.singleuser" in arguments else 1 if b"ipykernel_launcher" in arguments else 2
        sums[kind] += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return sums[0], sums[1], sums[2]


@asynccontextmanager
async def a_hub(attendees: int) -> Any:
    """The workshop's own hub, started and removed by its own commands; one more service may start servers."""
    folder = Path(tempfile.mkdtemp(prefix="kit-load-"))
    token, name = secrets.token_hex(16), f"load{os.getpid()}"
    config = folder / "config.py"
    config.write_text(_CONFIG.format(base=str(HUB / "jupyterhub_config.py"), token=token), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ["--state", str(folder / "state"), "--name", name, "--port", str(port)]
    command = [sys.executable, str(HUB / "hub.py")]
    environment = os.environ | {"WORKSHOP_CONFIG": str(config)}
    try:
        await asyncio.to_thread(
            subprocess.run, [*command, "start", "--attendees", str(attendees), *options],
            check=True, env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        names = [f"{name}-{number:02}" for number in range(1, attendees + 1)]
        headers = {"authorization": f"token {token}"}
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=300, trust_env=False) as hub:
            yield hub, names
    finally:
        subprocess.run([*command, "remove", *options], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


_CONFIG = """
load_subconfig({base!r})
c.JupyterHub.services = [*c.JupyterHub.services, {{"name": "load", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {{
    "name": "load", "services": ["load"], "scopes": ["admin:servers", "access:servers", "list:users"]}}]
c.Spawner.environment |= {{"KIT_AUTOPILOT": "1", "KIT_MODE": "rehearsal"}}
"""


def code_of(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


async def together(jobs: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(job)


async def timed(work: Any) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


if __name__ == "__main__":
    main()
