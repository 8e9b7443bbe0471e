import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reelrouter.catalogue.script import ERROR_TYPES
from reelrouter.renderer import local as module
from reelrouter.renderer.local import Local
from reelrouter.renderer.pool import Pool
from reelrouter.renderer.simulate import SIMULATED
from reelrouter.testing.backends import exercise_backend
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Finished,
    Handle,
    Media,
    MediaKind,
    Order,
    Outcome,
    Report,
    Running,
    Script,
    SubmitRefused,
    TaskFailed,
    TaskLost,
)

PATIENCE = 30.0
"""Seconds after which a test is taken to hang."""
ORDER = Order(
    job_id="gen-vid-1-abc",
    attempt_key="gen-vid-1-abc-1",
    credential="local",
    model="reelrouter/animatic",
    native_model="animatic",
    mode="text",
    prompt="a fox in the snow",
    duration=4,
    length=4.0,
    width=1280,
    height=720,
    resolution="720p",
    aspect_ratio="16:9",
    fps=24,
    seed=None,
    audio=True,
)
LARGE = replace(ORDER, width=3840, height=2160)


def films_of(outcome: Outcome | None) -> list[Path]:
    """The files of an order that is finished, all of them on this machine."""
    assert isinstance(outcome, Finished)
    return [output.path for output in outcome.outputs if isinstance(output, Blob)]


@dataclass
class Studio:
    """Children that note what they are asked, write a file, and end as they are told, when they are let."""

    ends: list[Exception | None] = field(default_factory=list)
    """One for each run, in order; None, and everything beyond the list, is a success."""
    films: list[Mapping[str, Any]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    working: int = 0
    most: int = 0
    """The most that ever worked at one time."""

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        self.tasks.append(task)
        self.films.append(arguments)
        self.working += 1
        self.most = max(self.most, self.working)
        try:
            assert report is not None
            report(0.5)
            await self.open.wait()
        finally:
            self.working -= 1
        if self.ends and (end := self.ends.pop(0)):
            raise end
        Path(arguments["output"]).write_bytes(b"film")
        return {"frames": 96}


@dataclass
class Stage:
    """A backend with all that it was handed."""

    directory: Path
    studio: Studio = field(default_factory=Studio)
    nudges: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.local = self.another()

    def another(self) -> Local:
        """As after a restart: another process, with the same disk."""
        return Local(
            self.studio, fetch=self._fetch, directory=self.directory / "renders", nudge=self._nudge, at_once=3
        )

    async def end_of(self, handle: Handle, local: Local | None = None) -> Finished | Failed:
        """Waits as the poller does: from nudge to nudge."""
        while isinstance(outcome := await (local or self.local).poll(handle), Running):
            self.news.clear()
            await self.news.wait()
        return outcome

    async def end_of_order(self, order: Order) -> Finished | Failed:
        return await self.end_of((await self.local.submit(order)).handle)

    async def begin(self, order: Order) -> Handle:
        """Returns once a child works on it."""
        handle = (await self.local.submit(order)).handle
        await self.news.wait()
        self.news.clear()
        return handle

    async def _fetch(self, media: Media) -> Path:
        return self.directory / media.key

    def _nudge(self, job_id: str) -> None:
        self.nudges.append(job_id)
        self.news.set()


def media(kind: MediaKind, name: str) -> Media:
    return Media(kind=kind, key=f"inputs/w/{name}", sha256=name, mime="x/y", size=1)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Stage], Awaitable[None]]], None]:
    """Runs a test on a fresh stage whose children work at once, unless the test closes `studio.open`."""

    def run(test: Callable[[Stage], Awaitable[None]]) -> None:
        async def whole() -> None:
            stage = Stage(tmp_path)
            stage.studio.open.set()
            try:
                await asyncio.wait_for(test(stage), PATIENCE)
            finally:
                await stage.local.close()

        asyncio.run(whole())

    return run


Play = Callable[[Callable[[Stage], Awaitable[None]]], None]


def test_it_keeps_the_promises_of_every_backend(play: Play) -> None:
    """The suite that each implementation of the seam passes."""

    async def test(stage: Stage) -> None:
        await exercise_backend(stage.local, ORDER)

    play(test)


def test_an_order_becomes_the_render_tasks_arguments(play: Play) -> None:
    """What was resolved is handed on as it is, with paths in the place of inputs."""
    order = replace(
        ORDER,
        mode="references",
        seed=7,
        references=(media("image", "cat"), media("video", "walk"), media("image", "cat")),
    )

    async def test(stage: Stage) -> None:
        await stage.end_of_order(order)
        assert stage.studio.tasks == ["reelrouter.renderer.animatic.render:render"]
        inputs = stage.directory / "inputs/w"
        assert stage.studio.films == [
            {
                "prompt": "a fox in the snow",
                "mode": "references",
                "width": 1280,
                "height": 720,
                "fps": 24,
                "duration": 4,
                "seed": 7,
                "audio": True,
                "first_frame": None,
                "last_frame": None,
                "references": [
                    {"path": str(inputs / "cat"), "kind": "image"},
                    {"path": str(inputs / "walk"), "kind": "video"},
                    {"path": str(inputs / "cat"), "kind": "image"},
                ],
                "output": str(stage.directory / "renders/gen-vid-1-abc-1/0.mp4"),
                "comment": "reelrouter gen-vid-1-abc",
            }
        ]

    play(test)


def test_both_frames_are_handed_over_by_path(play: Play) -> None:
    """Each under its own name."""
    order = replace(ORDER, mode="frames", first_frame=media("image", "a"), last_frame=media("image", "b"))

    async def test(stage: Stage) -> None:
        await stage.end_of_order(order)
        (film,) = stage.studio.films
        assert film["first_frame"] == str(stage.directory / "inputs/w/a")
        assert film["last_frame"] == str(stage.directory / "inputs/w/b")

    play(test)


def test_submit_answers_while_the_work_goes_on_and_polls_follow_it(play: Play) -> None:
    """The outcome goes from running to finished, and each change nudges the poller with the job's id."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        handle = await stage.begin(ORDER)
        assert handle.native_id == ORDER.attempt_key
        assert await stage.local.poll(handle) == Running(progress=0.5)
        stage.studio.open.set()
        finished = await stage.end_of(handle)
        assert isinstance(finished, Finished)
        path = stage.directory / "renders" / ORDER.attempt_key / "0.mp4"
        assert finished.outputs == (Blob(path=path),)
        assert path.read_bytes() == b"film"
        assert stage.nudges == [ORDER.job_id, ORDER.job_id]

    play(test)


def test_the_seed_that_was_used_is_reported(play: Play) -> None:
    """The caller's own; without one, one that is always the same for a job and differs between jobs."""

    async def test(stage: Stage) -> None:
        seeds = [
            (await stage.end_of_order(order)).seed  # type: ignore[union-attr]
            for order in (
                replace(ORDER, attempt_key="a", seed=42),
                replace(ORDER, attempt_key="b"),
                replace(ORDER, attempt_key="c"),
                replace(ORDER, attempt_key="d", job_id="gen-vid-1-xyz"),
            )
        ]
        assert seeds == [film["seed"] for film in stage.studio.films]
        assert seeds[0] == 42
        assert seeds[1] == seeds[2]
        assert seeds[2] != seeds[3]
        assert all(0 <= seed < 2**31 for seed in seeds if seed is not None)

    play(test)


def test_an_order_that_is_submitted_twice_is_made_once(play: Play) -> None:
    """The attempt's key tells them apart from each other, or not."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        first = await stage.begin(ORDER)
        second = (await stage.local.submit(ORDER)).handle
        stage.studio.open.set()
        assert await stage.end_of(first) == await stage.end_of(second)
        assert len(stage.studio.films) == 1

    play(test)


def test_a_poll_after_a_restart_begins_the_order_anew(play: Play) -> None:
    """The handle went through JSON in the meantime, with every input and the script in it."""
    order = replace(
        ORDER,
        mode="frames",
        first_frame=media("image", "a"),
        references=(media("audio", "song"),),
        options={"depth": [1, {"b": None}]},
        simulate=Script(outputs=2),
    )

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        handle = await stage.begin(order)
        await stage.local.close()
        stored = Handle(**json.loads(json.dumps(asdict(handle))))
        stage.studio.open.set()
        restarted = stage.another()
        assert isinstance(await stage.end_of(stored, restarted), Finished)
        assert stage.studio.films[1:] == [stage.studio.films[0], stage.studio.films[2]]
        assert await restarted.find(order) == stored

    play(test)


def test_a_handle_without_a_readable_order_fails_by_name(play: Play) -> None:
    """As one from a version that described orders otherwise."""
    handle = Handle(endpoint="renderer", credential="renderer", native_id="x", extra={"order": {"job": 1}})

    async def test(stage: Stage) -> None:
        outcome = await stage.local.poll(handle)
        assert isinstance(outcome, Failed)
        assert outcome.failure == FailureClass.INTERNAL
        assert await stage.local.cancel(handle) == "cancelled"

    play(test)


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, previous=Handle(endpoint="renderer", credential="renderer", native_id="x")),
        replace(ORDER, mode="continue"),
    ],
    ids=["handle", "nothing"],
)
def test_an_earlier_jobs_handle_without_its_video_is_refused(play: Play, order: Order) -> None:
    """There is no vendor here who remembers it, and to leave it out in silence would make another film."""

    async def test(stage: Stage) -> None:
        with pytest.raises(SubmitRefused) as caught:
            await stage.local.submit(order)
        assert caught.value.failed.failure == FailureClass.USER_ERROR

    play(test)


def test_a_film_goes_on_from_the_video_that_comes_with_the_order(play: Play) -> None:
    """The render task is handed the earlier job's video as its one reference."""
    order = replace(
        ORDER,
        mode="continue",
        previous=Handle(endpoint="renderer", credential="renderer", native_id="x"),
        previous_video=media("video", "before"),
    )

    async def test(stage: Stage) -> None:
        assert isinstance(await stage.end_of_order(order), Finished)
        (film,) = stage.studio.films
        assert film["mode"] == "continue"
        assert film["references"] == [{"path": str(stage.directory / "inputs/w/before"), "kind": "video"}]

    play(test)


def test_a_film_lasts_as_long_as_its_recording(play: Play) -> None:
    """Where no length was asked for, the exact one is what the render task is told."""
    order = replace(
        ORDER, mode="references", duration=None, length=7.25, references=(media("image", "a"), media("audio", "b"))
    )

    async def test(stage: Stage) -> None:
        await stage.end_of_order(order)
        assert stage.studio.films[0]["duration"] == 7.25

    play(test)


@pytest.mark.parametrize("key", ["../../etc", "a/b", "", ".hidden", "x" * 201])
def test_an_attempt_key_that_is_no_folder_name_is_refused(play: Play, key: str) -> None:
    """A folder is named after it."""

    async def test(stage: Stage) -> None:
        with pytest.raises(ValueError, match="attempt_key is"):
            await stage.local.submit(replace(ORDER, attempt_key=key))

    play(test)


def test_cancel_stops_the_work_and_removes_its_files(play: Play) -> None:
    """Afterwards the job is cancelled for every poll, and stays so if it is cancelled again."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        handle = await stage.begin(ORDER)
        folder = stage.directory / "renders" / ORDER.attempt_key
        assert folder.is_dir()
        assert await stage.local.cancel(handle) == "cancelled"
        assert stage.studio.working == 0
        assert not folder.exists()
        assert await stage.local.poll(handle) == Failed(failure=FailureClass.CANCELLED)
        assert await stage.local.cancel(handle) == "cancelled"

    play(test)


def test_cancel_after_a_restart_begins_nothing(play: Play) -> None:
    """Nobody works on it, and the next poll does not change that."""

    async def test(stage: Stage) -> None:
        handle = await stage.local.find(ORDER)
        assert handle is not None
        assert await stage.local.cancel(handle) == "cancelled"
        assert await stage.end_of(handle) == Failed(failure=FailureClass.CANCELLED)
        assert stage.studio.films == []

    play(test)


def test_what_has_ended_cannot_be_cancelled(play: Play) -> None:
    """Its outcome stands, and its file too."""

    async def test(stage: Stage) -> None:
        handle = (await stage.local.submit(ORDER)).handle
        finished = await stage.end_of(handle)
        assert await stage.local.cancel(handle) == "not_cancellable"
        assert await stage.local.poll(handle) == finished
        assert films_of(finished)[0].exists()

    play(test)


def test_discard_leaves_nothing_behind(play: Play) -> None:
    """Neither for a job that ended nor for one that this process never knew."""

    async def test(stage: Stage) -> None:
        handle = (await stage.local.submit(ORDER)).handle
        await stage.end_of(handle)
        await stage.local.discard(handle)
        assert list((stage.directory / "renders").iterdir()) == []
        await stage.another().discard(handle)

    play(test)


@pytest.mark.parametrize(
    ("code", "failure", "error_type"),
    [
        ("invalid_image", FailureClass.USER_ERROR, "invalid_image"),
        ("invalid_video", FailureClass.USER_ERROR, None),
        ("invalid_size", FailureClass.INTERNAL, None),
        ("out_of_memory", FailureClass.INTERNAL, None),
        ("never_heard_of", FailureClass.INTERNAL, None),
    ],
)
def test_a_tasks_code_decides_the_kind_of_failure(
    play: Play, code: str, failure: FailureClass, error_type: str | None
) -> None:
    """A code that is in no table is ours to mend, and its text is kept for the operator."""

    async def test(stage: Stage) -> None:
        stage.studio.ends = [TaskFailed(code, "what happened")]
        assert await stage.end_of_order(ORDER) == Failed(
            failure=failure, error_type=error_type, vendor_code=code, vendor_text="what happened"
        )
        assert len(stage.studio.films) == 1

    play(test)


def test_a_lost_task_is_done_again_once(play: Play) -> None:
    """Local work costs nothing; but what fails twice may fail for ever."""

    async def test(stage: Stage) -> None:
        stage.studio.ends = [TaskLost("killed")]
        assert isinstance(await stage.end_of_order(ORDER), Finished)
        stage.studio.ends = [TaskLost("killed"), TaskLost("killed again")]
        again = await stage.end_of_order(replace(ORDER, attempt_key="second"))
        assert again == Failed(failure=FailureClass.TRANSIENT, vendor_text="killed again")
        assert len(stage.studio.films) == 4

    play(test)


def test_an_input_that_cannot_be_fetched_fails_the_job(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw is told to the operator whole, and ends the job."""
    order = replace(ORDER, mode="frames", first_frame=media("image", "a"))

    async def test(stage: Stage) -> None:
        async def fetch(_: Media) -> Path:
            raise FileNotFoundError("inputs/w/a is gone")

        stage.local._fetch = fetch
        outcome = await stage.end_of_order(order)
        assert outcome == Failed(failure=FailureClass.INTERNAL, vendor_text="inputs/w/a is gone")

    play(test)
    assert "FileNotFoundError" in caplog.text


def test_large_films_are_made_one_at_a_time_and_others_beside_them(play: Play) -> None:
    """Above 1080p each film needs so much memory that two would be too many."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        for key in ("large-1", "large-2", "large-3"):
            await stage.local.submit(replace(LARGE, attempt_key=key))
        await stage.begin(replace(ORDER, attempt_key="small-1"))
        await stage.begin(replace(ORDER, attempt_key="small-2"))
        assert stage.studio.working == 3
        stage.studio.open.set()
        for key in ("large-1", "large-2", "large-3"):
            assert isinstance(await stage.end_of_order(replace(LARGE, attempt_key=key)), Finished)
        assert stage.studio.most == 3

    play(test)


def test_no_more_films_are_made_at_once_than_was_said(play: Play) -> None:
    """However many children there are: the others are for small tasks, which must not wait for long films."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        keys = [f"film-{number}" for number in range(8)]
        for key in keys:
            await stage.local.submit(replace(ORDER, attempt_key=key))
        while stage.studio.working < 3:
            await asyncio.sleep(0)
        stage.studio.open.set()
        for key in keys:
            assert isinstance(await stage.end_of_order(replace(ORDER, attempt_key=key)), Finished)
        assert stage.studio.most == 3

    play(test)


def test_a_test_jobs_film_says_what_it_is(play: Play) -> None:
    """In the comment that is written into the file."""

    async def test(stage: Stage) -> None:
        await stage.end_of_order(replace(ORDER, simulate=Script()))
        assert stage.studio.films[0]["comment"] == "reelrouter test job gen-vid-1-abc"

    play(test)


def test_a_script_may_ask_for_several_outputs(play: Play) -> None:
    """They differ in seed, and progress is told for all of them together."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        handle = await stage.begin(replace(ORDER, seed=10, simulate=Script(outputs=4)))
        assert await stage.local.poll(handle) == Running(progress=0.125)
        stage.studio.open.set()
        finished = await stage.end_of(handle)
        assert isinstance(finished, Finished)
        assert [film.name for film in films_of(finished)] == ["0.mp4", "1.mp4", "2.mp4", "3.mp4"]
        assert [film["seed"] for film in stage.studio.films] == [10, 11, 12, 13]
        assert finished.seed == 10

    play(test)


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (Script(status="cancelled"), FailureClass.CANCELLED),
        (Script(status="expired"), FailureClass.EXPIRED),
        (Script(fail="content_policy_violation"), FailureClass.POLICY_INPUT),
        (Script(fail="server", delay=0.01), FailureClass.INTERNAL),
    ],
)
def test_a_script_may_end_the_job(play: Play, script: Script, failure: FailureClass) -> None:
    """No film is made, and the client's error type is the one that was asked for."""

    async def test(stage: Stage) -> None:
        outcome = await stage.end_of_order(replace(ORDER, simulate=script))
        assert isinstance(outcome, Failed)
        assert (outcome.failure, outcome.error_type) == (failure, script.fail)
        assert stage.studio.films == []

    play(test)


@pytest.mark.parametrize("script", [Script(stuck=True), Script(delay=3600.0)])
def test_a_script_may_keep_the_job_until_it_is_cancelled(play: Play, script: Script) -> None:
    """A stuck job runs for ever, a delayed one has not begun; either can be cancelled."""

    async def test(stage: Stage) -> None:
        handle = (await stage.local.submit(replace(ORDER, simulate=script))).handle
        await asyncio.sleep(0)
        assert await stage.local.poll(handle) == Running()
        assert await stage.local.cancel(handle) == "cancelled"

    play(test)


def test_every_error_type_that_a_prompt_may_ask_for_has_its_kind_of_failure() -> None:
    """The two tables stand in different packages and must not drift apart."""
    assert set(SIMULATED) == set(ERROR_TYPES)


def test_closing_keeps_every_job_for_the_next_process(play: Play) -> None:
    """The work stops, and nothing is told to have failed."""

    async def test(stage: Stage) -> None:
        stage.studio.open.clear()
        handle = await stage.begin(ORDER)
        await stage.local.close()
        assert stage.studio.working == 0
        stage.studio.open.set()
        assert isinstance(await stage.end_of(handle), Finished)

    play(test)


def test_with_real_children_a_film_is_made_and_another_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way through another process, there and back."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    async def whole() -> None:
        pool = Pool(1, packages=("tests",))
        stage = Stage(tmp_path)
        stage.local = Local(
            pool, fetch=stage._fetch, directory=tmp_path / "renders", nudge=stage._nudge, at_once=1
        )
        try:
            monkeypatch.setattr(module, "RENDER_TASK", "tests.renderer.tasks:film")
            finished = await stage.end_of_order(ORDER)
            assert "a fox in the snow" in films_of(finished)[0].read_text()
            monkeypatch.setattr(module, "RENDER_TASK", "tests.renderer.tasks:hang")
            stage.news.clear()
            handle = await stage.begin(replace(ORDER, attempt_key="second"))
            assert await stage.local.cancel(handle) == "cancelled"
        finally:
            await stage.local.close()
            await pool.close()

    asyncio.run(asyncio.wait_for(whole(), PATIENCE))
