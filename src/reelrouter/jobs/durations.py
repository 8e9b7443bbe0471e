"""Remembers how long each endpoint took for each kind of video, and plans the polls of new jobs from that."""

import asyncio
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median, stdev
from typing import Any

from sqlalchemy import bindparam, select, update

from reelrouter.catalogue.model import GenerationTime, ModelSpec
from reelrouter.catalogue.sizes import SHORT_SIDES
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, DatabaseGone, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import durations
from reelrouter.jobs.expectation import Guess
from reelrouter.jobs.pace import PollPlan, ladder, learned, moved_apart

_ALLOWANCE = ladder(2.0, 15.0)
"""As many polls as this would make, a learned plan may make for a job: about 11 for one of 90 s."""
KEPT_SAMPLES = 50
"""For each subject, the newest."""
MOST_SUBJECTS = 200
"""For each endpoint, those that this process remembers: the ones that were measured last."""
REFRESH_SECONDS = 600.0
"""How old the memory of an endpoint may be: other engines measure too."""
_SHORTEST = 1.0
"""Seconds; what was shorter counts as this."""
_LONGEST = 86_400.0
"""Seconds; what seems to have taken longer was not watched while it ended."""
_ENOUGH = 5
"""Measured jobs from which on a subject needs no guess."""
_COMPARABLE = 3
"""Measured jobs that a subject needs before another is guessed from it."""

_LENGTH_EXPONENT = 0.8
"""Twice the length takes 1.5 to 2 times as long."""
_SIDE_EXPONENT = 0.75
"""1080p takes 1.3 to 1.5 times as long as 720p."""
_USUAL_LENGTH = 6.0
_USUAL_SIDE = 720
_DOUBT = 0.15
"""Spread added to what is guessed from another subject, and more the further away it is."""
_DOUBT_BY_DISTANCE = 0.3

_ONE = select(durations.c.samples).where(
    durations.c.endpoint == bindparam("of_endpoint"), durations.c.subject == bindparam("of_subject")
)
_NEWEST = (
    select(durations.c.subject, durations.c.samples)
    .where(durations.c.endpoint == bindparam("of_endpoint"))
    .order_by(durations.c.updated_at.desc(), durations.c.subject)
    .limit(MOST_SUBJECTS)
)
_CHANGE = (
    update(durations)
    .where(durations.c.endpoint == bindparam("of_endpoint"), durations.c.subject == bindparam("of_subject"))
    .values(samples=bindparam("to"), updated_at=bindparam("at"))
)
_INSERT = insert_of(durations, "endpoint", "subject", "samples", "updated_at")

Samples = tuple[float, ...]
"""Seconds, the newest last."""


def subject_of(model: str, length: float, resolution: str | None) -> str:
    """The kind of video that durations are kept for; lengths that hardly differ are of one kind."""
    return f"{model} {_rounded(length)}s {resolution or '-'}"


def generation_times(models: Iterable[ModelSpec]) -> dict[str, GenerationTime]:
    """What the catalogue says of durations, by model."""
    return {model.id: model.generation_time for model in models if model.generation_time is not None}


def add_sample(unit: Unit, endpoint: str, subject: str, seconds: float, now_ms: int) -> Samples:
    """Keeps one more duration, and forgets the oldest; returns those that are kept now."""
    row = unit.row(_ONE, of_endpoint=endpoint, of_subject=subject)
    samples = (*(_read(row["samples"]) if row else ()), round(max(seconds, _SHORTEST), 1))[-KEPT_SAMPLES:]
    text = json.dumps(samples)
    if row is None:
        unit.execute(_INSERT, endpoint=endpoint, subject=subject, samples=text, updated_at=now_ms)
    else:
        unit.execute(_CHANGE, of_endpoint=endpoint, of_subject=subject, to=text, at=now_ms)
    return samples


class Durations:
    """One per process. What the database holds of an endpoint is read once, and again every ten minutes."""

    def __init__(self, db: Database, clock: Clock, times: Mapping[str, GenerationTime] = {}) -> None:
        """`times` are first expectations by model, for as long as nothing was measured."""
        self._db = db
        self._clock = clock
        self._times = times
        self._memories: dict[str, _Memory] = {}
        self._under_way: set[asyncio.Future[None]] = set()

    async def plan_for(
        self, endpoint: str, subject: str, otherwise: PollPlan, job_id: str | None = None
    ) -> PollPlan:
        """When to ask for a new job; `otherwise` where nothing is known of such jobs, or they cannot be looked up.

        `subject` is what `subject_of` gave.
        With a `job_id`, jobs that begin at the same moment are not all polled at the same moments.
        """
        memory = self._memories.setdefault(endpoint, _Memory())
        if self._is_stale(memory):
            # A job must be waited for whether or not its duration can be foretold.
            with suppress(DatabaseGone):
                await self._refresh(endpoint, memory)
        plan = self._planned(memory, subject, otherwise)
        return plan if job_id is None else moved_apart(plan, job_id)

    def note(self, endpoint: str, subject: str, seconds: float) -> None:
        """Remembers how long a job took. Returns at once: whoever saw it end has a job to finish."""
        if not 0 < seconds <= _LONGEST:
            return
        task = asyncio.ensure_future(self._add(endpoint, subject, seconds))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Returns when all that was noted before is in the database, or is lost."""
        await asyncio.gather(*self._under_way)

    # Memory ------------------------------------------------------------------------------------------------------

    def _is_stale(self, memory: "_Memory") -> bool:
        return not 0 <= self._clock.now() - memory.read_at < REFRESH_SECONDS

    async def _refresh(self, endpoint: str, memory: "_Memory") -> None:
        async with memory.reading:
            if not self._is_stale(memory):
                return  # another job has waited for the same rows
            rows = await self._db.rows(_NEWEST, of_endpoint=endpoint)
            memory.samples = {row["subject"]: _read(row["samples"]) for row in reversed(rows)}
            memory.plans.clear()
            memory.read_at = self._clock.now()

    async def _add(self, endpoint: str, subject: str, seconds: float) -> None:
        now_ms = milliseconds(self._clock.now())
        # Without a database the duration is lost, which costs a few polls; the job has its own ways to fail.
        with suppress(DatabaseGone):
            samples = await self._db.write(
                lambda unit: add_sample(unit, endpoint, subject, seconds, now_ms), about=f"{endpoint} {subject}"
            )
            self._memories.setdefault(endpoint, _Memory()).keep(subject, samples)

    def _planned(self, memory: "_Memory", subject: str, otherwise: PollPlan) -> PollPlan:
        planned = memory.plans.get(subject)
        if planned is None or planned[0] != otherwise:
            samples = memory.samples.get(subject, ())
            guesses = () if len(samples) >= _ENOUGH else _guesses(subject, memory.samples, self._times)
            plan = learned(samples, _ALLOWANCE, guesses) if samples or guesses else otherwise
            planned = memory.plans[subject] = otherwise, plan
            _drop_oldest(memory.plans)
        return planned[1]


@dataclass(slots=True)
class _Memory:
    """What is known of one endpoint."""

    samples: dict[str, Samples] = field(default_factory=dict)
    """By subject; those that were measured last stand last."""
    plans: dict[str, tuple[PollPlan, PollPlan]] = field(default_factory=dict)
    """By subject: the plan that it was asked for in place of, and the plan."""
    read_at: float = -math.inf
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keep(self, subject: str, samples: Samples) -> None:
        self.samples.pop(subject, None)
        self.samples[subject] = samples
        _drop_oldest(self.samples)
        self.plans.clear()  # other subjects may be guessed from this one


def _drop_oldest(known: dict[str, Any]) -> None:
    if len(known) > MOST_SUBJECTS:
        known.pop(next(iter(known)))


def _read(text: str) -> Samples:
    return tuple(json.loads(text))


# Subjects ------------------------------------------------------------------------------------------------------


def _rounded(length: float) -> int:
    """Whole seconds up to 20; above, steps of about a tenth: inputs that set the length have any."""
    if length <= 20:
        return max(1, round(length))
    return round(1.1 ** round(math.log(length, 1.1)))


def _guesses(subject: str, known: Mapping[str, Samples], times: Mapping[str, GenerationTime]) -> Sequence[Guess]:
    """From the nearest measured subject of the same model, else from what the catalogue says of the model."""
    model = _model_of(subject)
    near = [
        (abs(_distance(other, subject)), other)
        for other, samples in known.items()
        if other != subject and len(samples) >= _COMPARABLE and _model_of(other) == model
    ]
    if near:
        _, other = min(near)
        return (_guess_from(known[other], _distance(other, subject)),)
    return (_guess_of(times[model], subject),) if model in times else ()


def _guess_from(samples: Samples, distance: float) -> Guess:
    spread = stdev(math.log(max(seconds, _SHORTEST)) for seconds in samples[-10:])
    doubt = _DOUBT + _DOUBT_BY_DISTANCE * abs(distance)
    return Guess(median=median(samples[-10:]) * math.exp(distance), spread=math.hypot(spread, doubt))


def _guess_of(time: GenerationTime, subject: str) -> Guess:
    """A tenth of a normal distribution lies beyond 1.2816 standard deviations."""
    usual = subject_of(_model_of(subject), _USUAL_LENGTH, None)
    return Guess(
        median=time.median * math.exp(_distance(usual, subject)), spread=math.log(time.p90 / time.median) / 1.2816
    )


def _distance(one: str, other: str) -> float:
    """Logarithm of how many times as long the second kind takes, as models go."""
    return _effort(other) - _effort(one)


def _effort(subject: str) -> float:
    _, length, resolution = subject.rsplit(" ", 2)
    side = SHORT_SIDES.get(resolution, _USUAL_SIDE)
    return _LENGTH_EXPONENT * math.log(int(length.removesuffix("s"))) + _SIDE_EXPONENT * math.log(side)


def _model_of(subject: str) -> str:
    return subject.rsplit(" ", 2)[0]
