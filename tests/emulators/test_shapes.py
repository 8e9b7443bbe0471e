"""What emulators declare of their answers holds for the answers that they give."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reelrouter.emulators.answers import Answer
from reelrouter.emulators.frame import Task
from reelrouter.emulators.rude import RUDE, group_of, groups
from reelrouter.emulators.rudeness import dug
from reelrouter.emulators.script import Script
from reelrouter.providers.remote import Remote
from reelrouter.testing.conformance import Case, Stage, Vendor, conform
from reelrouter.work import SubmitRefused
from tests.testing.every_vendor import VENDORS

LONG = 1000.0


@dataclass(slots=True)
class Seen:
    """The answers of one job that are as its vendor documents them, by what they mean."""

    answers: dict[str, Answer]
    task: Task | None = None

    def keep(self, task: Task | None, answer: Answer) -> Answer:
        self.answers[str(answer.says)] = answer
        self.task = task
        return answer


def seen_of(vendor: Vendor, script: Script, folder: Path) -> Seen:
    """One submit, and one poll if there is a job."""
    seen = Seen({})

    async def play(stage: Stage) -> None:
        stage.emulator.alter = seen.keep
        await _once(stage.remote, stage)

    folder.mkdir(exist_ok=True)
    asyncio.run(conform(vendor, Case(name="seen", script=script, play=play), folder))
    return seen


async def _once(remote: Remote, stage: Stage) -> None:
    try:
        accepted = await remote.submit(stage.vendor.order)
    except SubmitRefused:
        return
    await remote.poll(accepted.handle)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]


def test_things_stand_where_the_shape_says(vendor: Vendor, tmp_path: Path) -> None:
    """In the answers to a submit and to polls, and in a refusal."""
    shape = vendor.emulator(lambda: 0.0).shape
    done = seen_of(vendor, Script(), tmp_path)
    assert done.task is not None
    assert dug(done.answers["taken"].body, shape.id) == done.task.id
    statuses = [dug(done.answers["done"].body, shape.status)]
    if shape.outputs is not None:
        assert dug(done.answers["done"].body, shape.outputs)
    waiting = seen_of(vendor, Script(seconds=LONG), tmp_path).answers["waiting"]
    statuses += [] if shape.is_flag else [dug(waiting.body, shape.status)]
    failed = seen_of(vendor, Script(end="transient"), tmp_path).answers["failed"]
    statuses += [dug(failed.body, shape.status)]
    assert isinstance(dug(failed.body, shape.message), str)
    refused = seen_of(vendor, Script(refuse="user"), tmp_path).answers["refused"]
    assert isinstance(dug(refused.body, shape.refusal), str)
    assert len(set(statuses)) == (1 if shape.is_flag else 3), "each state has its word"


def test_every_group_befalls_some_vendor_and_no_vendor_is_spared() -> None:
    """Else a suite over all of them would prove less than it says."""
    shapes = {name: vendor.emulator(lambda: 0.0).shape for name, vendor in VENDORS.items()}
    for group in groups():
        assert any(group_of(group, shape) for shape in shapes.values()), group
    befallen: Mapping[str, int] = {
        name: sum(one.fits(shape) for one in RUDE.values()) for name, shape in shapes.items()
    }
    assert min(befallen.values()) > 80, befallen
    assert not [one.name for one in RUDE.values() if not any(map(one.fits, shapes.values()))]


@pytest.mark.parametrize("name", sorted(name for name, one in RUDE.items() if "failed" in one.says))
def test_what_befalls_a_failed_job_can_be_sent(name: str, tmp_path: Path) -> None:
    """Whatever is in it, it goes over the wire as ASCII."""
    shape = VENDORS["byteplus"].emulator(lambda: 0.0).shape
    rudeness = RUDE[name]
    if not rudeness.fits(shape):
        return
    whole = Answer(says="failed", body={"id": "1", "status": "failed", "error": {"code": "a", "message": "b"}})
    sent = rudeness.alter(whole, shape)
    assert sent != whole
    assert sent.sent().isascii()
    assert isinstance(sent.body, bytes) or json.loads(sent.sent()) is not NotImplemented
