"""Events as log lines: JSON for machines, colours for people. Secrets never get here: events do not carry any."""

import logging
import re
import sys
from typing import Literal

import structlog

from reelrouter.observe.events import (
    AttemptUnknown,
    ClockSkewed,
    Emit,
    EndpointDrifted,
    EngineTakenOver,
    Event,
    JobUnreadable,
    LogInterrupted,
    ObjectMissing,
    PollFailed,
    RequestFailed,
    RunAbandoned,
    StopCutShort,
    StoringFailed,
    TaskCrashed,
    VendorKeyUnusable,
)
from reelrouter.observe.request import request_id

LogFormat = Literal["auto", "json", "console"]

_LOUD = (
    AttemptUnknown,
    ClockSkewed,
    EndpointDrifted,
    EngineTakenOver,
    LogInterrupted,
    ObjectMissing,
    PollFailed,
    RequestFailed,
    JobUnreadable,
    RunAbandoned,
    StoringFailed,
    StopCutShort,
    TaskCrashed,
    VendorKeyUnusable,
)
_NAME = re.compile(r"(?<!^)(?=[A-Z])")


def open_log(log_format: LogFormat, process: str) -> Emit:
    """Configures logging for this process, and returns what events are handed to."""
    pretty = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if pretty
            else structlog.processors.JSONRenderer(),
        ],
        # Each line by one write: API and engine share a file, and print() writes the line's end by another.
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    logger = structlog.get_logger().bind(process=process)

    def write(event: Event) -> None:
        fields = {name: value for name in event.__slots__ if (value := getattr(event, name)) is not None}
        if (request := request_id.get()) is not None:
            fields["request"] = request
        name = _NAME.sub("_", type(event).__name__).lower()
        (logger.warning if isinstance(event, _LOUD) else logger.info)(name, **fields)

    return _Patient(write).emit


class _Patient:
    """Goes on without a log that cannot be written, and tells of the gap as soon as it can be again.

    What is told has happened: a job that is placed must not be answered with an error over a line, nor a step done
    again.
    """

    def __init__(self, write: Emit) -> None:
        self._write = write
        self._lost = 0
        self._reason = ""

    def emit(self, event: Event) -> None:
        try:
            if self._lost:
                self._write(LogInterrupted(lines=self._lost, reason=self._reason))
                self._lost = 0
            self._write(event)
        except OSError as error:
            self._lost += 1
            self._reason = error.strerror or repr(error)
