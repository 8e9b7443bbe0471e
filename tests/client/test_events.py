"""Server-sent events, however the network cuts them."""

import pytest

from reelrouter.client.events import MOST_PENDING, Event, EventReader

STREAM = (
    "\ufeffid: 1\nevent: job\ndata: {\ndata: }\n\n: a comment\n\nevent: lost without data\n\n"
    "data:no space\r\n\r\nevent: job\rdata: ä\r\rdata: never ended\n"
).encode()
EVENTS = [
    Event(name="job", data="{\n}"),
    Event(name="message", data="no space"),
    Event(name="job", data="ä"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
def test_events_are_read_from_pieces_of_any_size(size: int) -> None:
    """A line's end, or a letter, may be cut in two; what is not ended is not told."""
    reader = EventReader()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in reader.feed(piece)] == EVENTS


def test_an_event_without_an_end_is_not_kept_for_ever() -> None:
    """A server cannot fill the memory."""
    reader = EventReader()
    with pytest.raises(OverflowError):
        list(reader.feed(b"x" * (MOST_PENDING + 1)))
