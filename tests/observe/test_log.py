"""Events: a closed list that its table describes, and lines that machines can read."""

import errno
import io
import json
import os
import re
from dataclasses import fields
from typing import get_args

import pytest

from reelrouter.observe import events
from reelrouter.observe.events import AttemptEnded, Event, JobEnded, StopCutShort
from reelrouter.observe.log import open_log


def test_the_table_names_every_event_and_no_other() -> None:
    """An event without a line in the table is one that operators cannot look up."""
    documented = set(re.findall(r"^\| ([A-Z]\w+) \|", events.__doc__ or "", flags=re.MULTILINE))
    assert documented == {event.__name__ for event in get_args(Event)}


def test_no_field_of_an_event_is_left_out_of_its_line() -> None:
    """What a line has is read off the slots: all fields, and nothing else."""
    for event in get_args(Event):
        assert event.__slots__ == tuple(field.name for field in fields(event))


def test_an_event_is_one_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    """Name, fields and process, and nothing for what has no value."""
    emit = open_log("json", "engine")
    emit(AttemptEnded(job="j", attempt=0, endpoint="renderer", credential="local", end="finished", seconds=2.0))
    line = json.loads(capfd.readouterr().err)
    assert line.pop("timestamp")
    assert line == {
        "event": "attempt_ended",
        "process": "engine",
        "level": "info",
        "job": "j",
        "attempt": 0,
        "endpoint": "renderer",
        "credential": "local",
        "end": "finished",
        "seconds": 2.0,
    }


def test_people_get_a_readable_line(capfd: pytest.CaptureFixture[str]) -> None:
    """The console form names the event and its fields."""
    emit = open_log("console", "api")
    emit(
        JobEnded(
            job="j",
            workspace="w",
            model="m",
            mode="test",
            status="completed",
            error_type=None,
            price=5,
            seconds=1.5,
        )
    )
    line = capfd.readouterr().err
    assert "job_ended" in line
    assert "completed" in line


def test_lines_of_two_processes_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a buffer each write goes to the file that they share: a line is one of them, with its end."""
    written = list[str]()
    monkeypatch.setattr("sys.stderr", _Disk())
    monkeypatch.setattr("sys.stderr.write", written.append)
    open_log("json", "engine")(StopCutShort(seconds=25.0))
    (line,) = written
    assert line.endswith("}\n")


def test_work_goes_on_without_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full costs lines, and nothing else; the gap is told as soon as there is room again."""
    full = _Disk()
    monkeypatch.setattr("sys.stderr", full)
    emit = open_log("json", "engine")
    ended = AttemptEnded(job="j", attempt=0, endpoint="renderer", credential="local", end="finished", seconds=1.0)
    full.is_full = True
    emit(ended)
    emit(ended)
    full.is_full = False
    emit(ended)
    first, second = (json.loads(line) for line in full.getvalue().splitlines())
    assert (first["event"], first["lines"], first["reason"]) == ("log_interrupted", 2, "No space left on device")
    assert second["event"] == "attempt_ended"


class _Disk(io.StringIO):
    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)
