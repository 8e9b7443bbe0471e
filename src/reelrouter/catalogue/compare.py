"""Holds our rows against another server's list of video models: what we lack, and what differs; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from reelrouter.catalogue.model import Catalogue, ModelSpec

FIELDS = (
    "canonical_slug",
    "supported_durations",
    "supported_resolutions",
    "supported_aspect_ratios",
    "supported_sizes",
    "supported_frame_images",
    "generate_audio",
    "seed",
    "upscale_factor",
    "creativity",
    "allowed_passthrough_parameters",
    "pricing_skus",
)
"""What a request or a bill depends on."""

Row = Mapping[str, Any]
"""A row of `GET /videos/models`, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of a model that both have. JSON values; None where one side lists nothing."""

    model: str
    field: str
    """With the key where the field is a table: `pricing_skus.generate`."""
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    shared: tuple[str, ...]
    """Models that both have, by our ids."""
    lacking: tuple[str, ...]
    """Models that only the other server has."""
    extra: tuple[str, ...]
    """Models that only we have, which is no fault."""
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        return not self.lacking and not self.differences


def compare(catalogue: Catalogue, rows: Sequence[Row]) -> Comparison:
    """Lists are compared without their order, prices as numbers, and what a row does not state not at all."""
    found = [(row, _find(catalogue, row)) for row in rows]
    pairs = [(row, model) for row, model in found if model is not None]
    shared = {model.id for _row, model in pairs}
    return Comparison(
        shared=tuple(sorted(shared)),
        lacking=tuple(sorted(str(row.get("id")) for row, model in found if model is None)),
        extra=tuple(sorted(model.id for model in catalogue if model.id not in shared)),
        differences=tuple(
            difference
            for row, model in sorted(pairs, key=lambda pair: pair[1].id)
            for name in FIELDS
            if name in row
            for difference in _differences(model, name, row[name])
        ),
    )


def _find(catalogue: Catalogue, row: Row) -> ModelSpec | None:
    names = [name for name in (row.get("id"), row.get("canonical_slug")) if isinstance(name, str)]
    return next((model for name in names if (model := catalogue.find(name)) is not None), None)


def _differences(model: ModelSpec, name: str, theirs: Any) -> Iterator[Difference]:
    ours = _json(getattr(model, name))
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in dict.fromkeys((*ours, *theirs)):
            if _plain(ours.get(key)) != _plain(theirs.get(key)):
                yield Difference(model=model.id, field=f"{name}.{key}", ours=ours.get(key), theirs=theirs.get(key))
    elif _plain(ours) != _plain(theirs):
        yield Difference(model=model.id, field=name, ours=ours, theirs=theirs)


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    """The value without what does not count: order, and how a number is written; an empty list lists nothing."""
    if isinstance(value, list):
        return frozenset(map(str, value)) or None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return value
    return value
