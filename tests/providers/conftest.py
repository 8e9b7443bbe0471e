"""For the tests of vendors' adapters and of what drives them."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
