"""Every adapter with its emulator, for the suites that hold all of them to the same."""

from collections.abc import Mapping

from reelrouter.emulators.alibaba import ModelStudio
from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY
from reelrouter.emulators.openai_videos import OpenAIVideos
from reelrouter.emulators.openrouter import OpenRouter
from reelrouter.emulators.vertex import Vertex
from reelrouter.emulators.video_servers import SGLang, VllmOmni
from reelrouter.providers.registry import PROVIDERS
from reelrouter.testing.conformance import Vendor
from tests.providers.orders import order

_VERTEX_VALUES = {"credentials": KEY, "project": "p", "location": "us-central1"}
_ALL = (
    Vendor(
        provider=PROVIDERS["alibaba"],
        emulator=ModelStudio,
        order=order(native_model="wan2.7-t2v"),
        path="/api/v1",
    ),
    Vendor(
        provider=PROVIDERS["byteplus"],
        emulator=ModelArk,
        order=order(native_model="seedance-2-0"),
        path="/api/v3",
    ),
    Vendor(
        provider=PROVIDERS["google-vertex"],
        emulator=Vertex,
        order=order(native_model="veo-3.1-generate-001", duration=8, length=8.0),
        values=_VERTEX_VALUES,
    ),
    Vendor(
        provider=PROVIDERS["openai"],
        emulator=OpenAIVideos,
        order=order(native_model="sora-2-pro", duration=8, length=8.0, seed=None),
        path="/v1",
        reports_progress=True,
    ),
    Vendor(
        provider=PROVIDERS["openrouter"],
        emulator=OpenRouter,
        order=order(native_model="google/veo-3.1", duration=8),
        path="/api/v1",
    ),
    Vendor(
        provider=PROVIDERS["sglang"],
        emulator=SGLang,
        order=order(),
        path="/v1",
        values={},
        reports_progress=True,
    ),
    Vendor(
        provider=PROVIDERS["vllm-omni"],
        emulator=VllmOmni,
        order=order(native_model="Wan-AI/Wan2.2-T2V-A14B-Diffusers", fps=16),
        reports_progress=True,
    ),
)
VENDORS: Mapping[str, Vendor] = {vendor.provider.name: vendor for vendor in _ALL}
"""By name. Those that share an adapter with another are left out."""
