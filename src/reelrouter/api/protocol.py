"""HTTP/1.1 as our server speaks it: the library's, with an end to headers and an end that is heard.

What never becomes a request, no handler sees; it is refused here, in the shape of all errors.
"""

import asyncio
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from reelrouter.api.problems import envelope

MOST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers together, or a little more if they come at once."""
HEAD_PATIENCE = 20.0
"""Seconds for them to arrive."""
_LINGER = 5.0
"""Seconds for which a client that was answered before its body's end is still listened to."""


class Protocol(HttpToolsProtocol):
    """Given to uvicorn as its `http`."""

    _head_size = 0
    _timer: asyncio.TimerHandle | None = None
    """Runs while a head is being read."""
    _parted = False
    """All is said. What still comes is dropped."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._parting = _Parting(self)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._parted:
            return
        self._head_size += len(data)
        super().data_received(data)
        if self._timer is not None and self._head_size > MOST_HEAD:
            self._refuse(431, f"The request's headers have more than {MOST_HEAD} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._start_timer()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()
        self.cycle.transport = self._parting

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_size = 0

    def send_400_response(self, msg: str) -> None:
        """Called for bytes that are no HTTP; `msg` is the library's word for it."""
        self._refuse(
            400, "The request is not valid HTTP/1.1: its first line, a header or its framing is malformed."
        )

    def part(self) -> None:
        """Ends the connection after an answer, and after what the client may still be sending."""
        if self.cycle.more_body:
            self._linger()
        else:
            self.transport.close()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_PATIENCE, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Not while an earlier request of the same connection is still being answered."""
        if not self._is_answering():
            self._refuse(408, f"The request's headers did not arrive within {HEAD_PATIENCE:g} s.")

    def _refuse(self, status: int, message: str) -> None:
        self._stop_timer()
        if self._is_answering():  # whoever answers is told what it would be told if the client had gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = bytes(envelope(status, message, {"error_type": "invalid_request"}).body)
        lines = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
            "",
            "",
        )
        self.transport.write("\r\n".join(lines).encode() + body)
        self._linger()

    def _linger(self) -> None:
        """A client that were cut off while it sends would never read what it was told."""
        if not self.transport.is_closing():
            self._parted = True
            self.transport.write_eof()
            self.loop.call_later(_LINGER, self.transport.close)

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is not None and not cycle.response_complete


class _Parting(asyncio.Transport):
    """What the library takes for the transport of a request, and closes as it would close that."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._protocol.transport.write(data)

    def is_closing(self) -> bool:
        return self._protocol.transport.is_closing()

    def close(self) -> None:
        self._protocol.part()
