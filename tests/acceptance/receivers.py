"""Receivers of webhooks that behave as receivers do: they take, refuse, redirect, ask for time, or say nothing."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One request."""

    path: str
    at: float
    """Seconds of a clock that only goes forward."""
    headers: Mapping[str, str]
    body: bytes
    answer: int

    @property
    def key(self) -> str:
        return self.headers["X-OpenRouter-Idempotency-Key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


Decide = Callable[[str, str, int], Answer | None]
"""From the path, the key and how often it came before; None is no answer at all."""


class Receivers:
    """Everything that came in, in its order."""

    def __init__(self, decide: Decide) -> None:
        self.url = ""
        self.got: list[Got] = []
        self._decide = decide
        self._seen: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._lock = threading.Lock()
        self.over = threading.Event()

    def at(self, path: str) -> list[Got]:
        with self._lock:
            return [one for one in self.got if one.path == path]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        key = headers.get("X-OpenRouter-Idempotency-Key", "")
        with self._lock:
            answer = self._decide(path, key, self._seen[path, key])
            self._seen[path, key] += 1
            status = answer.status if answer else 0
            self.got.append(Got(path=path, at=time.monotonic(), headers=headers, body=body, answer=status))
        return answer


@contextmanager
def receivers(decide: Decide) -> Iterator[Receivers]:
    kept = Receivers(decide)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = kept.take(self.path, dict(self.headers.items()), body)
            if answer is None:
                kept.over.wait()
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": "0", **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Tests print what matters."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A gateway that is killed leaves connections behind."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        kept.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
