"""Traces over real processes, as a collector gets them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.acceptance.orders import small
from tests.acceptance.receivers import Answer, receivers
from tests.acceptance.serving import Server
from tests.acceptance.waiting import ended, until

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
SECRET = "a lighthouse that nobody may hear of"


class Collector:
    """Takes OTLP over HTTP, and keeps the spans."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[dict[str, Any]] = []
        self.raw = b""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for of_resource in request.resource_spans:
            named = {one.key: one.value.string_value for one in of_resource.resource.attributes}
            self.spans += [
                {
                    "service": named["service.name"],
                    "name": span.name,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "seconds": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    "failed": span.status.code == 2,
                    "attributes": {one.key: _plain(one.value) for one in span.attributes},
                }
                for of_scope in of_resource.scope_spans
                for span in of_scope.spans
            ]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [span for span in self.spans if span["name"] == name]


def _plain(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def collecting() -> Iterator[Collector]:
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Tests print what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_one_trace_goes_from_the_client_through_api_and_engine_to_the_receiver(tmp_path: Path) -> None:
    """It goes on from the caller's own span. Prompts and addresses are not in it; receivers are not told of it."""
    with collecting() as collector, receivers(lambda *_: Answer()) as told:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        server = Server(tmp_path, {"allow_private_addresses": "true"}, environment)
        try:
            server.start()
            with server.client() as client:
                client.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
                body = small(prompt=SECRET, callback_url=f"{told.url}/hook?token=secret-token")
                placed = client.post("/api/v1/videos", json=body)
                assert ended(client, placed.json()["id"])["status"] == "completed"
                until(lambda: collector.named("deliver webhook"), "the delivery's span", 30.0)
                until(lambda: collector.named("job"), "the job's span", 30.0)
        finally:
            server.close()
    assert {span["trace"] for span in collector.spans} == {TRACE}
    (submit,), (job,), (attempt,) = (collector.named(name) for name in ("POST /api/v1/videos", "job", "attempt"))
    assert (submit["service"], submit["parent"]) == ("reelrouter-api", CALLER)
    assert submit["attributes"]["http.response.status_code"] == 202
    assert submit["attributes"]["reelrouter.request"] == placed.headers["X-Request-Id"]
    assert (job["service"], job["parent"]) == ("reelrouter-engine", submit["id"])
    assert job["attributes"]["reelrouter.job"] == placed.json()["id"]
    assert attempt["parent"] == job["id"]
    below = {
        span["name"]: span["parent"] for span in collector.spans if span["parent"] in {job["id"], attempt["id"]}
    }
    assert below == {
        "attempt": job["id"],
        "submit": attempt["id"],
        "wait": attempt["id"],
        "finish": job["id"],
        "ingest": job["id"],
        "deliver webhook": job["id"],
    }
    assert not any(span["failed"] for span in collector.spans)
    assert job["seconds"] >= attempt["seconds"] > 0
    assert SECRET.encode() not in collector.raw
    assert b"secret-token" not in collector.raw
    (hook,) = told.at("/hook?token=secret-token")
    assert "traceparent" not in {name.lower() for name in hook.headers}


def test_a_failed_job_is_a_failed_span_and_a_trace_of_its_own(tmp_path: Path) -> None:
    """Without a caller's trace each submit begins one."""
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces"}
        server = Server(
            tmp_path, {}, environment | {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_SERVICE_NAME": "video"}
        )
        try:
            server.start()
            with server.client() as client:
                jobs = [
                    client.post("/api/v1/videos", json=small(prompt="[[fail:server]]")).json()["id"] for _ in "12"
                ]
                for job in jobs:
                    assert ended(client, job)["status"] == "failed"
                until(lambda: len(collector.named("job")) == 2, "the jobs' spans", 30.0)
        finally:
            server.close()
    spans = collector.named("job")
    assert all(span["failed"] for span in spans)
    assert len({span["trace"] for span in spans}) == 2
    assert {span["service"] for span in collector.spans} == {"video"}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
        ({"PYTHONPATH": "blocked"}, "pip install 'reelrouter[otel]'"),
    ],
)
def test_traces_that_cannot_be_sent_stop_the_start(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    """With a word on what to do."""
    if "PYTHONPATH" in environment:
        blocked = tmp_path / "opentelemetry"
        blocked.mkdir()
        (blocked / "__init__.py").write_text("raise ModuleNotFoundError(name='opentelemetry')\n")
        environment = {"PYTHONPATH": str(tmp_path)}
    server = Server(tmp_path, {}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", **environment})
    with pytest.raises(AssertionError, match="ended at its start") as refused:
        server.start()
    assert said in json.dumps(refused.value.__notes__).replace("\\n", " ")
