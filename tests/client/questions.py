"""What one could ask of a model, in the many forms that its row allows and some that it does not.

Each form varies one part of a request and leaves the others to the model.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reelrouter.api.schemas import parse
from reelrouter.brand import BRANDS
from reelrouter.catalogue.check import Plan, Rules, check
from reelrouter.catalogue.request import Inputs
from reelrouter.client.results import Model
from tests.catalogue.examples import clip, picture, sound
from tests.catalogue.examples import model as model_spec
from tests.client.rows import frame, reference

WIDE = (1280, 720)
SECONDS = 5.0
_FRAMES = [("first_frame",), ("last_frame",), ("first_frame", "last_frame")]
_REFERENCES = [("image",), ("image", "image"), ("video",), ("audio",), ("image", "video", "audio")]


def questions(model: Model) -> Iterator[dict[str, Any]]:
    for form in _forms(model):
        yield {"model": model.id, "prompt": "a red fox", **form}


def plan_of(body: Mapping[str, Any]) -> Plan:
    """What the server makes of it, were every input five seconds of 1280x720; raises `InvalidRequest`."""
    given = {"image": picture(*WIDE), "video": clip(SECONDS, *WIDE), "audio": sound(SECONDS)}
    frames = {item["frame_type"]: picture(*WIDE) for item in body.get("frame_images", ())}
    kinds = [item["type"].removesuffix("_url") for item in body.get("input_references", ())]
    inputs = Inputs(**frames, references=tuple(given[kind] for kind in kinds))
    return check(parse(dict(body), {}, BRANDS["openrouter"]), model_spec(body["model"]), inputs, Rules())


def _forms(model: Model) -> Iterator[dict[str, Any]]:
    resolutions, ratios = model.supported_resolutions or (), model.supported_aspect_ratios or ()
    yield from ({"resolution": one, "aspect_ratio": ratio} for one in (*resolutions, "360p") for ratio in ratios)
    yield from ({"aspect_ratio": ratio} for ratio in (*ratios, "9:21"))
    yield from ({"size": size} for size in (*(model.supported_sizes or ()), "1280x720", "642x360"))
    yield from ({"duration": seconds} for seconds in (*(model.supported_durations or ()), 7, 61))
    yield from ({"upscale_factor": factor, **_inputs((), ("video",))} for factor in (1.0, 1.5, 3))
    for frames, references in ((), ()), *((some, ()) for some in _FRAMES), *(((), some) for some in _REFERENCES):
        inputs = _inputs(frames, references)
        yield inputs
        yield from ({"generate_audio": audio, **inputs} for audio in (True, False))
        yield from ({"resolution": one, **inputs} for one in resolutions)
        yield from ({"creativity": value, **inputs} for value in (0, 1))


def _inputs(frames: tuple[str, ...], references: tuple[str, ...]) -> dict[str, Any]:
    parts = {
        "frame_images": [frame(kind) for kind in frames],
        "input_references": [reference(kind) for kind in references],
    }
    return {name: value for name, value in parts.items() if value}
