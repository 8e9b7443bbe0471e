"""Looks at an image as a provider would: without a key, without cookies, from its first bytes.

`judge_web`, `judge_data` and `judge_file` decide, `check_image` asks. Problems are what a provider refuses;
warnings are what some stumble over. Nothing here decodes a picture.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from reelrouter.client.errors import ClientError
from reelrouter.client.exchange import Flow, Looked, look, peek
from reelrouter.client.fits import takes_image_references
from reelrouter.client.image.addresses import address_problems, shown
from reelrouter.client.image.faults import (
    answer_problems,
    kind_problems,
    picture_warnings,
    type_warnings,
    way_problems,
    way_warnings,
)
from reelrouter.client.image.format import HEAD_BYTES, MIMES, Glance, glance
from reelrouter.client.image.visit import Seen, visit
from reelrouter.client.results import ImageCheck, Model, Remark

_DATA = re.compile(r"data:([^;,]*)((?:;[^;,]*)*),", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
"""Two letters at least: one alone is a drive."""
_OWN_OUTPUT = re.compile(r"/api/v1/videos/[^/]+/content$")


def check_image(source: str, models: Sequence[Model] = (), *, api: str = "") -> Flow[ImageCheck]:
    """Looks at an https address, a data URL or a local file; `api` is the server's address.

    A server's own outputs are not asked for: ReelRouter takes them from its storage.
    """
    scheme = found[1].lower() if (found := _SCHEME.match(source)) else "file"
    if scheme == "data":
        check = judge_data(source)
    elif scheme == "file":
        check = yield from _look_at_file(source)
    elif scheme == "reelrouter" and _reads_own_outputs(models):
        check = ImageCheck(source=source, kind="web", warnings=(_OWN,))
    else:
        check = yield from _look_at_web(source, models, api)
    return _with_takers(check, models) if check.ok else check


def judge_web(source: str, seen: Seen) -> ImageCheck:
    """What a provider would make of an address that was asked for."""
    found = glance(seen.head)
    answered = seen.hops[-1] if seen.hops else None
    problems = (*way_problems(seen), *answer_problems(seen, found))
    warnings = (*way_warnings(source, seen), *type_warnings(seen.content_type, found))
    return ImageCheck(
        source=shown(source),
        kind="web",
        status=answered.status if answered else None,
        content_type=seen.content_type or None,
        hops=tuple(hop.url for hop in seen.hops) if len(seen.hops) > 1 else (),
        is_web_page=found.is_web_page or (found.mime is None and "html" in seen.content_type),
        wants_cookies=seen.with_cookies,
        problems=problems,
        warnings=(*warnings, *picture_warnings(found, seen.size)),
        **_picture_facts(found, seen.size),
    )


def judge_data(url: str) -> ImageCheck:
    """A data URL, which is read whole: a torn one is refused."""
    form = _DATA.match(url)
    if form is None or form[2].lower() != ";base64":
        problem = Remark(
            text="this is not a data URL with base64", next_step="begin it with data:image/png;base64,"
        )
        return ImageCheck(source=shown(url), kind="data", problems=(problem,))
    mime = form[1].lower()
    if mime not in MIMES:
        problem = Remark(
            text=f"its type is {mime or 'not named'}", next_step=f"let it be one of {', '.join(MIMES)}, as it is"
        )
        return ImageCheck(source=shown(url), kind="data", content_type=mime or None, problems=(problem,))
    try:
        content = binascii.a2b_base64(url[form.end() :], strict_mode=True)
    except ValueError:
        problem = Remark(text="its base64 is cut off or damaged", next_step="encode the file again, whole")
        return ImageCheck(source=shown(url), kind="data", content_type=mime, problems=(problem,))
    found = glance(content[:HEAD_BYTES])
    return ImageCheck(
        source=shown(url),
        kind="data",
        content_type=mime,
        problems=tuple(kind_problems(found)),
        warnings=(*type_warnings(mime, found), *picture_warnings(found, len(content))),
        **_picture_facts(found, len(content)),
    )


def judge_file(source: str, there: Looked, head: bytes) -> ImageCheck:
    """A file of this machine; it would be sent along as a data URL."""
    if there.kind != "file":
        text = "there is no such file" if there.kind == "nothing" else "this is a folder"
        step = "check the path; an address begins with https://"
        return ImageCheck(source=source, kind="file", problems=(Remark(text=text, next_step=step),))
    found = glance(head)
    return ImageCheck(
        source=source,
        kind="file",
        problems=tuple(kind_problems(found)),
        warnings=tuple(picture_warnings(found, there.size)),
        **_picture_facts(found, there.size),
    )


_OWN = Remark(text="this is an output of the server itself, taken from its storage; nothing was downloaded")


def _look_at_web(source: str, models: Sequence[Model], api: str) -> Flow[ImageCheck]:
    problems = tuple(address_problems(source))
    if problems:
        return ImageCheck(source=shown(source), kind="web", problems=problems)
    parts = urlsplit(source)
    if parts[:2] == urlsplit(api)[:2] and _OWN_OUTPUT.search(parts.path) and _reads_own_outputs(models):
        return ImageCheck(source=source, kind="web", warnings=(_OWN,))
    return judge_web(source, (yield from visit(source)))


def _reads_own_outputs(models: Sequence[Model]) -> bool:
    """Servers that list how many references a model takes are those that do."""
    return any(model.supported_references for model in models)


def _look_at_file(source: str) -> Flow[ImageCheck]:
    path = Path(unquote(urlsplit(source).path) if _SCHEME.match(source) else source)
    try:
        there = yield from look(path)
        head = (yield from peek(path, HEAD_BYTES)) if there.kind == "file" else b""
    except ClientError as error:
        problem = Remark(text=error.message, next_step=error.next_step or "make the file readable")
        return ImageCheck(source=source, kind="file", problems=(problem,))
    return judge_file(source, there, head)


def _picture_facts(found: Glance, size: int | None) -> dict[str, Any]:
    name = MIMES[found.mime].lower() if found.mime else None
    return {"format": name, "size": size, "width": found.width, "height": found.height}


def _with_takers(check: ImageCheck, models: Sequence[Model]) -> ImageCheck:
    """Which models would take it, as their rows say."""
    stated = {model.id: takes_image_references(model) for model in models}
    return replace(
        check,
        first_frame_models=_with_frame("first_frame", models),
        last_frame_models=_with_frame("last_frame", models),
        reference_models=tuple(name for name, takes in stated.items() if takes is True),
        unstated_models=tuple(name for name, takes in stated.items() if takes is None),
    )


def _with_frame(frame: str, models: Sequence[Model]) -> tuple[str, ...]:
    return tuple(model.id for model in models if frame in (model.supported_frame_images or ()))
