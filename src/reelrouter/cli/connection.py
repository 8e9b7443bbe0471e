"""A command's way to its server."""

from collections.abc import Iterator
from contextlib import contextmanager

from reelrouter.cli.ending import reported
from reelrouter.cli.options import ServerOptions
from reelrouter.client.sync import Client


@contextmanager
def connected(server: ServerOptions, *, as_json: bool = False) -> Iterator[Client]:
    """A client, for as long as the command works; the command ends with one clear line if that fails."""
    with (
        reported(as_json=as_json),
        Client(server.api_key, server.base_url, timeout=server.timeout) as client,
    ):
        yield client
