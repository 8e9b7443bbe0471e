"""Every figure that the code can tell of, as the code itself describes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from reelrouter.observe.api_metrics import ApiMetrics
from reelrouter.observe.engine_door import _Up
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.gauges import Backlog, Disk, Gauges, Standing, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    type: str
    labels: tuple[str, ...]
    meaning: str


STANDING = Standing(
    at=0,
    jobs={},
    queues={},
    holds={},
    backlog=Backlog(),
    stored=Stored(),
    kept_back={("a", "unclear"): 1},
    drifting=frozenset(),
    disk=Disk(size=1, free=1),
)


def exported() -> Mapping[str, Exported]:
    """By name, as it stands in an answer."""
    counted = [*_of(ApiMetrics().made.registry), *_of(EngineMetrics().made.registry)]
    read = [*Gauges(STANDING).collect(), *_Up(is_up=True).collect()]
    found = {_name(one._name, str(one._type)): one for one in counted}
    told = {name: _exported(str(one._type), one._labelnames, one._documentation) for name, one in found.items()}
    return told | {one.name: _exported(one.type, one._labelnames, one.documentation) for one in read}


def _exported(kind: str, labels: Any, meaning: str) -> Exported:
    return Exported(type=kind, labels=tuple(labels), meaning=meaning)


def _of(registry: Any) -> Iterator[MetricWrapperBase]:
    """All but what is told of the process, which every Python program has alike."""
    yield from (one for one in registry._collector_to_names if isinstance(one, MetricWrapperBase))


def _name(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name
