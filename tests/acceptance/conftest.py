"""One running server for most tests, and a way to start others for tests that end them."""

import asyncio
from collections.abc import Callable, Iterator

import httpx
import pytest
from openrouter import OpenRouter
from openrouter.utils import BackoffStrategy, RetryConfig

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import NewKey
from reelrouter.accounts.secrets import load_secrets
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from tests.acceptance.pictures import png, served
from tests.acceptance.serving import LIVE_KEY, MANAGEMENT_KEY, TEST_KEY, Server
from tests.acceptance.studio import Studio, picture_files

Starter = Callable[..., Server]
SdkOf = Callable[[str | None], OpenRouter]

_MAX_BODY = 4 * 1024 * 1024
PUBLIC_NAME = "gateway.example"
"""A name under which clients may know the server, as if it stood on the internet."""
_SETTINGS = {
    "allow_private_addresses": "true",
    "max_body": str(_MAX_BODY),
    "trusted_hosts": PUBLIC_NAME,
}
_BRIEFLY = RetryConfig("backoff", BackoffStrategy(50, 100, 1.5, 300), retry_connection_errors=False)
"""The SDK's own pace would repeat a refused submit for an hour."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that tests share; none of them may end it."""
    shared = Server(tmp_path_factory.mktemp("server"), _SETTINGS)
    try:
        shared.start()
        yield shared
    finally:
        shared.close()


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts servers that the test may end as it likes; settings by name."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        one = Server(tmp_path_factory.mktemp("server"), {**_SETTINGS, **settings})
        started.append(one)
        one.start()
        return one

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    """HTTP with the test key."""
    with server.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def live_client(server: Server) -> Iterator[httpx.Client]:
    with server.client(LIVE_KEY) as opened:
        yield opened


@pytest.fixture(scope="session")
def keyless_client(server: Server) -> Iterator[httpx.Client]:
    with server.client(None) as opened:
        yield opened


@pytest.fixture(scope="session")
def manager(server: Server) -> Iterator[httpx.Client]:
    """HTTP with the management key."""
    with server.client(MANAGEMENT_KEY) as opened:
        yield opened


@pytest.fixture
def stranger(server: Server) -> Iterator[httpx.Client]:
    """HTTP with the test key of a workspace in which nothing has happened yet."""
    secret = keys.new_key("test")
    asyncio.run(_add_workspace(server, secret))
    with server.client(secret) as opened:
        yield opened


@pytest.fixture(scope="session")
def sdk_of(server: Server) -> Iterator[SdkOf]:
    """The official SDK with a key, or with none."""
    url = f"{server.base_url}/api/v1"
    with httpx.Client(follow_redirects=True, trust_env=False) as http:
        yield lambda key: OpenRouter(api_key=key, server_url=url, client=http, retry_config=_BRIEFLY)


@pytest.fixture(scope="session")
def sdk(sdk_of: SdkOf) -> OpenRouter:
    return sdk_of(TEST_KEY)


@pytest.fixture(scope="session")
def images() -> Iterator[str]:
    """The address of an HTTP server with pictures, and with one text that says it is a picture."""
    files = {path: ("image/png", png(picture)) for path, picture in picture_files().items()}
    with served({**files, "/not-a-picture.png": ("image/png", b"this is prose")}) as address:
        yield address


@pytest.fixture(scope="session")
def studio(sdk: OpenRouter, images: str) -> Studio:
    return Studio(sdk=sdk, images=images)


async def _add_workspace(server: Server, secret: str) -> None:
    pepper = load_secrets(None, server.data_dir).derive("api-keys")

    def add(unit: Unit) -> None:
        workspace = workspaces.create(unit, secret[-12:], "A workspace of somebody else", 0.0)
        keys.add_key(unit, NewKey(workspace=workspace, mode="test", name="key", secret=secret), pepper, 0.0)

    db = SqliteDatabase(server.data_dir / "app.db")
    try:
        await db.write(add)
    finally:
        await db.close()
