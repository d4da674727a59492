"""A public address from ngrok, through pyngrok.

An ngrok agent can fall silent, die unnoticed, outlive the kernel that started it and print the authtoken;
pyngrok can neither be told to give up nor asked whether all is well. :class:`NgrokTunnel` makes up for it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import getproxies, proxy_bypass

from helpers.core.errors import Stopped, TunnelError
from helpers.core.masking import Secret, redact
from helpers.failures import known
from helpers.tunnel import ngrok_agent, ngrok_lease, ngrok_refusals
from helpers.web import port_holder
from helpers.web.deadline import aside

_DOWNLOAD_PATIENCE = 180.0  # seconds for ten megabytes over a conference's Wi-Fi
_TICK = 0.05  # seconds between two looks at the clock


class NgrokTunnel:
    """One agent with one address, ended by :meth:`stop`, by the interpreter's end, or by a newer start.

    ``state_dir`` belongs to the tunnel: one that another process holds open with the same folder is left
    alone, an agent without its process is ended. The authtoken is in a file there (mode 600) only while an
    agent is starting.
    ``deadline`` and ``patience`` are seconds: for a whole start, and for an address still held by somebody.
    """

    def __init__(
        self,
        *,
        authtoken: Secret,
        state_dir: Path,
        domain: str = "",
        ngrok_path: Path | None = None,
        deadline: float = 30.0,
        patience: float = 6.0,
    ) -> None:
        self._authtoken, self._domain, self._ngrok_path = authtoken, domain, ngrok_path
        self._state_dir = state_dir.absolute()
        self._config_file = self._state_dir / "ngrok.yml"
        self._deadline, self._patience = deadline, patience
        self._lines: deque[str] = deque(maxlen=100)
        self._lock = threading.Lock()
        self._process: Any = None
        self._life_line: int | None = None
        self.url = self.upstream = ""

    @property
    def alive(self) -> bool:
        """Asked of the process itself, because nobody tells us when an agent dies."""
        process = self._process
        return process is not None and process.proc.poll() is None

    @property
    def log(self) -> list[str]:
        """The agent's last lines, redacted."""
        return list(self._lines)

    def start(self, upstream: str, cancelled: threading.Event | None = None) -> str:
        """The public URL of ``upstream``; a second start returns the running one, or moves it elsewhere.

        Raises:
            TunnelError: no address, and why.
            Stopped: ``cancelled`` was set meanwhile.
        """
        with self._lock:
            if self.alive and upstream == self.upstream:
                return self.url
            self._end()
            self._check_facts()
            self._check_holder()
            self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lines.clear()
            program = self._ngrok_path or ngrok_agent.find() or self._download(cancelled)
            _unless_stopped(cancelled)  # a quick agent would be up before anybody looked
            given_up = threading.Event()
            opening = aside(lambda: self._explained(lambda: self._open(program, upstream, given_up)), "ngrok")
            try:
                self.url = _wait(opening, self._deadline, cancelled, self._too_late)
            except BaseException:
                given_up.set()
                self._clear_up_after(opening)
                raise
            self.upstream = upstream
            return self.url

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _check_facts(self) -> None:
        if not self._authtoken:
            raise TunnelError.of(known.AUTHTOKEN_MISSING, "No authtoken was given")
        # Quoted in a log, any other character would be escaped, and the token no longer recognised.
        if not re.fullmatch(r"[\w-]+", self._authtoken.reveal()):
            raise TunnelError.of(known.AUTHTOKEN_MALFORMED)
        _no_proxy_to_this_machine()

    def _check_holder(self) -> None:
        """Nothing is broken then, so it has no id: the reader has two of them."""
        if held := ngrok_lease.held_elsewhere(self._state_dir, self._config_file):
            whose = port_holder.told(held.kernel)
            fix = ["Log in there, or press Stop there (step 1.1) and try again."]
            raise TunnelError(f"The tunnel is held open by {whose}", fix=fix)

    def _download(self, cancelled: threading.Event | None) -> Path:
        def too_late() -> TunnelError:
            return TunnelError.of(known.AGENT_DOWNLOAD_FAILED, "It took too long")

        work = aside(lambda: self._explained(lambda: ngrok_agent.download(self._state_dir)), "ngrok")
        return Path(_wait(work, _DOWNLOAD_PATIENCE, cancelled, too_late))

    def _open(self, program: Path, upstream: str, given_up: threading.Event) -> str:
        from pyngrok import ngrok

        ngrok_agent.require_version(program)
        ngrok_lease.end_leased(self._state_dir, self._config_file)
        config = self._configure(program, upstream)
        self._life_line = ngrok_lease.life_line(self._state_dir)
        try:
            if given_up.is_set():
                return ""
            self._process = ngrok.get_ngrok_process(config)
        finally:
            self._config_file.unlink(missing_ok=True)  # the agent has read it
        return self._ask_for_address(upstream, given_up)

    def _configure(self, program: Path, upstream: str) -> Any:
        from pyngrok.conf import PyngrokConfig

        # The lines reach us through the callback; this logger would print them, token included, to stderr.
        logging.getLogger("pyngrok.process.ngrok").disabled = True
        self._config_file.unlink(missing_ok=True)
        private = os.open(self._config_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(private, "w", encoding="utf-8") as file:
            # JSON is YAML too, and every one of its strings is quoted.
            # Nothing of what passes is kept: the agent's memory of requests would hold codes and cookies.
            agent = {"authtoken": self._authtoken.reveal(), "inspect_db_size": -1}
            json.dump({"version": "3", "agent": agent}, file)
        config = PyngrokConfig(
            ngrok_path=str(ngrok_agent.launcher(program, self._state_dir, self._domain, upstream)),
            config_path=str(self._config_file),
            log_event_callback=lambda line: self._lines.append(redact(line.line)),
            startup_timeout=max(1, int(self._deadline / 2)),
            start_new_session=True,  # else interrupting a cell would end the tunnel
        )
        config.auth_token = None  # pyngrok has read NGROK_AUTHTOKEN and would put it into the arguments
        return config

    def _ask_for_address(self, upstream: str, given_up: threading.Event) -> str:
        """Not by ``connect``, which starts a second agent if ours has been ended meanwhile."""
        from pyngrok import ngrok
        from pyngrok.exception import PyngrokNgrokHTTPError

        # Without inspection: the agent's own record of requests would hold codes, cookies and tokens.
        wish: dict[str, Any] = {"name": "kit", "upstream": {"url": upstream}, "inspect": False}
        if self._domain:
            wish["url"] = f"https://{self._domain}"
        until, pause = time.monotonic() + self._patience, 0.1
        while True:
            try:
                answer = ngrok.api_request(f"{self._process.api_url}/api/endpoints", "POST", wish)
                return str(answer.get("url") or answer["public_url"])
            except PyngrokNgrokHTTPError as error:
                # A domain stays taken for some seconds after its agent was killed.
                if "ERR_NGROK_334" not in error.body or time.monotonic() + pause > until:
                    raise
            if given_up.wait(pause):
                return ""
            pause *= 2

    def _explained(self, work: Callable[[], Any]) -> Any:
        """``work``, its library errors told in the catalogue's words.

        Raised outside of ``except``, so that the library's text, which may hold the token, is not kept.
        """
        from pyngrok.exception import PyngrokError, PyngrokNgrokInstallError
        from yaml import YAMLError

        try:
            return work()
        except PyngrokNgrokInstallError as error:
            trouble = TunnelError.of(known.AGENT_DOWNLOAD_FAILED, ngrok_refusals.shown(str(error)))
        except (PyngrokError, YAMLError, HTTPException, ValueError, LookupError) as error:
            said = str(error)
            trouble = ngrok_refusals.refusal(said if "ERR_NGROK" in said else "\n".join([said, *self._lines]))
        except OSError as error:
            trouble = TunnelError(
                "The ngrok agent cannot be run", failure=known.AGENT_DOES_NOT_START, evidence=str(error)
            )
        raise trouble

    def _too_late(self) -> TunnelError:
        return ngrok_refusals.refusal("\n".join([f"Not ready after {self._deadline:g} s", *self._lines]))

    def _clear_up_after(self, opening: Future[Any]) -> None:
        """Nothing can be told to pyngrok, but it comes back when its agent is gone."""
        until = time.monotonic() + 5
        while not opening.done() and time.monotonic() < until:
            ngrok_lease.end_leased(self._state_dir, self._config_file)
            wait([opening], _TICK)
        self._config_file.unlink(missing_ok=True)
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        self.url = self.upstream = ""
        if process:
            ngrok_lease.end(process.proc)
            if (
                ngrok_lease.leased_pid(self._state_dir) == process.proc.pid
            ):  # else a newer start has taken over
                ngrok_lease.lease(self._state_dir).unlink()
        if self._life_line is not None:
            os.write(self._life_line, b"\n")  # the agent has ended: its number may be somebody else's now
            os.close(self._life_line)
            self._life_line = None


def _wait(
    work: Future[Any], seconds: float, cancelled: threading.Event | None, too_late: Callable[[], TunnelError]
) -> Any:
    until = time.monotonic() + seconds
    while not wait([work], _TICK).done:
        _unless_stopped(cancelled)
        if time.monotonic() > until:
            raise too_late()
    return work.result()


def _unless_stopped(cancelled: threading.Event | None) -> None:
    if cancelled and cancelled.is_set():
        raise Stopped("The start of the tunnel was stopped")


def _no_proxy_to_this_machine() -> None:
    """pyngrok asks its agent here, and takes a proxy of the environment for that, although it leads out."""
    if getproxies().get("http") and not proxy_bypass("127.0.0.1"):
        others = filter(None, getproxies().get("no", "").split(","))
        os.environ["no_proxy"] = ",".join([*others, "127.0.0.1", "localhost"])
