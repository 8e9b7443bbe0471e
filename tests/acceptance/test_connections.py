"""How many connections a fleet keeps: as many as the page for operators says, and no more."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from reelrouter.db.schema import name_for_server
from tests.acceptance.fleets import Fleet
from tests.acceptance.orders import REFUSED, placed
from tests.acceptance.waiting import ended, poll, until
from tests.docs.test_operating import beside_the_pool
from tests.postgres import fresh_database

POOL, CALLERS, LOOKS = 3, 8, 40


@pytest.mark.postgres
def test_a_fleet_keeps_to_its_documented_connections(tmp_path: Path) -> None:
    """Counted by the server, an API alone and with an engine, under more load than the pools have room for."""
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database())
        fleet = Fleet(stack, tmp_path, database, {"database_connections": str(POOL)})
        api = fleet.api({})
        server = stack.enter_context(psycopg.connect(database, autocommit=True))
        client = stack.enter_context(api.client())
        documented = beside_the_pool()
        assert most_under_load(server, client, work_of_api) == expected(documented["api"])
        fleet.engine({})
        ended(client, placed(client, REFUSED))
        found = most_under_load(server, client, work_of_both)
        both = [sum(counts) for counts in zip(documented["api"], documented["engine"], strict=True)]
        wanted = expected(tuple(both), pools=2)
        assert found[name_for_server()] <= wanted.pop(name_for_server())
        assert found["dbos_transact"] <= wanted.pop("dbos_transact")
        assert {name: found[name] for name in wanted} == wanted
        assert set(found) <= {name_for_server(), "dbos_transact", *wanted}


def expected(beside: tuple[int, ...], pools: int = 1) -> Counter[str]:
    """By the names that connections go by."""
    listener, slot, workflows = beside
    named = {
        name_for_server(): pools * POOL,
        name_for_server("listener"): listener,
        name_for_server("slot"): slot,
        "dbos_transact": workflows,
    }
    return Counter({name: count for name, count in named.items() if count})


def work_of_api(client: httpx.Client) -> None:
    assert client.get("/api/v1/videos").status_code == 200


def work_of_both(client: httpx.Client) -> None:
    poll(client, placed(client, REFUSED))


def most_under_load(
    server: "psycopg.Connection[Any]", client: httpx.Client, work: Callable[[httpx.Client], None]
) -> Counter[str]:
    """The most that the server has ever seen of each name."""
    enough, most = threading.Event(), Counter[str]()

    def call() -> None:
        while not enough.is_set():
            work(client)

    def look() -> bool:
        counts = connections(server)
        most.update({name: count - most[name] for name, count in counts.items() if count > most[name]})
        return most[name_for_server()] >= POOL

    with ThreadPoolExecutor(CALLERS) as threads:
        running = [threads.submit(call) for _ in range(CALLERS)]
        try:
            until(look, "a pool that is full")
            for _ in range(LOOKS):
                look()
        finally:
            enough.set()
        for one in running:
            one.result()
    return most


def connections(server: "psycopg.Connection[Any]") -> dict[str, int]:
    """Of our processes, now."""
    rows = server.execute(
        "SELECT application_name, count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend' GROUP BY 1"
    ).fetchall()
    return dict(rows)
