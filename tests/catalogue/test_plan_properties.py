from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from reelrouter.catalogue.check import Plan, Rules, check
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.price import Made, price, total
from reelrouter.catalogue.request import (
    Attribution,
    FrameImage,
    Inputs,
    ProviderWish,
    Reference,
    VideoRequest,
)
from reelrouter.catalogue.sizes import ASPECT_RATIOS, SHORT_SIDES
from reelrouter.errors import InvalidRequest
from reelrouter.work import Media
from tests.catalogue.examples import catalogue, clip, picture, sound

Found = tuple[ModelSpec, VideoRequest, Inputs]

_ROWS = list(catalogue())
_JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"
_MEDIA = {"image": picture(640, 480), "video": clip(), "audio": sound()}
_NEEDS_REFERENCES = {"references", "edit", "upscale"}


def _maybe(values: tuple[Any, ...] | None) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values) if values else st.none()


@st.composite
def allowed_requests(draw: st.DrawFn) -> Found:
    """A request made of nothing but what a row of the catalogue lists, and its inputs."""
    row = draw(st.sampled_from(_ROWS))
    mode = draw(st.sampled_from(row.modes))
    shape: dict[str, Any] = {
        "resolution": draw(_maybe(row.supported_resolutions)),
        "aspect_ratio": draw(_maybe(row.supported_aspect_ratios)),
    }
    if draw(st.booleans()):
        shape = {"size": draw(_maybe(row.supported_sizes or tuple(row.sizes)))}
    factor = row.upscale_factor
    request = VideoRequest(
        model=row.id,
        prompt=draw(st.text(min_size=1, max_size=20).filter(str.strip)),
        duration=draw(_maybe(row.supported_durations)),
        frame_images=draw(_frames(row)) if mode == "frames" else (),
        references=draw(_references(row)) if mode in _NEEDS_REFERENCES else (),
        generate_audio=draw(_maybe((True, False) if row.generate_audio is not False else (False,))),
        seed=draw(st.none() | st.integers(0, 2**32 - 1)),
        previous_job_id=_JOB if mode == "continue" else None,
        upscale_factor=draw(st.none() | st.floats(factor.min, factor.max)) if factor else None,
        creativity=draw(_maybe(row.creativity)),
        provider=ProviderWish(options=draw(_options(row)), max_price=Decimal("1.50")),
        attribution=Attribution(user="u", trace={"trace_id": "t", "depth": 2}),
        **shape,
    )
    return row, request, _inputs(request)


def _frames(row: ModelSpec) -> st.SearchStrategy[tuple[FrameImage, ...]]:
    both = tuple(FrameImage(url="https://a/", frame_type=name) for name in row.supported_frame_images or ())
    return st.integers(1, len(both)).map(lambda count: both[:count])


@st.composite
def _references(draw: st.DrawFn, row: ModelSpec) -> tuple[Reference, ...]:
    limits = row.references
    images, videos = draw(st.integers(0, limits.image)), draw(st.integers(0, limits.video))
    if images + videos == 0:
        images, videos = (1, 0) if limits.image else (0, 1)
    audios = draw(st.integers(0, limits.audio))
    kinds = ["image"] * images + ["video"] * videos + ["audio"] * audios
    return tuple(Reference(kind=kind, url="https://a/") for kind in draw(st.permutations(kinds)))  # type: ignore[arg-type]  # the words are the kinds


_PIXELS = frozenset({"aspectRatio", "ratio", "size"})
"""Options that are refused where they say something else than the request."""


def _options(row: ModelSpec) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    names = [name for name in row.allowed_passthrough_parameters if name not in _PIXELS]
    if not names:
        return st.just({})
    values = st.dictionaries(st.sampled_from(names), st.booleans() | st.integers() | st.text(max_size=5))
    return st.fixed_dictionaries({row.endpoints[0].name: values})


def _inputs(request: VideoRequest) -> Inputs:
    frames: dict[str, Media] = {frame.frame_type: picture(800, 600) for frame in request.frame_images}
    return Inputs(
        **frames,
        references=tuple(_MEDIA[reference.kind] for reference in request.references),
        previous=clip(5.0, 1920, 1080) if request.previous_job_id else None,
    )


_KINDS = st.sampled_from(["image", "video", "audio"])
_SIDES = st.none() | st.integers(1, 9000)
_MEASURED = st.one_of(
    st.builds(clip, st.none() | st.floats(0.01, 700), _SIDES, _SIDES),
    st.builds(picture, st.integers(1, 9000), st.integers(1, 9000)),
    st.builds(sound, st.none() | st.floats(0.01, 700)),
)
_FRAMES = st.lists(
    st.builds(FrameImage, url=st.just("https://a/"), frame_type=st.sampled_from(["first_frame", "last_frame"])),
    max_size=3,
).map(tuple)
_REFERENCES = st.lists(st.builds(Reference, kind=_KINDS, url=st.just("https://a/")), max_size=5).map(tuple)


def _seldom(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Absent four times out of five: a request that is all wrong is refused, and says little."""
    return st.integers(0, 4).flatmap(lambda dice: values if dice == 4 else st.none())


@st.composite
def any_requests(draw: st.DrawFn) -> Found:
    """A request as a stranger may write it, with inputs that may not be what it says."""
    row = draw(st.sampled_from(_ROWS))
    sizes = [*tuple(row.sizes)[:5], "1280x720", "720x1280", "9999x9999", "720p", ""]
    request = VideoRequest(
        model=row.id,
        prompt=draw(st.just("a fox") | st.sampled_from([None, "", " ", "a fox [[stuck]]", "[[delay"])),
        duration=draw(_seldom(st.integers(-1, 40))),
        resolution=draw(_seldom(st.sampled_from([*SHORT_SIDES, "8K", ""]))),
        aspect_ratio=draw(_seldom(st.sampled_from([*ASPECT_RATIOS, "5:4", "x"]))),
        size=draw(_seldom(st.sampled_from(sizes))),
        frame_images=draw(_seldom(_FRAMES)) or (),
        references=draw(st.just(()) | _REFERENCES),
        generate_audio=draw(_seldom(st.booleans())),
        seed=draw(_seldom(st.integers(-5, 2**33))),
        previous_job_id=draw(_seldom(st.sampled_from([_JOB, "job-7"]))),
        upscale_factor=draw(_seldom(st.floats(-1, 5) | st.just(float("nan")))),
        creativity=draw(_seldom(st.integers(-1, 3))),
        provider=ProviderWish(
            options={"xai": {"a": 1}, "fal": {}}, require_parameters=draw(_seldom(st.just(True))) is True
        ),
        unknown=draw(_seldom(st.just(("camera",)))) or (),
    )
    if draw(st.booleans()):
        return row, request, _inputs(request)
    media = st.none() | _MEASURED
    inputs = Inputs(
        first_frame=draw(media),
        last_frame=draw(media),
        references=tuple(draw(st.lists(_MEASURED, max_size=3))),
        previous=draw(media),
    )
    return row, request, inputs


def _plan(found: Found, *, test: bool = False) -> Plan:
    row, request, inputs = found
    return check(request, row, inputs, Rules(test=test))


def _plan_or_refusal(found: Found, *, test: bool) -> Plan | InvalidRequest:
    try:
        return _plan(found, test=test)
    except InvalidRequest as refusal:
        return refusal


def _assert_row_allows(plan: Plan, row: ModelSpec) -> None:
    """What will be asked of a vendor is something that the row lists."""
    resolved = plan.resolved
    assert plan.mode in row.modes
    assert (resolved.duration is None) == (row.length != "asked")
    for name, listed in (
        ("duration", row.supported_durations),
        ("resolution", row.supported_resolutions),
        ("aspect_ratio", row.supported_aspect_ratios),
    ):
        value = getattr(resolved, name)
        assert value in (listed or ()) or (value is None and (not listed or row.pixels == "input"))
    assert resolved.width % 2 == resolved.height % 2 == 0
    if row.pixels == "asked":
        assert f"{resolved.width}x{resolved.height}" in row.sizes
    assert not resolved.audio or row.generate_audio is not False or row.always_sounds
    assert resolved.audio or not row.always_sounds
    for kind in ("image", "video", "audio"):
        assert sum(media.kind == kind for media in plan.inputs.references) <= row.references.of(kind)
    assert plan.asked.duration > 0
    assert plan.estimate == total(plan.lines) >= 0


@given(allowed_requests())
def test_what_a_row_lists_it_takes_and_resolves_to_what_it_lists(found: Found) -> None:
    """A request of allowed values passes, keeps what was asked, and is filled in from the row's lists."""
    row, request, _ = found
    plan = _plan(found)
    _assert_row_allows(plan, row)
    for name in ("duration", "resolution", "aspect_ratio"):
        asked = getattr(request, name)
        assert asked is None or getattr(plan.resolved, name) == asked
    if request.size is not None:
        assert f"{plan.resolved.width}x{plan.resolved.height}" == request.size


@given(any_requests(), st.booleans())
def test_any_request_is_either_refused_with_reasons_or_one_that_the_row_allows(found: Found, test: bool) -> None:
    """There is no third way out, whatever a request says and whatever its inputs measure."""
    row, request, inputs = found
    known = {media.kind for media in inputs.references} == {one.kind for one in request.references}
    outcome = _plan_or_refusal(found, test=test)
    if isinstance(outcome, InvalidRequest):
        assert outcome.problems
        assert all(problem.field and problem.message for problem in outcome.problems)
    elif known and len(inputs.references) == len(request.references):
        _assert_row_allows(outcome, row)
    else:
        assert outcome.asked.duration > 0


@given(allowed_requests())
def test_an_estimate_is_the_sum_of_its_lines_and_the_bill_of_the_same_video(found: Found) -> None:
    """A video that comes out as asked is billed as estimated."""
    plan = _plan(found)
    assert plan.estimate == sum(line.cost for line in plan.lines)
    made = Made(
        duration=plan.asked.duration,
        width=plan.resolved.width,
        height=plan.resolved.height,
        audio=plan.resolved.audio,
    )
    assert total(price(plan.skus, plan.asked, made)) == plan.estimate


@given(allowed_requests(), st.data())
def test_a_longer_video_never_costs_less(found: Found, data: st.DataObject) -> None:
    """Whether the length is asked for, or is that of the video or sound that is given."""
    row, request, inputs = found
    if row.length == "asked":
        listed = st.sampled_from(row.supported_durations or ())
        plans = [_plan((row, replace(request, duration=data.draw(listed)), inputs)) for _ in range(2)]
    else:
        seconds = st.floats(0.1, row.longest_input or 30)
        plans = [_plan((row, request, _lasting(inputs, data.draw(seconds)))) for _ in range(2)]
    short, long = sorted(plans, key=lambda plan: plan.asked.duration)
    assert short.estimate <= long.estimate


def _lasting(inputs: Inputs, seconds: float) -> Inputs:
    media = (one if one.kind == "image" else replace(one, duration=seconds) for one in inputs.references)
    return replace(inputs, references=tuple(media))


@given(allowed_requests(), st.booleans())
def test_requests_and_plans_survive_being_stored(found: Found, test: bool) -> None:
    """What is read back from JSON equals what was written."""
    plans, requests = TypeAdapter(Plan), TypeAdapter(VideoRequest)
    plan = _plan(found, test=test and "[[" not in (found[1].prompt or ""))
    assert plans.validate_json(plans.dump_json(plan)) == plan
    assert requests.validate_json(requests.dump_json(found[1])) == found[1]


@given(allowed_requests(), st.integers(-5, 10**6))
def test_a_length_off_the_list_never_passes(found: Found, duration: int) -> None:
    """Nothing is rounded to the nearest length on offer."""
    row, request, inputs = found
    changed = replace(request, duration=duration)
    if duration in (row.supported_durations or ()):
        assert check(changed, row, inputs, Rules()).resolved.duration == duration
    else:
        with pytest.raises(InvalidRequest, match=f"Duration {duration}s is not supported"):
            check(changed, row, inputs, Rules())
