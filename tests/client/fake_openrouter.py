"""An OpenRouter of this machine: real HTTP on loopback, answering as recordings of the real one do.

Jobs are pending until they are completed, never in progress; videos come in chunks without a length, and `Range`
is ignored; every link to them needs the key; there is no list, no cancelling, no estimate and no stream of events.
What a test wants otherwise it sets, or plans as a fault for the next request of a kind.
"""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

KEY = "sk-or-v1-of-a-test"
FILM = bytes(range(256)) * 1024
"""What stands for a video: a quarter of a megabyte of which every part can be told from its neighbours."""
MODELS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "catalogue" / "recorded.json").read_text())
JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"

_CHUNK = 32 * 1024

Kind = Literal["submit", "poll", "content", "models", "else"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that arrived."""

    kind: Kind
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class FakeOpenRouter:
    """One server. It has one job, whatever is submitted."""

    base_url: str
    pending_polls: int = 2
    ending: Mapping[str, Any] = field(default_factory=lambda: {"status": "completed"})
    polling_url: str | None = "absolute"
    """`absolute`, `relative`, or None for none."""
    links: tuple[str, ...] | None = None
    """`unsigned_urls` instead of its own; empty for none."""
    film: bytes = FILM
    has_ranges: bool = False
    """Lengths, tags and parts, as ReelRouter has them and OpenRouter has not."""
    polls: int = 0
    """How many were answered well."""
    seen: list[Seen] = field(default_factory=list)
    faults: defaultdict[Kind, deque["Fault"]] = field(default_factory=lambda: defaultdict(deque))

    def plan(self, kind: Kind, *faults: "Fault") -> None:
        """What happens to the next requests of a kind, one after another."""
        self.faults[kind].extend(faults)

    def asked(self, kind: Kind) -> list[Seen]:
        return [one for one in self.seen if one.kind == kind]

    def polled(self) -> dict[str, Any]:
        """The job as one more poll shows it."""
        self.polls += 1
        shown: dict[str, Any] = {"id": JOB, "generation_id": JOB, **self._polling()}
        if self.polls <= self.pending_polls:
            return {**shown, "status": "pending"}
        shown |= self.ending
        if shown["status"] == "completed":
            own = (f"{self.base_url}/api/v1/videos/{JOB}/content?index=0",)
            links = own if self.links is None else self.links
            shown |= {"unsigned_urls": list(links)} if links else {}
            shown |= {"usage": {"cost": 0.4, "is_byok": False}}
        return shown

    def placed(self) -> dict[str, Any]:
        return {"id": JOB, "status": "pending", **self._polling()}

    def _polling(self) -> dict[str, str]:
        if self.polling_url is None:
            return {}
        path = f"/api/v1/videos/{JOB}"
        return {"polling_url": self.base_url + path if self.polling_url == "absolute" else path}


@contextmanager
def fake_openrouter() -> Iterator[FakeOpenRouter]:
    class Handler(_Handler):
        pass

    server = _Server(("127.0.0.1", 0), Handler)
    Handler.fake = fake = FakeOpenRouter(base_url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what several tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeOpenRouter

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        seen = Seen(
            kind=_kind(self.command, self.path),
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        self.fake.seen.append(seen)
        planned = self.fake.faults[seen.kind]
        if planned:
            planned.popleft()(self)
        else:
            self._answer(seen)

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Tests print what matters."""

    def says(self, status: int, value: Any, **headers: str) -> None:
        self.sends(status, json.dumps(value).encode(), content_type="application/json", **headers)

    def sends(self, status: int, body: bytes, **headers: str) -> None:
        self.begins(status, content_length=str(len(body)), **headers)
        self.wfile.write(body)

    def begins(self, status: int, **headers: str) -> None:
        """Writes the head; `content_type` is Content-Type."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def hangs_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(SHUT_RDWR)

    def chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def film(self, upto: int | None = None) -> None:
        """The video; up to some byte of it, where the connection breaks."""
        if self.fake.has_ranges:
            self._film_with_length(upto)
            return
        self.begins(200, content_type="video/mp4", transfer_encoding="chunked")
        film = self.fake.film[:upto]
        for start in range(0, len(film), _CHUNK):
            self.chunk(film[start : start + _CHUNK])
        if upto is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.hangs_up()

    def _film_with_length(self, upto: int | None) -> None:
        film, start = self.fake.film, 0
        asked = self.headers.get("range", "")
        tag = f'"{len(film)}"'
        if asked and self.headers.get("if-range", tag) == tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(film):
            self.begins(416, content_range=f"bytes */{len(film)}", content_length="0")
            return
        place = {"content_range": f"bytes {start}-{len(film) - 1}/{len(film)}"} if start else {}
        length = str(len(film) - start)
        self.begins(206 if start else 200, content_type="video/mp4", content_length=length, etag=tag, **place)
        self.wfile.write(film[start:upto])
        if upto is not None:
            self.hangs_up()

    def _answer(self, seen: Seen) -> None:
        if seen.kind == "models":
            self.says(200, {"data": MODELS})
        elif seen.headers.get("authorization") != f"Bearer {KEY}":
            self.says(401, _error(401, "No cookie auth credentials found"))
        elif seen.kind == "submit":
            self._submit(seen.json())
        elif seen.kind == "poll":
            self.says(200, self.fake.polled())
        elif seen.kind == "content":
            self._content(parse_qs(urlsplit(seen.path).query))
        else:
            self.says(404, _error(404, "Not Found"))

    def _submit(self, body: Mapping[str, Any]) -> None:
        rows = {row["id"]: row for row in MODELS}
        row = rows.get(body.get("model", ""))
        duration = body.get("duration", 4)
        if row is None:
            self.says(400, _error(400, f"{body.get('model')} is not a valid model ID"))
        elif not isinstance(duration, int):
            self.says(400, _zod("duration", "Invalid input: expected int, received number"))
        elif duration not in (row["supported_durations"] or (duration,)):
            listed = ", ".join(str(one) for one in row["supported_durations"])
            message = f"Duration {duration}s is not supported for this model. Supported durations: {listed}s"
            self.says(400, _error(400, message, {"failed_routing_step": "Validate Video Parameters"}))
        else:
            self.says(202, self.fake.placed())

    def _content(self, query: Mapping[str, list[str]]) -> None:
        index = int(query.get("index", ["0"])[0])
        if index:
            self.says(400, _error(400, f"Video index {index} out of range (1 videos available)"))
        else:
            self.film()


Fault = Callable[[_Handler], None]


def says(status: int, value: Any, **headers: str) -> Fault:
    """JSON with some status."""
    return lambda handler: handler.says(status, value, **headers)


def fails(status: int, message: str = "it failed", **headers: str) -> Fault:
    """An error in the contract's shape."""
    return says(status, _error(status, message), **headers)


def sends(status: int, body: bytes, **headers: str) -> Fault:
    return lambda handler: handler.sends(status, body, **headers)


def redirects(url: str, status: int = 302) -> Fault:
    return lambda handler: handler.sends(status, b"", location=url)


def hangs_up(handler: _Handler) -> None:
    """No answer: the connection is closed."""
    handler.hangs_up()


def breaks_off(handler: _Handler) -> None:
    """JSON of which the end is missing, though what has come could be read."""
    handler.begins(200, content_type="application/json", content_length="99")
    handler.wfile.write(b'{"data": []}')
    handler.hangs_up()


def breaks_after(count: int) -> Fault:
    """The video's first bytes, and then the connection breaks."""
    return lambda handler: handler.film(upto=count)


def streams(*events: str) -> Fault:
    """Server-sent events, as they are written, and then the end of the stream."""

    def stream(handler: _Handler) -> None:
        handler.begins(200, content_type="text/event-stream; charset=utf-8", transfer_encoding="chunked")
        for event in events:
            handler.chunk(event.encode())
        handler.wfile.write(b"0\r\n\r\n")

    return stream


def _kind(method: str, path: str) -> Kind:
    steps = urlsplit(path).path.removeprefix("/api/v1/").split("/")
    match method, steps:
        case "POST", ["videos"]:
            return "submit"
        case "GET", ["videos", "models"]:
            return "models"
        case "GET", ["videos", _]:
            return "poll"
        case "GET", ["videos", _, "content"]:
            return "content"
        case _:
            return "else"


def _error(status: int, message: str, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    error = {"code": status, "message": message}
    return {"error": {**error, "metadata": metadata} if metadata else error, "user_id": "user_test"}


def _zod(field_name: str, message: str) -> dict[str, Any]:
    found = [{"code": "invalid_type", "path": [field_name], "message": message}]
    return {"success": False, "error": {"name": "ZodError", "message": json.dumps(found)}}
