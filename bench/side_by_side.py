"""Several gateways that differ in how much they hold: all are there, and one at a time is measured."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import gateway, processes
from bench.gateway import Gateway
from reelrouter.testing.instant_engine import Behaviour, command


@contextmanager
def opened(
    directories: Mapping[str, Path], behaviour: Behaviour, settings: Mapping[str, str]
) -> Iterator[Mapping[str, Gateway]]:
    """By the same names. Their engines have nothing to do."""
    with ExitStack() as stack:
        gateways = {
            name: stack.enter_context(gateway.served(directory, command(behaviour), settings))
            for name, directory in directories.items()
        }
        for one in gateways.values():
            one.until_calm()
        yield gateways


@contextmanager
def alone(gateways: Mapping[str, Gateway], name: str) -> Iterator[Gateway]:
    """The one of that name, while all others stand still."""
    with processes.paused(*(one.api for other, one in gateways.items() if other != name)):
        yield gateways[name]
