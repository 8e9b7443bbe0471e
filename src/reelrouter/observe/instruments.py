"""What figures are kept in, and how Prometheus gets them. Which there are, is said where they are counted."""

from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# Else there is a second series for each counter, which nobody here asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Instruments:
    """The figures of one kind of process, whose names no other kind uses: so that texts can be joined."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(namespace=f"reelrouter_{process}", registry=self.registry)

    def counter(self, name: str, meaning: str, *labels: str) -> Counter:
        """Its name in answers ends with `_total`."""
        return Counter(f"reelrouter_{name}", meaning, labels, registry=self.registry)

    def gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"reelrouter_{name}", meaning, registry=self.registry)

    def histogram(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"reelrouter_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def text(self) -> bytes:
        return text_of(self.registry)


def text_of(collector: Collector) -> bytes:
    """In the format that every Prometheus reads, and that can be joined to another such text."""
    return generate_latest(collector)
