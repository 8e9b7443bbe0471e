"""For all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reelrouter.db.opening import file_url, prepare

# Machines are shared and slow at times; what is counted here is examples, and never seconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with the newest schema, of each kind in turn."""
    if request.param == "sqlite":
        url = file_url(tmp_path / "app.db")
        prepare(url)
        yield url
    else:
        # Loaded here: the package of the server sets up folders as soon as it is imported.
        from tests.postgres import fresh_database

        with fresh_database() as url:
            yield url
