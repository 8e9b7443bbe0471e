"""Requests that are well formed, and that no model or not this one can serve."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.acceptance.bad_requests.case import Case, refused, refused_request
from tests.acceptance.orders import frame, image, video

_URL = "https://example.com/a.png"
_VEO: Mapping[str, Any] = {"model": "google/veo-3.1-lite", "prompt": "a boat", "duration": 4}
_EDIT: Mapping[str, Any] = {"model": "black-forest-labs/flux-video-edit", "prompt": "rain"}
_UPSCALE: Mapping[str, Any] = {
    "model": "black-forest-labs/flux-video-upscale",
    "input_references": [video("https://example.com/a.mp4")],
}
_SEEDANCE: Mapping[str, Any] = {"model": "bytedance/seedance-2.0-fast", "prompt": "a boat", "duration": 4}
_CONTINUED: Mapping[str, Any] = {"model": "black-forest-labs/flux-3-video", "prompt": "on", "duration": 5}
_JOB = "gen-vid-1795258034-00000000000000000000"


def cases() -> Iterator[Case]:
    yield from _names()
    yield from _shapes()
    yield from _inputs()
    yield from _continued()
    yield from _routes()


def _names() -> Iterator[Case]:
    for name in (
        "google/veo-9",
        "veo",
        "GOOGLE/VEO-3.1-LITE",
        "google/veo-3.1-lite ",
        "../etc/passwd",
        "😀",
        "%00",
    ):
        yield refused(f"the model {name!r}", "model", f"{name} is not a valid model ID", model=name)
    yield refused(
        "an unknown fallback", "models[1]", "is not a valid model ID", models=["google/veo-3.1", "nobody/x"]
    )


def _shapes() -> Iterator[Case]:
    for changes, field, words in (
        ({"duration": 5}, "duration", "Duration 5s is not supported for this model. Supported durations: 4, 6, 8"),
        (
            {"resolution": "4K"},
            "resolution",
            "Resolution 4K is not supported for this model. Supported resolutions",
        ),
        ({"resolution": "720P"}, "resolution", "Supported resolutions: 720p, 1080p"),
        ({"resolution": " 720p"}, "resolution", "Supported resolutions: 720p, 1080p"),
        ({"resolution": ""}, "resolution", "Supported resolutions: 720p, 1080p"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio", "Supported aspect ratios: 16:9, 9:16"),
        ({"aspect_ratio": "16x9"}, "aspect_ratio", "Supported aspect ratios: 16:9, 9:16"),
        ({"aspect_ratio": "16 : 9"}, "aspect_ratio", "Supported aspect ratios: 16:9, 9:16"),
        ({"size": "1x1"}, "size", "Supported sizes: "),
        ({"size": "1280X720"}, "size", "written WIDTHxHEIGHT"),
        ({"size": "1280*720"}, "size", "written WIDTHxHEIGHT"),
        ({"size": "big"}, "size", "written WIDTHxHEIGHT"),
        ({"size": "-1280x-720"}, "size", "written WIDTHxHEIGHT"),
        ({"size": "1280x720x2"}, "size", "written WIDTHxHEIGHT"),
        ({"size": f"{'9' * 100}x{'9' * 100}"}, "size", "Supported sizes: "),
        ({"size": "1280x720", "resolution": "1080p"}, "size", "contradicts resolution 1080p"),
        ({"size": "1280x720", "aspect_ratio": "9:16"}, "size", "contradicts aspect_ratio 9:16"),
    ):
        yield refused_request(f"veo with {changes}"[:90], field, words, {**_VEO, **changes})
    words = "Duration 3s is not supported"
    body = {**_VEO, "duration": 3, "resolution": "8K", "aspect_ratio": "2:1"}
    yield refused_request("three wrong at once", "duration", words, body, others=("resolution", "aspect_ratio"))
    body = {"model": "alibaba/wan-2.7", "prompt": "a boat", "duration": 99}
    yield refused_request("too long for another model", "duration", "Duration 99s is not supported", body)
    yield refused_request(
        "a length for an edit",
        "duration",
        "as long as its input",
        {**_EDIT, "duration": 5},
        others=("input_references",),
    )
    body = {**_EDIT, "resolution": "720p"}
    yield refused_request("pixels for an edit", "resolution", "leave it out", body, others=("input_references",))
    body = {**_EDIT, "generate_audio": True}
    yield refused_request(
        "sound for an edit", "generate_audio", "does not make sound", body, others=("input_references",)
    )
    for changes, field, words in (
        ({"upscale_factor": 9}, "upscale_factor", "outside 1.5 to 3"),
        ({"upscale_factor": 1}, "upscale_factor", "outside 1.5 to 3"),
        ({"creativity": 2}, "creativity", "Supported values: 0, 1"),
        ({"creativity": -1}, "creativity", "Supported values: 0, 1"),
    ):
        yield refused_request(f"an upscale with {changes}", field, words, {**_UPSCALE, **changes})


def _inputs() -> Iterator[Case]:
    first, last = frame(_URL, "first_frame"), frame(_URL, "last_frame")
    frames = {"frame_images": [first, first]}
    field = "frame_images[1].frame_type"
    yield refused_request("two first frames", field, "already a first_frame", {**_VEO, **frames})
    frames = {"frame_images": [first, last, last]}
    field = "frame_images[2].frame_type"
    yield refused_request("two last frames", field, "already a last_frame", {**_VEO, **frames})
    yield refused_request(
        "a last frame alone", "frame_images", "only together with", {**_VEO, "frame_images": [last]}
    )
    body = {**_EDIT, "frame_images": [first]}
    yield refused_request("a frame for an edit", "frame_images", "does not take frame images", body)
    body = {**_VEO, "input_references": [image(_URL)] * 4}
    yield refused_request("four references of three", "input_references", "at most 3 image references; 4", body)
    yield refused("nine references of eight", "input_references", "at most 8", input_references=[image(_URL)] * 9)
    yield refused("65 references", "input_references", "at most 64 items", input_references=[image(_URL)] * 65)
    sound = {"type": "audio_url", "audio_url": {"url": "https://example.com/a.mp3"}}
    body = {**_SEEDANCE, "input_references": [sound]}
    yield refused_request("a sound alone", "input_references", "An audio reference needs", body)
    body = {**_VEO, "input_references": [video("https://example.com/a.mp4")]}
    field = "input_references[0].video_url.url"
    yield refused_request("a video for a model that takes none", field, "does not take video references", body)
    body = {**_VEO, "input_references": [sound]}
    field = "input_references[0].audio_url.url"
    yield refused_request("a sound for a model that takes none", field, "does not take audio references", body)
    body = {**_EDIT, "input_references": [image(_URL)]}
    field = "input_references[0].image_url.url"
    yield refused_request(
        "an image for an edit", field, "does not take image references", body, others=("input_references",)
    )
    yield refused_request("an edit of nothing", "input_references", "works on a video", _EDIT)
    body = {**_UPSCALE, "input_references": []}
    yield refused_request(
        "an upscale of nothing", "input_references", "works on a video", body, others=("prompt",)
    )
    body = {**_EDIT, "input_references": [video("https://example.com/a.mp4")] * 2}
    yield refused_request("an edit of two videos", "input_references", "at most 1 video references", body)


def _continued() -> Iterator[Case]:
    yield refused(
        "a former job for a model that does not go on",
        "previous_job_id",
        "does not support previous_job_id",
        previous_job_id=_JOB,
    )
    for job in ("", "x", "gen-vid-1-x", f"{_JOB}0", f" {_JOB}", f"{_JOB}\n", "gen-vid--1-00000000000000000000"):
        body = {**_CONTINUED, "previous_job_id": job}
        yield refused_request(f"the former job {job!r}", "previous_job_id", "A job id looks like", body)
    body = {**_CONTINUED, "previous_job_id": _JOB}
    yield refused_request("a former job that never was", None, f"Job {_JOB} not found", body, status=404)
    body |= {"frame_images": [frame(_URL, "first_frame")]}
    yield refused_request("a former job and a frame", "frame_images", "leave this out", body)


def _routes() -> Iterator[Case]:
    strict = {"require_parameters": True}
    yield refused("an unknown key, strictly", "fps", "no such parameter", fps=60, provider=strict)
    options = {**strict, "options": {"nobody": {"mood": 1}}}
    field = "provider.options.nobody"
    yield refused("options for nobody, strictly", field, "no provider of", provider=options)
    options = {**strict, "options": {"google-vertex": {"mood": 1}}}
    body = {**_VEO, "provider": options}
    field = "provider.options.google-vertex.mood"
    yield refused_request("an option that veo has not, strictly", field, "not used", body)
    for provider, words in (
        ({"only": ["nobody"]}, ""),
        ({"max_price": 0.0001}, ""),
    ):
        body = {**_VEO, "provider": provider}
        yield Case(
            name=f"a route by {provider}",
            field=None,
            words=words,
            status=404,
            key="live",
            body=refused_request("", None, "", body).body,
        )
