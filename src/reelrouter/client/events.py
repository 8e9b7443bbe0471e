"""Server-sent events: bytes in, events out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")
MOST_PENDING = 8 * 1024 * 1024
"""Bytes of one event; a stream that sends more without ending it is not of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: str
    data: str


class EventReader:
    """Fed with pieces that are cut anywhere, it gives every event that has become whole."""

    def __init__(self) -> None:
        self._pending = b""
        self._name = ""
        self._data: list[str] = []
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Raises `OverflowError` for a line that never ends."""
        self._pending += piece
        if len(self._pending) > MOST_PENDING:
            raise OverflowError("an event without an end")
        for line in self._lines():
            event = self._read(line)
            if event is not None:
                yield event

    def _lines(self) -> Iterator[str]:
        start = 0
        # A carriage return at the very end may be the first half of a line's end.
        whole = self._pending[:-1] if self._pending.endswith(b"\r") else self._pending
        for end in _LINE_END.finditer(whole):
            line = whole[start : end.start()].decode(errors="replace")
            start = end.end()
            yield line if self._begun else line.removeprefix("\ufeff")
            self._begun = True
        self._pending = self._pending[start:]

    def _read(self, line: str) -> Event | None:
        if not line:
            return self._take()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        return None

    def _take(self) -> Event | None:
        event = Event(name=self._name or "message", data="\n".join(self._data)) if self._data else None
        self._name, self._data = "", []
        return event
