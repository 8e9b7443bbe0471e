"""How soon the end of a job is noticed, and for how many polls: learned plans beside today's ladder. A simulation.

Jobs end when random numbers say; nothing waits. Both sides meet the same jobs. The learned side begins knowing
nothing, and is told of each job what a poller can tell: the middle between the last poll that found it running
and the one that found it done.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from bench.figures import Figure, Plan, Target, at_most, at_most_of_floor
from reelrouter.catalogue.load import load_catalogue
from reelrouter.jobs.durations import KEPT_SAMPLES
from reelrouter.jobs.expectation import Guess
from reelrouter.jobs.pace import PollPlan, ladder, learned, moved_apart
from reelrouter.providers.base import Provider
from reelrouter.providers.registry import PROVIDERS

LEARNED_AFTER = 20
"""Jobs; those before are not counted."""
_SEED = 1000
"""None that any constant of the plans was chosen by."""
_CEILING = 15.0
"""Seconds between two polls of the ladder at most."""
_SPREAD = 0.21
"""Of the logarithm of seconds, for one length and resolution: published percentiles of one such kind, 43, 56 and
72 s at 50, 90 and 99 %, come to this."""
NINETIETH = 1.2816
"""Standard deviations beyond which a tenth of a normal distribution lies."""
MEDIAN = at_most(2.0)

Duration = Callable[[Random, int], float]
"""Seconds that the n-th job takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What is simulated: one kind of video at one endpoint, asked for again and again."""

    duration: Duration
    ladder: PollPlan
    guesses: Sequence[Guess] = ()
    skip: int = LEARNED_AFTER
    count: int = 400
    """Jobs after those that are skipped."""
    rounds: int = 1
    """How often all of it is done, each time with nothing learned."""
    forgets: bool = False
    """Whether nothing is remembered from one job to the next."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How one job went."""

    polls: int
    delay: float
    """Seconds from its end until that was noticed."""
    noted: float
    """Its duration, as far as polls can tell."""


@dataclass(frozen=True, slots=True)
class Both:
    """The same jobs, on both sides."""

    ours: Sequence[Watched]
    ladder: Sequence[Watched]


def measure(plan: Plan) -> list[Figure]:
    shorten = _tenth if plan.quick else _whole
    alike: dict[Jobs, list[str]] = defaultdict(list)
    for name, jobs in models():
        alike[shorten(jobs)].append(name)
    unsure = _together(simulate(shorten(jobs)) for _, jobs in models(wide=True))
    eager = (replace(jobs, ladder=ladder(2.0, _CEILING)) for _, jobs in models())
    special = [(name, simulate(shorten(jobs))) for name, jobs in scenarios()]
    return [
        *figures("all models", _together(simulate(shorten(jobs)) for _, jobs in models())),
        *(in_one_row(", ".join(names), simulate(jobs)) for jobs, names in alike.items()),
        *figures("all models, ladders from 2 s", _together(simulate(shorten(jobs)) for jobs in eager)),
        *figures("all models, as unsure as their p90", unsure),
        *(beside_the_least(median) for median in (60.0, 90.0, 180.0)),
        *(in_one_row(name, both) for name, both in special),
    ]


@cache
def simulate(jobs: Jobs) -> Both:
    """The same for the same jobs: many models are expected to take as long as others."""
    return _together(_round(jobs, Random(_SEED + number)) for number in range(jobs.rounds))


def watch(plan: PollPlan, duration: float) -> Watched:
    """Polls a job that ends `duration` seconds after it was accepted."""
    before, at, polls = 0.0, plan.first(), 1
    while at < duration:
        before, at, polls = at, at + plan.after(at, polls), polls + 1
    return Watched(polls, at - duration, (before + at) / 2)


def _round(jobs: Jobs, random: Random) -> Both:
    samples: list[float] = []
    ours: list[Watched] = []
    today: list[Watched] = []
    for number in range(jobs.skip + jobs.count):
        duration = jobs.duration(random, number)
        plan = moved_apart(learned(samples, jobs.ladder, jobs.guesses), str(random.random()))
        ours.append(watch(plan, duration))
        today.append(watch(jobs.ladder, duration))
        if not jobs.forgets:
            samples = [*samples, ours[-1].noted][-KEPT_SAMPLES:]
    return Both(ours[jobs.skip :], today[jobs.skip :])


def _together(several: Iterable[Both]) -> Both:
    ours: list[Watched] = []
    today: list[Watched] = []
    for both in several:
        ours += both.ours
        today += both.ladder
    return Both(ours, today)


def _whole(jobs: Jobs) -> Jobs:
    return jobs


def _tenth(jobs: Jobs) -> Jobs:
    return replace(jobs, count=max(1, jobs.count // 10), rounds=max(1, jobs.rounds // 10))


# What is simulated --------------------------------------------------------------------------------------------


@cache
def lognormal(median: float, spread: float = _SPREAD) -> Duration:
    return lambda random, _: median * math.exp(random.gauss(0.0, spread))


def constant(seconds: float) -> Duration:
    return lambda _, __: seconds


def two_kinds(short: float, long: float) -> Duration:
    """Half of the jobs take the one, half the other, each with a spread of its own."""
    return lambda random, _: random.choice((short, long)) * math.exp(random.gauss(0.0, 0.12))


def with_tail(body: Duration, share: float) -> Duration:
    """Some jobs take ten times as long."""
    return lambda random, number: body(random, number) * (10.0 if random.random() < share else 1.0)


def changing(body: Duration, factor: float, after: int) -> Duration:
    """From some job on, all take so many times as long."""
    return lambda random, number: body(random, number) * (factor if number >= after else 1.0)


def models(*, wide: bool = False) -> Iterator[tuple[str, Jobs]]:
    """Every model of the catalogue that says how long it takes, with the ladder of its first endpoint.

    `wide`: with the spread of the catalogue's guess, which is for all lengths and inputs at once.
    """
    for row in load_catalogue():
        time = row.generation_time
        if time is not None:
            spread = math.log(time.p90 / time.median) / NINETIETH if wide else _SPREAD
            provider = PROVIDERS.get(row.endpoints[0].provider)
            first = Provider.first_poll if provider is None else provider.first_poll
            usual = lognormal(time.median, spread)
            yield row.id, Jobs(duration=usual, ladder=ladder(first, _CEILING), rounds=4)


def scenarios() -> Iterator[tuple[str, Jobs]]:
    usual = Jobs(duration=lognormal(90.0), ladder=ladder(5.0, _CEILING), count=1000)
    for first in (2.0, 5.0, 20.0):
        yield f"90 s, a ladder from {first:g} s", replace(usual, ladder=ladder(first, _CEILING))
    yield "always 60 s", replace(usual, duration=constant(60.0))
    yield "30 s or 120 s", replace(usual, duration=two_kinds(30.0, 120.0))
    yield "90 s, 1 in 50 ten times", replace(usual, duration=with_tail(lognormal(90.0), 0.02))
    yield from _drifts(usual)
    yield from _beginnings(usual)
    yield from _guessed(usual)


def _drifts(usual: Jobs) -> Iterator[tuple[str, Jobs]]:
    for factor, word in ((2.0, "slow"), (0.5, "fast")):
        changed = replace(usual, duration=changing(lognormal(90.0), factor, KEPT_SAMPLES), rounds=40)
        for first, last in ((1, 3), (4, 10), (11, 20)):
            yield (
                f"90 s, since then twice as {word}: jobs {first} to {last}",
                replace(changed, skip=KEPT_SAMPLES + first - 1, count=last - first + 1),
            )


def _beginnings(usual: Jobs) -> Iterator[tuple[str, Jobs]]:
    for first, last in ((1, 1), (2, 5), (6, 20)):
        jobs = replace(usual, skip=first - 1, count=last - first + 1, rounds=200)
        yield f"90 s, nothing known: jobs {first} to {last}", jobs


def _guessed(usual: Jobs) -> Iterator[tuple[str, Jobs]]:
    guess = Guess(median=90.0, spread=math.log(200 / 90) / NINETIETH)
    for truth in (90.0, 180.0, 45.0):
        jobs = replace(usual, duration=lognormal(truth, 0.3), guesses=(guess,), skip=0, forgets=True)
        yield f"{truth:g} s, nothing measured, guessed 90 s", jobs


# Figures ------------------------------------------------------------------------------------------------------


def figures(what: str, both: Both) -> list[Figure]:
    """Polls, and the delay's median, 95th percentile and maximum, each beside the ladder's."""
    rows: list[tuple[str, str, Callable[[Sequence[Watched]], float], Target | None]] = [
        ("polls a job", "polls", mean_polls, at_most_of_floor(1.0)),
        ("noticed after, median", "s", lambda side: delay(side, 0.5), MEDIAN),
        ("noticed after, p95", "s", lambda side: delay(side, 0.95), at_most(8.0)),
        ("noticed after, at most", "s", lambda side: delay(side, 1.0), None),
    ]
    return [
        Figure(
            what=f"{what}: {name}",
            unit=unit,
            ours=of(both.ours),
            floor=of(both.ladder),
            beside="ladder",
            target=target,
        )
        for name, unit, of, target in rows
    ]


def in_one_row(what: str, both: Both) -> Figure:
    """The median delay; the rest is the note's."""
    ours, today = both.ours, both.ladder
    note = (
        f"{mean_polls(ours):.1f} polls beside {mean_polls(today):.1f}; "
        f"p95 {delay(ours, 0.95):.1f} beside {delay(today, 0.95):.1f} s; "
        f"at most {delay(ours, 1.0):.0f} beside {delay(today, 1.0):.0f} s"
    )
    return Figure(
        what=f"{what}: noticed after, median",
        unit="s",
        ours=delay(ours, 0.5),
        floor=delay(today, 0.5),
        beside="ladder",
        target=MEDIAN,
        note=note,
    )


def beside_the_least(median: float) -> Figure:
    """The mean delay of jobs with the usual spread, beside the least that any plan can have for as many polls."""
    jobs = Jobs(duration=lognormal(median), ladder=ladder(5.0, _CEILING), count=1000)
    ours = simulate(jobs).ours
    return Figure(
        what=f"{median:g} s: noticed after, mean",
        unit="s",
        ours=statistics.fmean(job.delay for job in ours),
        floor=least_mean_delay(median, mean_polls(ours)),
        beside="the least",
    )


def least_mean_delay(median: float, polls: float, spread: float = _SPREAD) -> float:
    """Seconds, for a plan that knows exactly how log-normal durations are distributed.

    With gaps g(t), density f and the share S of jobs that still run, the mean delay is half the integral of f g,
    and the polls are that of S / g and one half. So by Cauchy and Schwarz the delay times the polls, without the
    half, is no less than half the square of the integral of sqrt(f S).
    """
    bell = statistics.NormalDist()
    step = 0.01
    scores = [step * index for index in range(-600, 600)]
    integral = sum(
        math.sqrt(bell.pdf(score) * (1 - bell.cdf(score)) * median * spread * math.exp(spread * score))
        for score in scores
    )
    return (integral * step) ** 2 / 2 / (polls - 0.5)


def mean_polls(side: Sequence[Watched]) -> float:
    return statistics.fmean(job.polls for job in side)


def delay(side: Sequence[Watched], share: float) -> float:
    """Seconds within which this share of the ends was noticed."""
    ordered = sorted(job.delay for job in side)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
