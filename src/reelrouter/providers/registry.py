"""Every vendor's adapter, by the name that endpoints of the catalogue use. A new vendor is one line here."""

from collections.abc import Mapping

from reelrouter.providers.alibaba import ALIBABA
from reelrouter.providers.base import Provider
from reelrouter.providers.byteplus import BYTEPLUS, VOLCENGINE
from reelrouter.providers.openai_videos import OPENAI, SGLANG, VLLM_OMNI
from reelrouter.providers.openrouter import MODELGATES, OPENROUTER
from reelrouter.providers.vertex import VERTEX

_ALL: tuple[Provider, ...] = (
    ALIBABA,
    BYTEPLUS,
    MODELGATES,
    OPENAI,
    OPENROUTER,
    SGLANG,
    VERTEX,
    VLLM_OMNI,
    VOLCENGINE,
)

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in _ALL}
