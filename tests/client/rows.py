"""Rows of models as two kinds of server list them: upstream's recorded ones, and this project's own."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from reelrouter.api.views import model_view
from reelrouter.catalogue.load import load_catalogue
from reelrouter.client.exchange import Answer
from reelrouter.client.reading import models_of
from reelrouter.client.results import Model

_RECORDED = Path(__file__).parents[1] / "catalogue" / "recorded.json"


@cache
def upstream() -> tuple[Model, ...]:
    """As recorded on 2 October 2026: without any word on references."""
    return _read(json.loads(_RECORDED.read_text()))


@cache
def ours() -> tuple[Model, ...]:
    return _read([model_view(row, ["live", "test"]) for row in load_catalogue()])


def row(model_id: str, **changes: Any) -> Model:
    """One of our rows, with some fields changed."""
    return replace(next(model for model in ours() if model.id == model_id), **changes)


def upstream_row(model_id: str, **changes: Any) -> Model:
    return replace(next(model for model in upstream() if model.id == model_id), **changes)


def frame(kind: str = "first_frame") -> Mapping[str, Any]:
    return {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}, "frame_type": kind}


def reference(kind: str = "image") -> Mapping[str, Any]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": "https://example.com/a"}}


def _read(listed: list[Any]) -> tuple[Model, ...]:
    body = json.dumps({"data": listed}).encode()
    return models_of(Answer(url="https://example.com/api/v1/videos/models", status=200, headers={}, body=body))
