"""The part of the conformance suite in which vendors answer as they really do: see `emulators/rude.py`.

A case plays every rudeness of a kind on one emulator, job after job, and says how each broken promise was broken.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.rude import group_of
from reelrouter.emulators.script import Script
from reelrouter.testing import rude_plays as plays
from reelrouter.testing.rude_plays import Play
from reelrouter.testing.stage import Case, Stage, Vendor, check_keys
from reelrouter.work import FailureClass

_REFUSED: Mapping[str, FailureClass] = {
    "error object": FailureClass.QUOTA_BILLING,
    "error text": FailureClass.QUOTA_BILLING,
    "base_resp": FailureClass.QUOTA_BILLING,
    "code and message": FailureClass.AUTH,
    "code as text": FailureClass.AUTH,
    "success false": FailureClass.DRIFT,
    "errors": FailureClass.RATE_LIMITED,
    "moderation": FailureClass.POLICY_INPUT,
    "capacity": FailureClass.CONCURRENCY,
    "parameter": FailureClass.USER_ERROR,
    "400 html": FailureClass.TRANSIENT,
    "401 html": FailureClass.AUTH,
    "402 html": FailureClass.QUOTA_BILLING,
    "403 html": FailureClass.AUTH,
    "413 html": FailureClass.USER_ERROR,
    "422 html": FailureClass.TRANSIENT,
    "429 html": FailureClass.RATE_LIMITED,
    "400 empty": FailureClass.TRANSIENT,
    "403 empty": FailureClass.AUTH,
    "429 empty": FailureClass.RATE_LIMITED,
    "to a login": FailureClass.AUTH,
    "301": FailureClass.DRIFT,
    "307": FailureClass.DRIFT,
    "308": FailureClass.DRIFT,
}
"""As what each refusal of no usual form is to be told."""
_OPERATORS = frozenset(FailureClass) - {FailureClass.USER_ERROR}
"""Where there is no such address, it is not the caller's fault."""
_NO_VIDEOS = ("file: html", "file: json", "file: empty", "file: 404")


def rude_cases_for(vendor: Vendor) -> tuple[Case, ...]:
    """Every case in which this vendor has something to be rude with."""
    shape = vendor.emulator(lambda: 0.0).shape
    made = (*_of_states(shape), *_of_submits(shape), *_of_contents(shape))
    return tuple(
        Case(name=f"rude: {name}", script=Script(), play=_all(played), rude=tuple(played))
        for name, played in made
        if played
    )


_Played = Mapping[str, Play]
"""What is played, by the name of the rudeness."""


def _of_states(shape: Shape) -> Iterable[tuple[str, _Played]]:
    strange = group_of("strange", shape)
    return (
        ("other words for done", _each("done", shape, plays.is_done)),
        ("other words for failed", _each("failed", shape, plays.fails_as())),
        ("other words for cancelled", _each("cancelled", shape, plays.fails_as(FailureClass.CANCELLED))),
        ("other words for expired", _each("expired", shape, plays.fails_as(FailureClass.EXPIRED))),
        ("other words for running", _each("waiting", shape, plays.still_runs)),
        ("an unknown word, and a video", _each("strange", shape, plays.is_done)),
        (
            "an unknown word, and no video yet",
            {one.name: plays.drifts for one in strange if "waiting" in one.says},
        ),
        (
            "an unknown word, and no video after all",
            {} if shape.is_inline else dict.fromkeys(_NO_VIDEOS, plays.drifts_without_a_video),
        ),
        ("failures in texts that nobody can store", _each("message", shape, plays.fails_as())),
        ("failures under codes that are none", _each("code", shape, plays.fails_as())),
    )


def _of_submits(shape: Shape) -> Iterable[tuple[str, _Played]]:
    refused = {one.name: _is_refused(one.name) for one in group_of("refused", shape)}
    unclean = plays.is_refused(refused_by=lambda name: Script(refuse="user", rude=name))
    return (
        ("ids in other forms and places", _each("id", shape, plays.is_done)),
        ("refused in no usual form", refused),
        ("refused in texts that nobody can store", _each("refusal", shape, unclean)),
        ("answers that leave a submit open", _each("open", shape, plays.stays_open)),
        ("an address that has moved", {"origin": plays.is_made_elsewhere}),
    )


def _of_contents(shape: Shape) -> Iterable[tuple[str, _Played]]:
    beside = _each("stamp", shape, plays.is_done) | _each("usage", shape, plays.is_done)
    return (
        ("polls that say nothing of the job", _each("poll", shape, plays.is_asked_again)),
        ("a file that comes late", _each("file", shape, plays.comes_late)),
        ("a file that is too large is no late one", {"too large": plays.is_final}),
        ("a file under strange headers", _each("dress", shape, plays.is_done)),
        ("addresses in other forms and places", _each("address", shape, plays.is_addressed)),
        ("nonsense for a cost", _each("cost", shape, plays.costs)),
        ("nonsense for a seed", _each("seed", shape, plays.is_seeded)),
        ("nonsense for progress", _each("progress", shape, plays.progresses)),
        ("nonsense for a count of outputs", _each("count", shape, plays.is_done)),
        ("nonsense for times and usage", beside),
        ("a strange pace", _each("pace", shape, plays.still_runs)),
    )


def _each(group: str, shape: Shape, play: Play) -> dict[str, Play]:
    return {one.name: play for one in group_of(group, shape)}


def _is_refused(name: str) -> Play:
    wanted = _REFUSED.get(name.partition(": ")[2])
    classes = _OPERATORS if wanted is None else {wanted}
    return plays.is_refused(*classes, refused_by=lambda name: Script(rude=name))


def _all(played: _Played) -> Callable[[Stage], Awaitable[None]]:
    async def play_all(stage: Stage) -> None:
        complaints = [await _complaint(stage, name, play) for name, play in played.items()]
        wrong = [one for one in complaints if one is not None]
        assert not wrong, "\n".join(wrong)

    return play_all


async def _complaint(stage: Stage, name: str, play: Play) -> str | None:
    """How the promise was broken, if it was."""
    stage.emulator.tasks.clear()
    stage.emulator.journal.clear()
    for path in stage.directory.iterdir():
        path.unlink()
    try:
        await play(stage, name)
        check_keys(stage.emulator)
    except AssertionError as broken:
        return f"{name}: {broken}"
    return None
