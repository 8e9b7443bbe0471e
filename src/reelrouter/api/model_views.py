"""Models, endpoints and providers in the shapes that the contract made for text, null where nothing is known.

Their prices and lengths count tokens, and so say nothing of video. The models' own rows are in `views`.
"""

from typing import Any

from reelrouter.catalogue.model import ModelSpec
from reelrouter.gateway.search import OUTPUT, input_modalities, supported_parameters
from reelrouter.gateway.shelf import Found, OfferedEndpoint, OfferedProvider

_FREE_TOKENS = {"prompt": "0", "completion": "0", "request": "0", "image": "0"}
_USABLE, _UNUSABLE = 0, -1


def models_view(found: Found, next_page: str | None) -> dict[str, Any]:
    return {
        "data": [model_view(model) for model in found.models],
        "total_count": found.total,
        "links": {"next": next_page},
    }


def model_view(model: ModelSpec) -> dict[str, Any]:
    return {
        "id": model.id,
        "canonical_slug": model.canonical_slug,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "hugging_face_id": model.hugging_face_id,
        "context_length": None,
        "architecture": _architecture(model),
        "pricing": dict(_FREE_TOKENS),
        "top_provider": {"is_moderated": False, "context_length": None, "max_completion_tokens": None},
        "per_request_limits": None,
        "supported_parameters": list(supported_parameters(model, model.modes)),
        "default_parameters": None,
        "supported_voices": None,
        "knowledge_cutoff": None,
        "expiration_date": None,
        "links": {"details": f"/api/v1/models/{model.canonical_slug}/endpoints"},
    }


def endpoints_view(model: ModelSpec, offered: tuple[OfferedEndpoint, ...]) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "architecture": {**_architecture(model), "tokenizer": None},
        "endpoints": [_endpoint_view(model, one) for one in offered],
    }


def provider_view(offered: OfferedProvider) -> dict[str, Any]:
    return {
        "name": offered.slug,
        "slug": offered.slug,
        "privacy_policy_url": None,
        "terms_of_service_url": None,
        "status_page_url": None,
        "headquarters": None,
        "datacenters": None,
        "configured": offered.missing is None,
        "missing": offered.missing,
    }


def _endpoint_view(model: ModelSpec, offered: OfferedEndpoint) -> dict[str, Any]:
    endpoint = offered.endpoint
    return {
        "name": f"{endpoint.name} | {model.id}",
        "model_id": model.canonical_slug,
        "model_name": model.name,
        "provider_name": endpoint.provider,
        "tag": endpoint.name,
        "status": _USABLE if offered.missing is None else _UNUSABLE,
        "pricing": dict(_FREE_TOKENS),
        "supported_parameters": list(supported_parameters(model, endpoint.native)),
        "modes": sorted(endpoint.native),
        "pricing_skus": dict(model.pricing_skus),
        "allowed_passthrough_parameters": list(endpoint.passthrough),
        "option_slugs": list(dict.fromkeys((endpoint.name, endpoint.provider, *endpoint.option_slugs))),
        "zdr": endpoint.zdr,
        "configured": offered.missing is None,
        "missing": offered.missing,
        **_UNMEASURED,
        **_OF_TEXT,
    }


_UNMEASURED: dict[str, Any] = {
    "uptime_last_5m": None,
    "uptime_last_30m": None,
    "uptime_last_1d": None,
    "latency_last_30m": None,
    "throughput_last_30m": None,
    "perf_last_30m_by_workload": {
        "video_generation": {"latency": None, "throughput": None, "request_count": None}
    },
}
_OF_TEXT: dict[str, Any] = {
    "context_length": 0,
    "max_completion_tokens": None,
    "max_prompt_tokens": None,
    "quantization": None,
    "service_tier": None,
    "native_tools": {},
    "supports_implicit_caching": False,
    "supports_diarization": False,
    "supports_tool_choice": {"auto": False, "function": False, "none": False, "required": False},
}
"""What the contract has a place for, and video models have not."""


def _architecture(model: ModelSpec) -> dict[str, Any]:
    takes = input_modalities(model)
    return {
        "modality": f"{'+'.join(takes)}->{OUTPUT}",
        "input_modalities": list(takes),
        "output_modalities": [OUTPUT],
        "instruct_type": None,
    }
