"""Which request the running code works for: known to whoever logs, without being handed through."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""None outside of a request."""
