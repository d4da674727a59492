"""Public https names on this machine: an HTTP proxy that leads ``CONNECT name:443`` to a loopback port.

What a program behind a company's proxy sees, it sees here: names that it cannot resolve itself, reached
through ``HTTPS_PROXY``, with certificates of an authority that ``SSL_CERT_FILE`` makes known.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path

import trustme


class HttpsNames:
    """A context manager; ``environment`` is what a program needs to see the names."""

    def __init__(self, ports: dict[str, int], folder: Path) -> None:
        self.ports = ports
        authority = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*ports).configure_cert(self._context)
        self._certificates = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self._certificates))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> HttpsNames:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self._server = starting.result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def environment(self) -> dict[str, str]:
        port = self._server.sockets[0].getsockname()[1]
        return {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "SSL_CERT_FILE": str(self._certificates)}

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _close(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ")[1].decode().partition(":")[0]
            if name not in self.ports:
                writer.write(b"HTTP/1.1 502 Unknown name\r\n\r\n")
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._context)
            there, back = await asyncio.open_connection("127.0.0.1", self.ports[name])
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pump(reader, back))
                    both.create_task(_pump(there, writer))
            finally:
                back.transport.abort()
        except* (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ssl.SSLError):
            pass  # the caller went away, or nobody serves the name just now
        except* asyncio.CancelledError:
            pass  # the names are being taken down; asyncio would print this task's farewell
        finally:
            # Not close: that would wait for a TLS farewell that a killed program never sends.
            writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
    sink.close()
