"""Waits for a job by a webhook, on a receiver of its own; asking goes on beside it, in the client's interval.

A webhook only wakes the one who waits: what became of the job is always asked of the server itself.
"""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.options import PaceOptions
from reelrouter.cli.output import note
from reelrouter.cli.progress import Shown
from reelrouter.client.errors import (
    JobFailed,
    NotCompleted,
    RateLimited,
    ServerFailed,
    SignatureInvalid,
    Unreachable,
)
from reelrouter.client.results import Job
from reelrouter.client.sync import Client
from reelrouter.client.webhooks import verify_webhook

_MOST_BYTES = 1024 * 1024


class Listener:
    """A receiver of webhooks. Use as a context manager."""

    def __init__(self, place: str, secret: str | None) -> None:
        """`place` is HOST:PORT; port 0 takes any that is free."""
        host, _, port = place.rpartition(":")
        if not port.isdecimal():
            fail(f"cannot listen on {place}", Exit.USAGE, "give HOST:PORT")
        try:
            self._server = ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), _handler(self))
        except (OSError, OverflowError) as error:
            fail(f"cannot listen on {place}: {error}", Exit.USAGE, "give HOST:PORT, with a port that is free")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._rung = threading.Event()
        self._secret = secret

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer a webhook with."""
        if self._secret is not None:
            try:
                verify_webhook(headers, body, self._secret)
            except SignatureInvalid as invalid:
                note(f"a webhook was refused: {invalid.message}")
                return 401
        self._rung.set()
        return 204

    def wait(self, client: Client, placed: Job, pace: PaceOptions, shown: Shown) -> Job:
        """The job with its video. Raises `JobFailed`, `NotCompleted`."""
        job = placed
        for polls in range(1, pace.attempts + 1):
            shown.job(job)
            if job.is_over:
                break
            self._rung.wait(pace.interval)
            self._rung.clear()
            try:
                job = client.get(placed)
            except (Unreachable, RateLimited, ServerFailed):
                continue
            job = replace(job, polls=polls, generation_id=job.generation_id or placed.generation_id)
        if not job.is_over:
            raise NotCompleted(job, pace.attempts)
        if not job.is_completed:
            raise JobFailed(job)
        return job


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            whole = length.isdecimal() and int(length) <= _MOST_BYTES
            body = self.rfile.read(int(length)) if whole else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(listener.receive(headers, body) if whole else 400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's word
            """Nothing is said of what comes in well."""

    return Handler
