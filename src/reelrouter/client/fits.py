"""Whether a model's row lets it serve a request: every reason against it, and what the row leaves open."""

import re
from collections.abc import Callable, Iterator, Sequence

from reelrouter.client.results import Model
from reelrouter.client.shapes import follows_input, pictures, works_on_video
from reelrouter.client.wishes import Wish
from reelrouter.work import MediaKind

_KINDS: tuple[MediaKind, ...] = ("image", "video", "audio")
_NO_REFERENCES = re.compile(
    r"(?:\bno|\bwithout|(?:\bnot|n['\u2019]t)\s+(?:take|support|accept|use|allow))\s+"
    r"(?:(?:image|video|audio|input|any|or|and)\s+)*reference",
    re.IGNORECASE,
)
"""How a description rules references out where a row has no field for them."""


def reasons(wish: Wish, model: Model) -> tuple[str, ...]:
    """Why the model cannot serve the request; empty if nothing in its row speaks against it."""
    return tuple(reason for rule in _RULES for reason in rule(wish, model))


def remarks(wish: Wish, model: Model) -> tuple[str, ...]:
    """What is asked for and the row does not promise."""
    return tuple(_open_questions(wish, model))


def takes_image_references(model: Model) -> bool | None:
    """None where neither the row nor its description says."""
    if model.supported_references is not None:
        return model.supported_references.image > 0
    return False if _NO_REFERENCES.search(model.description) else None


def _available(_wish: Wish, model: Model) -> Iterator[str]:
    if model.available == ():
        missing = "".join(f"; {route.endpoint}: {route.reason}" for route in model.missing)
        yield f"this server has nothing that could make it{missing}"


def _duration(wish: Wish, model: Model) -> Iterator[str]:
    if wish.duration is None:
        return
    if not model.supported_durations:
        yield f"its length is that of its input, and {wish.duration} s are asked for"
    elif wish.duration not in model.supported_durations:
        yield f"it makes {_seconds(model.supported_durations)}, not {wish.duration} s"


def _resolution(wish: Wish, model: Model) -> Iterator[str]:
    yield from _listed("resolution", wish.resolution, model.supported_resolutions)


def _aspect_ratio(wish: Wish, model: Model) -> Iterator[str]:
    yield from _listed("aspect ratio", wish.aspect_ratio, model.supported_aspect_ratios)


def _listed(what: str, asked: str | None, listed: Sequence[str] | None) -> Iterator[str]:
    if asked is None or asked in (listed or ()):
        return
    if listed:
        yield f"it makes {_either(listed, 'and')}, not {asked}"
    else:
        yield f"its {what} is that of its input, and {asked} is asked for"


def _size(wish: Wish, model: Model) -> Iterator[str]:
    if wish.size is None:
        return
    if not model.supported_resolutions and not model.supported_sizes:
        yield f"its size is that of its input, and {wish.size} is asked for"
        return
    shape = pictures(model).get(wish.size)
    if shape is None:
        yield f"it does not make {wish.size}"
        return
    for what, asked, has in (
        ("resolution", wish.resolution, shape.resolution),
        ("aspect ratio", wish.aspect_ratio, shape.aspect_ratio),
    ):
        if asked is not None and asked != has:
            yield f"{wish.size} is {has} with it, and {what} {asked} is asked for beside it"


def _frames(wish: Wish, model: Model) -> Iterator[str]:
    for frame in dict.fromkeys(wish.frames):
        if frame not in (model.supported_frame_images or ()):
            yield f"it takes no {frame.replace('_', ' ')}"
        if wish.frames.count(frame) > 1:
            yield f"a video has one {frame.replace('_', ' ')}, and {wish.frames.count(frame)} are given"


def _references(wish: Wish, model: Model) -> Iterator[str]:
    if wish.frames or not wish.references:
        return  # frames win, and references beside them are not used
    limits = model.supported_references
    for kind in _KINDS:
        given = wish.count(kind)
        most = getattr(limits, kind) if limits is not None else given
        if given > most:
            has = f"at most {most} {kind}" if most else f"no {kind}"
            yield f"it takes {has} reference{'' if most == 1 else 's'}, and {given} {_are(given)} given"
    if limits is None and _NO_REFERENCES.search(model.description):
        yield "its description says that it takes no references"


def _needs_input(wish: Wish, model: Model) -> Iterator[str]:
    if wish.previous_job_id is not None:
        return
    if works_on_video(model) and (wish.frames or not wish.count("video")):
        yield "it works on a video that it is given, and the request has no video reference"
    elif follows_input(model) and (wish.frames or not wish.references):
        yield "it needs a reference to work from, and the request has none"


def _audio(wish: Wish, model: Model) -> Iterator[str]:
    if wish.generate_audio and model.generate_audio is False:
        yield "it makes no sound"


def _seed(wish: Wish, model: Model) -> Iterator[str]:
    if wish.seed is not None and model.seed is False:
        yield "it takes no seed"


def _options(wish: Wish, model: Model) -> Iterator[str]:
    """One provider's options must be taken whole; those under other providers' names are not meant for it."""
    unknown = {
        slug: [name for name in names if name not in model.allowed_passthrough_parameters]
        for slug, names in wish.options.items()
    }
    if unknown and all(unknown.values()):
        takes = _either(model.allowed_passthrough_parameters, "and") or "none"
        names = dict.fromkeys(name for names in unknown.values() for name in names)
        yield f"the options that it takes are {takes}, and {_either(tuple(names), 'and')} {_are(len(names))} given"


def _upscaling(wish: Wish, model: Model) -> Iterator[str]:
    allowed = model.upscale_factor
    if wish.upscale_factor is not None:
        if allowed is None:
            yield "it does not upscale videos"
        elif not allowed.min <= wish.upscale_factor <= allowed.max:
            yield f"it upscales {allowed.min:g} to {allowed.max:g} times, not {wish.upscale_factor:g}"
    if wish.creativity is not None and wish.creativity not in (model.creativity or ()):
        has = _either(tuple(str(value) for value in model.creativity or ()), "or")
        yield f"its creativity is {has}, not {wish.creativity}" if has else "it has no creativity to set"


_RULES: tuple[Callable[[Wish, Model], Iterator[str]], ...] = (
    _available,
    _duration,
    _resolution,
    _aspect_ratio,
    _size,
    _frames,
    _references,
    _needs_input,
    _audio,
    _seed,
    _options,
    _upscaling,
)


def _open_questions(wish: Wish, model: Model) -> Iterator[str]:
    if wish.references and not wish.frames and model.supported_references is None:
        yield "this server does not say which references it takes; read its description before you submit"
    if wish.references and wish.frames:
        yield "the references will not be used, since frames win"
    if wish.generate_audio and model.generate_audio is None:
        yield "whether it makes sound is not stated"
    if wish.seed is not None and model.seed is None:
        yield "whether it takes a seed is not stated"
    if wish.size is not None and not model.supported_sizes:
        yield "it lists no sizes; this one is what its resolution and ratio come to"
    if set(wish.frames) == {"last_frame"}:
        yield "whether a last frame may come without a first one is not stated"
    if set(wish.references) == {"audio"} and not wish.frames:
        yield "whether a sound may come without an image or a video is not stated"


def _seconds(listed: Sequence[int]) -> str:
    ordered = sorted(set(listed))
    first, last = ordered[0], ordered[-1]
    if len(ordered) > 2 and last - first == len(ordered) - 1:
        return f"{first} to {last} s"
    return f"{_either(tuple(str(length) for length in ordered), 'or')} s"


def _either(words: Sequence[str], joint: str) -> str:
    """`a, b or c`."""
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
