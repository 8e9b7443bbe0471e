"""Traces as values: a span is told once, when it is over, by whoever knows how long it took.

So nothing of a span is lost with a process: a later one knows its name in the trace, for that comes from the job's
id, and its beginning from the job's row. What sends spans is loaded only where somebody wants them.
"""

import hashlib
import importlib
import os
import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["server", "client", "internal"]
Attributes = Mapping[str, str | int | float | bool]
"""Never a prompt, a key, or an address: those may have secrets in them."""

_W3C = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = 1
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"


class TracesRefused(Exception):
    """The environment asks for traces that cannot be sent; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span as others know it: its trace, and its own number there."""

    trace_id: int
    span_id: int
    sampled: bool

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that happened during a span."""

    name: str
    at: float
    """Unix seconds."""
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    name: str
    kind: Kind
    place: Place
    parent: Place | None
    began: float
    """Unix seconds."""
    ended: float
    attributes: Attributes = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    error: str | None = None
    """One word for what went wrong."""


class Traces(Protocol):
    """Where spans go."""

    def arrive(self, traceparent: str | None) -> Place | None:
        """The place of a request that comes with this header; None where no traces are kept."""
        ...

    def record(self, span: Span) -> None: ...

    async def close(self) -> None:
        """Sends what has not been sent, unless that takes long."""
        ...


class NoTraces:
    """Nobody wants them."""

    def arrive(self, traceparent: str | None) -> Place | None:
        return None

    def record(self, span: Span) -> None:
        return

    async def close(self) -> None:
        return


present: ContextVar[Place | None] = ContextVar("place", default=None)
"""That of the request which the running code works for."""


def open_traces(process: str) -> Traces:
    """Reads the standard variables of OpenTelemetry. Raises `TracesRefused`."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return NoTraces()
    if (
        os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    ):
        return NoTraces()
    spoken = next((value for name in _PROTOCOLS if (value := os.environ.get(name))), _SPOKEN)
    if spoken != _SPOKEN:
        raise TracesRefused(f"traces are sent as {_SPOKEN}, and the environment asks for {spoken}")
    try:
        otel = importlib.import_module("reelrouter.observe.otel")
    except ModuleNotFoundError as missing:
        raise TracesRefused(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, and sending traces needs {missing.name}: "
            "pip install 'reelrouter[otel]'"
        ) from missing
    traces: Traces = otel.OtelTraces(process)
    return traces


def parse(traceparent: str | None) -> Place | None:
    """None for what is no such header, as the standard says: then a new trace begins."""
    found = _W3C.fullmatch(traceparent or "")
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return Place(trace_id=int(found[1], 16), span_id=int(found[2], 16), sampled=bool(int(found[3], 16) & _SAMPLED))


def named_below(parent: Place, name: str) -> Place:
    """The place of a span that every process finds by its name."""
    span_id = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
    return Place(trace_id=parent.trace_id, span_id=span_id or 1, sampled=parent.sampled)


def any_below(parent: Place) -> Place:
    """A place that nobody else will ask for."""
    return Place(trace_id=parent.trace_id, span_id=secrets.randbits(64) or 1, sampled=parent.sampled)
