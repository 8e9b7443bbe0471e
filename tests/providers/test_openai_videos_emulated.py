"""The adapter of OpenAI's Videos API on the emulators of those who speak it, over real HTTP."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reelrouter.emulators.frame import Emulator
from reelrouter.emulators.openai_videos import OpenAIVideos
from reelrouter.emulators.video_servers import SGLang, VllmOmni
from reelrouter.providers.openai_videos import OPENAI, SGLANG, VLLM_OMNI
from reelrouter.testing.conformance import Case, Vendor, cases_for, conform
from reelrouter.work import Media
from tests.providers.orders import clip, order, picture, sound

VENDORS = (
    Vendor(
        provider=OPENAI,
        emulator=OpenAIVideos,
        order=order(native_model="sora-2-pro", duration=8, length=8.0, seed=None),
        path="/v1",
        reports_progress=True,
    ),
    Vendor(
        provider=VLLM_OMNI,
        emulator=VllmOmni,
        order=order(native_model="Wan-AI/Wan2.2-T2V-A14B-Diffusers", fps=16),
        reports_progress=True,
    ),
    Vendor(provider=SGLANG, emulator=SGLang, order=order(), path="/v1", values={}, reports_progress=True),
)
CASES = [
    (vendor, case)
    for vendor in VENDORS
    for case in cases_for(vendor)
    # A second of waiting each, for what lies in front of every adapter alike: once is enough.
    if vendor.provider is OPENAI or not case.name.endswith("hang")
]
FINISHED = next(case for _, case in CASES if case.name == "finished")


@pytest.mark.parametrize(("vendor", "case"), CASES, ids=[f"{v.provider.name}: {c.name}" for v, c in CASES])
def test_it_keeps_every_promise_of_a_backend(vendor: Vendor, case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(vendor, case, tmp_path))


@pytest.mark.parametrize(
    ("vendor", "inputs", "arrived"),
    [
        (VENDORS[0], {"references": (picture(),)}, {"input_reference": ("first.png", "image/png")}),
        (
            VENDORS[1],
            {"references": (clip(), sound())},
            {"input_references": [("clip.mp4", "video/mp4"), ("sound.mp3", "audio/mpeg")]},
        ),
        (VENDORS[2], {"first_frame": picture()}, {"input_reference": ("first.png", "image/png")}),
    ],
    ids=["openai", "vllm-omni", "sglang"],
)
def test_inputs_arrive_as_files(
    vendor: Vendor, inputs: Mapping[str, Any], arrived: Mapping[str, Any], tmp_path: Path
) -> None:
    """With names that end as servers want them to: some go by the ending alone."""
    emulators: list[Emulator] = []

    def emulator(now: Callable[[], float]) -> Emulator:
        emulators.append(vendor.emulator(now))
        return emulators[-1]

    async def fetch(_: Media) -> Path:
        path = tmp_path / "input"
        Image.new("RGB", (1280, 720)).save(path, "PNG")
        return path

    with_inputs = replace(vendor, emulator=emulator, fetch=fetch, order=replace(vendor.order, **inputs))
    asyncio.run(conform(with_inputs, FINISHED, tmp_path))
    (task,) = emulators[-1].tasks.values()
    assert {name: named(task.body[name]) for name in arrived} == arrived


def named(value: Any) -> Any:
    return [named(one) for one in value] if isinstance(value, list) else (value.filename, value.mime)
