"""Rudenesses of what an answer brings: the file, its address, what stands beside a state, polls without any."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from reelrouter.emulators.answers import Answer, Decoration, Path, Raw, Says, Shape
from reelrouter.emulators.rudeness import (
    PAUSE,
    TEXTS,
    Alter,
    Fits,
    Rudeness,
    always,
    instead,
    is_worded,
    page,
    valued,
)

_JSON = {"Content-Type": "application/json"}
_NAN, _INFINITE, _OVERFLOW = float("nan"), float("inf"), Raw("1e400")
_DECORATIONS: Mapping[Decoration, tuple[tuple[Says, ...], Mapping[str, object]]] = {
    "cost": (
        ("done", "failed"),
        {
            "text": "0.40", "with a sign": "$0.40", "object": {"amount": 0.4, "currency": "USD"},
            "with an exponent": Raw("4e-1"), "fine": Raw("0.1234567890123"), "negative": -1, "not a number": _NAN,
            "infinite": _INFINITE, "no float": _OVERFLOW, "too large": Raw("1e30"), "a truth": True,
            "words": "lots", "empty": "", "list": [],
        },
    ),
    "seed": (
        ("done", "failed"),
        {
            "text": "7", "float": 7.0, "fraction": 7.5, "huge": 2**70, "hugely negative": -(2**70),
            "a truth": True, "words": "lots", "not a number": _NAN, "list": [],
        },
    ),
    "progress": (
        ("waiting", "done"),
        {
            "text": "50%", "fraction": 0.5, "no float": _OVERFLOW, "huge": Raw("9" * 400), "not a number": _NAN,
            "infinite": _INFINITE, "a truth": True, "negative": -5, "too much": 1000, "words": "lots",
            "object": {},
        },
    ),
    "count": (
        ("done",),
        {"text": "1", "negative": -1, "too large": 1000, "a truth": True, "words": "many"},
    ),
    "stamp": (
        ("waiting", "done", "failed"),
        {
            "words": "soon", "text": "2026-11-30T00:00:00Z", "negative": -1, "no float": _OVERFLOW, "huge": 2**70,
            "not a number": _NAN, "object": {},
        },
    ),
    "usage": (("done", "failed"), {"words": "lots", "list": [], "number": 7, "null": None}),
}  # fmt: skip
"""The answers in which each may stand, and what may stand there."""
_CODES: Mapping[str, object] = {
    **{name: text for name, text in TEXTS.items() if name != "1.9 MB"},
    "superscript digit": "²",
    "arabic digits": "٤٠٤",
    "5000 digits": "9" * 5000,
    "a sentence": "the key sk-live-123 of somebody@example.com",
    "an object": {"a": [1]},
    "not a number": _NAN,
}
_PACES = {
    "at once": "0",
    "a millisecond": "1",
    "a minute": "60000",
    "an hour": "3600000",
    "words": "soon",
    "negative": "-5",
    "5000 digits": "9" * 5000,
}
_TEXT_ADDRESSES: Mapping[str, Callable[[Answer], str]] = {
    "nul": lambda answer: f"{answer.file}?x=\x00",
    "half a character": lambda answer: f"{answer.file}?x=\ud83d",
    "relative": lambda answer: answer.own_file,
    "blanks around": lambda answer: f" {answer.file}\n",
}
_NO_ADDRESSES: Mapping[str, object] = {"number": 7, "null": None, "empty": "", "object": {"a": 1}}
_MOST_PLACES = 8


def polls() -> Iterator[Rudeness]:
    """Answers to polls that say nothing of the job, before those that do."""
    pages = {f"{status} html": page(status) for status in (200, 401, 403, 404, 410, 500, 502, 503)}
    pauses = {f"{status} with a pause": page(status, Retry_After=str(PAUSE)) for status in (200, 429, 503)}
    others = {
        "404 json": Answer(says=None, status=404, body={}),
        "empty 200": Answer(says=None, headers=_JSON, body=b""),
        "list": Answer(says=None, body=[]),
        "null": Answer(says=None, body=None),
        "nested": Answer(says=None, headers=_JSON, body=b"[" * 100_000 + b"]" * 100_000),
    }
    for name, answer in {**pages, **pauses, **others}.items():
        yield _poll(name, instead(answer))
    yield _poll("truncated 200", _truncated)
    yield _poll("reset", lambda answer, _shape: replace(answer, cut="before"))
    # Where the state is a flag, an error is how a failure is told.
    yield _poll("no such task at 200", _error("task not exist", "task_not_exist"), is_worded)
    yield _poll("error at 200", _error("x", 500), is_worded)


def files() -> Iterator[Rudeness]:
    """Files that come late: what is answered first is no video, or not all of it."""
    pages = {str(status): page(status) for status in (400, 403, 404, 409, 425, 429, 500, 503)}
    pauses = {f"{status} with a pause": page(status, Retry_After=str(PAUSE)) for status in (429, 503)}
    others = {
        "202": Answer(says=None, status=202, body={"status": "processing"}),
        "204": Answer(says=None, status=204, body=b""),
        "empty": Answer(says=None, headers={"Content-Type": "video/mp4"}, body=b""),
        "html": page(200),
        "json": Answer(says=None, body={"error": "later"}),
    }
    for name, answer in {**pages, **pauses, **others}.items():
        yield _file(f"file: {name}", instead(answer))
    yield _file("file: half", lambda answer, _shape: replace(answer, body=answer.body[: len(answer.body) // 2]))
    yield _file("file: cut", lambda answer, _shape: replace(answer, cut="within"))
    yield _file("file: reset", lambda answer, _shape: replace(answer, cut="before"))


def dresses() -> Iterator[Rudeness]:
    """Files that are there, under headers that no video should have."""
    for kind in ("application/octet-stream", "text/plain", "application/json", "text/html"):
        yield replace(_file(f"dress: {kind}", _headed("Content_Type", kind)), times=None)
    for encoding in ("aws-chunked", "", "utf-8"):
        dressed = _headed("Content_Encoding", encoding)
        yield replace(_file(f"dress: {encoding or 'empty'} encoding", dressed), times=None)


def addresses() -> Iterator[Rudeness]:
    for name, text in _TEXT_ADDRESSES.items():
        yield _address(name, _placed(lambda shape: shape.address, text))
    for at in range(_MOST_PLACES):
        yield _elsewhere(at)
    yield _address("text for a list", _placed(_list, lambda answer: answer.file), _is_listed)
    listed = _placed(lambda shape: shape.address, lambda answer: [answer.file])
    yield _address("list for a text", listed, lambda shape: not _is_listed(shape))
    for name, value in _NO_ADDRESSES.items():
        yield _address(f"no text, {name}", _placed(lambda shape: shape.address, _constant(value)))


def decorations() -> Iterator[Rudeness]:
    for kind, (says, values) in _DECORATIONS.items():
        place, fits = _place_of(kind), _has(kind)
        for name, value in values.items():
            yield Rudeness(name=f"{kind}: {name}", says=says, alter=valued(place, value), fits=fits)


def texts() -> Iterator[Rudeness]:
    """Texts and codes of failures that cannot be stored or shown as they are."""
    for name, text in TEXTS.items():
        yield Rudeness(name=f"message: {name}", says=("failed",), alter=valued(lambda shape: shape.message, text))
        yield Rudeness(name=f"refusal: {name}", says=("refused",), alter=valued(lambda shape: shape.refusal, text))
    for name, value in _CODES.items():
        coded = valued(lambda shape: shape.code, value)
        yield Rudeness(
            name=f"code: {name}", says=("failed",), alter=coded, fits=lambda shape: shape.code is not None
        )


def paces() -> Iterator[Rudeness]:
    """When to ask again, by vendors that say so."""
    for name, value in _PACES.items():
        yield Rudeness(
            name=f"pace: {name}", says=("waiting",), alter=_paced(value), fits=lambda shape: shape.pace is not None
        )


# Polls and files -------------------------------------------------------------------------------------------------


def _poll(name: str, alter: Alter, fits: Fits = always) -> Rudeness:
    return Rudeness(name=f"poll: {name}", says=("waiting", "done", "failed"), alter=alter, fits=fits, times=3)


def _error(message: str, code: object) -> Alter:
    return instead(Answer(says=None, body={"error": {"message": message, "code": code}}))


def _truncated(answer: Answer, _shape: Shape) -> Answer:
    body = answer.sent()
    return replace(answer, says=None, body=body[: len(body) // 2], headers=_JSON)


def _file(name: str, alter: Alter) -> Rudeness:
    return Rudeness(name=name, says=("file",), alter=alter, fits=lambda shape: not shape.is_inline, times=3)


def _headed(name: str, value: str) -> Alter:
    return lambda answer, _shape: answer.with_headers(**{name: value})


def _paced(value: str) -> Alter:
    return lambda answer, shape: answer.with_headers(**{shape.pace or "": value})


# Places ----------------------------------------------------------------------------------------------------------


def _address(name: str, alter: Alter, fits: Fits = always) -> Rudeness:
    return Rudeness(
        name=f"address: {name}",
        says=("done",),
        alter=alter,
        fits=lambda shape: shape.address is not None and fits(shape),
    )


def _elsewhere(at: int) -> Rudeness:
    placed = _placed(lambda shape: shape.elsewhere[at], lambda answer: answer.file)
    return _address(f"elsewhere {at}", placed, lambda shape: at < len(shape.elsewhere))


def _placed(path_of: Callable[[Shape], Path | None], value_of: Callable[[Answer], object]) -> Alter:
    """With nothing else in the answer that says where the video is."""

    def alter(answer: Answer, shape: Shape) -> Answer:
        bare = answer if shape.outputs is None else answer.without(shape.outputs)
        return bare.with_value(path_of(shape) or (), value_of(answer))

    return alter


def _constant(value: object) -> Callable[[Answer], object]:
    return lambda _answer: value


def _is_listed(shape: Shape) -> bool:
    return shape.address is not None and shape.address[-1:] == (0,)


def _list(shape: Shape) -> Path:
    return (shape.address or ())[:-1]


def _place_of(kind: Decoration) -> Callable[[Shape], Path | None]:
    return lambda shape: shape.decorations[kind]


def _has(kind: Decoration) -> Fits:
    return lambda shape: kind in shape.decorations
