"""Sends spans by OpenTelemetry's own exporter: the one module that imports it, loaded where traces are wanted."""

import asyncio
import os
import secrets
import threading
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from reelrouter.observe.traces import Kind, Place, Span, parse

_KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "internal": SpanKind.INTERNAL,
}
_SCOPE = InstrumentationScope("reelrouter")
_LONGEST_CLOSE = 3.0
"""Seconds: a collector that is gone must not keep a process from ending."""


class OtelTraces:
    """Implements `Traces`. Sampler, resource and exporter are configured by the standard variables."""

    def __init__(self, process: str) -> None:
        """`process` is the service's name, unless the environment names one."""
        self._provider = TracerProvider(resource=Resource.create(_service(process)), shutdown_on_exit=False)
        self._sending = BatchSpanProcessor(OTLPSpanExporter())

    def arrive(self, traceparent: str | None) -> Place | None:
        parent = parse(traceparent)
        trace_id = parent.trace_id if parent else secrets.randbits(128) or 1
        context = set_span_in_context(NonRecordingSpan(_context_of(parent))) if parent else None
        decision = self._provider.sampler.should_sample(context, trace_id, "submit").decision
        return Place(
            trace_id=trace_id, span_id=secrets.randbits(64) or 1, sampled=decision is Decision.RECORD_AND_SAMPLE
        )

    def record(self, span: Span) -> None:
        self._sending.on_end(
            ReadableSpan(
                name=span.name,
                kind=_KINDS[span.kind],
                context=_context_of(span.place),
                parent=_context_of(span.parent) if span.parent else None,
                resource=self._provider.resource,
                instrumentation_scope=_SCOPE,
                start_time=_nanoseconds(span.began),
                end_time=_nanoseconds(span.ended),
                attributes=span.attributes,
                events=[Event(note.name, note.attributes, _nanoseconds(note.at)) for note in span.notes],
                status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
            )
        )

    async def close(self) -> None:
        ending = threading.Thread(target=self._sending.shutdown, name="traces-end", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, _LONGEST_CLOSE)


def _service(process: str) -> dict[str, str]:
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {} if named else {"service.name": f"reelrouter-{process}"}


def _context_of(place: Place) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(place.trace_id, place.span_id, is_remote=True, trace_flags=flags)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
