"""Every emulator, by the name of the provider whose adapter it answers to, and where its API's root lies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reelrouter.emulators.alibaba import ModelStudio
from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY, Emulator
from reelrouter.emulators.openai_videos import OpenAIVideos
from reelrouter.emulators.openrouter import OpenRouter
from reelrouter.emulators.vertex import Vertex
from reelrouter.emulators.video_servers import SGLang, VllmOmni


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An emulator, and the part of its address that stands before every path of its API."""

    make: Callable[[], Emulator]
    path: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """Further environment variables that lead a gateway here; `{url}` stands for the emulator's address."""

    def environment(self, access_root: str, needed: Iterable[str], url: str) -> dict[str, str]:
        """What leads a gateway to the emulator at `url`, by the names of the vendor's own environment."""
        keys = dict.fromkeys(needed, KEY)
        extra = {name: value.format(url=url) for name, value in self.values.items()}
        return {access_root: url + self.path, **keys, **extra}


SITES: Mapping[str, Site] = {
    "alibaba": Site(make=ModelStudio, path="/api/v1"),
    "byteplus": Site(make=ModelArk, path="/api/v3"),
    "google-vertex": Site(
        make=Vertex,
        values={"GOOGLE_CLOUD_PROJECT": "emulated", "STORAGE_EMULATOR_HOST": "{url}/storage"},
    ),
    "openai": Site(make=OpenAIVideos, path="/v1"),
    "openrouter": Site(make=OpenRouter, path="/api/v1"),
    "sglang": Site(make=SGLang, path="/v1"),
    "vllm-omni": Site(make=VllmOmni, path="/v1"),
}
