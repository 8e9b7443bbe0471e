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
from reelrouter.errors import InvalidRequest
from reelrouter.work import Media
from tests.catalogue.examples import catalogue, clip, picture, sound

_MEDIA = {"image": picture(640, 480), "video": clip(), "audio": sound()}


def _maybe(values: tuple[Any, ...] | None) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values) if values else st.none()


@st.composite
def allowed_requests(draw: st.DrawFn) -> tuple[ModelSpec, VideoRequest, Inputs]:
    """A request made of nothing but what a row of the catalogue lists, and its inputs."""
    row = draw(st.sampled_from(list(catalogue())))
    mode = draw(st.sampled_from(row.modes))
    shape: dict[str, Any] = {
        "resolution": draw(_maybe(row.supported_resolutions)),
        "aspect_ratio": draw(_maybe(row.supported_aspect_ratios)),
    }
    if draw(st.booleans()):
        shape = {"size": draw(_maybe(row.supported_sizes or tuple(row.sizes)))}
    request = VideoRequest(
        model=row.id,
        prompt=draw(st.text(min_size=1, max_size=20).filter(str.strip)),
        duration=draw(_maybe(row.supported_durations)),
        frame_images=draw(_frames(row)) if mode == "frames" else (),
        references=draw(_references(row)) if mode in {"references", "edit"} else (),
        generate_audio=draw(_maybe((True, False) if row.generate_audio else (False,))),
        seed=draw(st.none() | st.integers(0, 2**32 - 1)),
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


def _options(row: ModelSpec) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    names = row.allowed_passthrough_parameters
    if not names:
        return st.just({})
    values = st.dictionaries(st.sampled_from(names), st.booleans() | st.integers() | st.text(max_size=5))
    return st.fixed_dictionaries({row.endpoints[0].name: values})


def _inputs(request: VideoRequest) -> Inputs:
    frames: dict[str, Media] = {frame.frame_type: picture(800, 600) for frame in request.frame_images}
    return Inputs(**frames, references=tuple(_MEDIA[reference.kind] for reference in request.references))


def _plan(found: tuple[ModelSpec, VideoRequest, Inputs], *, test: bool = False) -> Plan:
    row, request, inputs = found
    return check(request, row, inputs, Rules(test=test))


@given(allowed_requests())
def test_what_a_row_lists_it_takes_and_resolves_to_what_it_lists(
    found: tuple[ModelSpec, VideoRequest, Inputs],
) -> None:
    """A request of allowed values passes, keeps what was asked, and is filled in from the row's lists."""
    row, request, _ = found
    resolved = _plan(found).resolved
    for name, listed in (
        ("duration", row.supported_durations),
        ("resolution", row.supported_resolutions),
        ("aspect_ratio", row.supported_aspect_ratios),
    ):
        value, asked = getattr(resolved, name), getattr(request, name)
        assert value == asked or asked is None
        assert value in (listed or (None,))
    assert resolved.width % 2 == 0
    assert resolved.height % 2 == 0
    if row.pixels == "asked":
        assert f"{resolved.width}x{resolved.height}" == (request.size or f"{resolved.width}x{resolved.height}")
        assert f"{resolved.width}x{resolved.height}" in row.sizes
    assert not resolved.audio or row.generate_audio


@given(allowed_requests())
def test_an_estimate_is_the_sum_of_its_lines_and_the_bill_of_the_same_video(
    found: tuple[ModelSpec, VideoRequest, Inputs],
) -> None:
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


@given(allowed_requests(), st.booleans())
def test_requests_and_plans_survive_being_stored(
    found: tuple[ModelSpec, VideoRequest, Inputs], test: bool
) -> None:
    """What is read back from JSON equals what was written."""
    plans, requests = TypeAdapter(Plan), TypeAdapter(VideoRequest)
    plan = _plan((found[0], found[1], found[2]), test=test and "[[" not in (found[1].prompt or ""))
    assert plans.validate_json(plans.dump_json(plan)) == plan
    assert requests.validate_json(requests.dump_json(found[1])) == found[1]


@given(allowed_requests(), st.integers(-5, 10**6))
def test_a_length_off_the_list_never_passes(found: tuple[ModelSpec, VideoRequest, Inputs], duration: int) -> None:
    """Nothing is rounded to the nearest length on offer."""
    row, request, _ = found
    listed = row.supported_durations or ()
    fields = {slot: getattr(request, slot) for slot in VideoRequest.__dataclass_fields__}
    changed = VideoRequest(**(fields | {"duration": duration}))
    if duration in listed:
        assert check(changed, row, found[2], Rules()).resolved.duration == duration
    else:
        with pytest.raises(InvalidRequest, match=f"Duration {duration}s is not supported"):
            check(changed, row, found[2], Rules())
