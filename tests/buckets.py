"""A real S3 API for tests: a server in this process, and the environment that leads to it."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from moto.server import ThreadedMotoServer

BUCKET = "videos"


Application = Callable[[Any, Any], Iterable[bytes]]


class Gate:
    """In front of the server: while it is shut, requests are hung up on, or refused."""

    def __init__(self) -> None:
        self._is_shut = threading.Event()
        self._refuses = False

    def shut(self, *, refusing: bool) -> None:
        self._refuses = refusing
        self._is_shut.set()

    def open(self) -> None:
        self._is_shut.clear()

    @property
    def is_shut(self) -> bool:
        return self._is_shut.is_set()

    def before(self, application: Application) -> Application:
        def guarded(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if not self._is_shut.is_set():
                return application(environ, start_response)
            if not self._refuses:
                with suppress(OSError):
                    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]

        return guarded


@contextmanager
def s3_server(gate: Gate | None = None) -> Iterator[dict[str, str]]:
    """With an empty bucket; the environment is what obstore and every other tool of S3 reads."""
    storage = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    if gate is not None and storage._server is not None:
        storage._server.app = gate.before(storage._server.app)
    try:
        host, port = storage.get_host_and_port()
        url = f"http://{host}:{port}"
        httpx.put(f"{url}/{BUCKET}", trust_env=False).raise_for_status()
        yield {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        storage.stop()
