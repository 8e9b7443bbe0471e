"""What `/metrics` tells of a real gateway, and whom it tells."""

import os
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from reelrouter.observe.listener import bind_address
from tests.acceptance.conftest import Starter
from tests.acceptance.orders import placed, small
from tests.acceptance.serving import Engine, Server
from tests.acceptance.waiting import ended, in_progress, until
from tests.observe.exported import exported
from tests.postgres import fresh_database

TOKEN = "metrics-token-0123456789"


def test_what_is_exported_is_what_the_page_and_the_alerts_were_checked_against(server: Server) -> None:
    """Every figure that the code describes is in a scrape, under one name each, and nothing else is."""
    until(lambda: scraped(server).value("reelrouter_engine_up") == 1, "the engine's figures", 30.0)
    text = httpx.get(f"{server.base_url}/metrics", trust_env=False).text
    named = re.findall(r"^# TYPE (\w+) (\w+)$", text, flags=re.MULTILINE)
    assert len(dict(named)) == len(named)
    ours = {name: kind for name, kind in named if "_process_" not in name}
    assert ours == {name: one.type for name, one in exported().items()}
    assert {"reelrouter_api_process_cpu_seconds_total", "reelrouter_engine_process_cpu_seconds_total"} <= dict(
        named
    ).keys()


class Figures:
    """A scrape, read as Prometheus reads it."""

    def __init__(self, text: str) -> None:
        self.families = {one.name: one for one in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that have these labels."""
        return sum(
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def scraped(server: Server, token: str | None = None) -> Figures:
    return read(server.base_url, token)


def read(base_url: str, token: str | None = None) -> Figures:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{base_url}/metrics", headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Figures(answer.text)


def test_requests_and_submits_are_counted(server: Server, client: httpx.Client) -> None:
    """By the route as the table has it, so that a job's id never becomes a label."""
    before = scraped(server)
    job_id = placed(client, small())
    client.get(f"/api/v1/videos/{job_id}")
    client.get("/nowhere")
    after = scraped(server)

    def grown(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert grown("reelrouter_http_requests_total", route="/api/v1/videos", method="POST", status="202") == 1
    shown = {"route": "/api/v1/videos/{job_id}", "method": "GET", "status": "200"}
    assert grown("reelrouter_http_requests_total", **shown) == 1
    assert grown("reelrouter_http_request_seconds_count", route="none", method="GET") == 1
    assert grown("reelrouter_submits_total", mode="test") == 1


def test_another_machine_needs_a_token(start_server: Starter) -> None:
    """Without one, whoever comes through a proxy is refused, with the setting's name; with one, all others are."""
    server = start_server()
    proxied = httpx.get(f"{server.base_url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}, trust_env=False)
    assert proxied.status_code == 403
    assert "REELROUTER_METRICS_TOKEN" in proxied.json()["error"]["message"]
    guarded = start_server(metrics_token=TOKEN)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
        refused = httpx.get(f"{guarded.base_url}/metrics", headers=headers, trust_env=False)
        assert refused.status_code == 401
        assert refused.json()["error"]["metadata"]["error_type"] == "authentication"
    assert scraped(guarded, TOKEN).families


def test_one_scrape_has_the_engines_figures(start_server: Starter) -> None:
    """The engine counts what became of jobs, and the API tells it; a dead engine shows, and so does the next."""
    server = start_server()
    with server.client() as client:
        assert ended(client, placed(client, small()))["status"] == "completed"
        assert ended(client, placed(client, small(prompt="[[fail:server]]")))["status"] == "failed"
    told = scraped(server)
    assert told.value("reelrouter_engine_up") == 1, "it has ended two jobs"
    assert told.value("reelrouter_jobs_ended_total", mode="test", status="completed", error_type="none") == 1
    assert told.value("reelrouter_jobs_ended_total", status="failed", error_type="server") == 1
    assert told.value("reelrouter_attempts_total", endpoint="test", end="finished") == 1
    assert told.value("reelrouter_render_seconds_count", endpoint="test") == 1
    assert told.value("reelrouter_poll_lag_seconds_count") >= 2
    assert told.value("reelrouter_engine_process_resident_memory_bytes") > 0
    os.kill(server.engine_pid(), signal.SIGKILL)
    until(lambda: scraped(server).value("reelrouter_engine_up") == 0, "the engine to be missed", 5.0)
    until(lambda: scraped(server).value("reelrouter_engine_up") == 1, "the next engine", 30.0)


def test_what_waits_and_what_is_kept_is_told(start_server: Starter) -> None:
    """Read from the database, also where no engine would start anything."""
    server = start_server()
    with server.client() as client:
        assert ended(client, placed(client, small()))["status"] == "completed"
        stuck = placed(client, small(prompt="[[stuck]]"))
        in_progress(client, stuck)

        def told() -> Figures | None:
            found = scraped(server)
            return found if found.value("reelrouter_jobs", state="in_progress", mode="test") == 1 else None

        found = until(told, "the job in the figures", 15.0)
        assert found.value("reelrouter_queue_under_way", endpoint="test") == 1
        assert found.value("reelrouter_holds", mode="test") == 1
        assert found.value("reelrouter_jobs_awaited") == 1
        assert found.value("reelrouter_stored_bytes") > 10_000
        assert found.value("reelrouter_disk_free_bytes") > 0


def test_apart_each_process_is_scraped_by_itself(tmp_path: Path) -> None:
    """An API without an engine says nothing of engines, and ends what none has begun; an engine has an address."""
    with fresh_database() as database, bind_address("127.0.0.1", 0) as probe, ExitStack() as stack:
        port = probe.getsockname()[1]
        probe.close()
        (tmp_path / "objects").mkdir()
        settings = {
            "database_url": database,
            "storage_url": (tmp_path / "objects").as_uri(),
            "secret_key": "a secret that nobody else has, 0123456789",
            "metrics_token": TOKEN,
        }
        api = Server(tmp_path, settings, command="api")
        stack.callback(api.close)
        api.start()
        with api.client() as client:
            early = placed(client, small())
            assert client.post(f"/api/v1/videos/{early}/cancel").json()["cancel"] == "cancelled"
        assert [(one["job"], one["status"]) for one in api.events("job_ended")] == [(early, "cancelled")]
        alone = {"data_dir": str(tmp_path / "engine"), "engine_metrics": f"127.0.0.1:{port}", "log_format": "json"}
        engine = Engine(tmp_path / "engine.log", settings | alone, {})
        stack.callback(engine.close)
        with api.client() as client:
            assert ended(client, placed(client, small()))["status"] == "completed"
        of_api, of_engine = scraped(api, TOKEN), read(f"http://127.0.0.1:{port}", TOKEN)
        assert httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).status_code == 401
    assert of_api.value("reelrouter_submits_total") == 2
    assert of_api.value("reelrouter_jobs_withdrawn_total") == of_engine.value("reelrouter_jobs_ended_total") == 1
    assert of_api.value("reelrouter_stored_jobs") == 1
    assert "reelrouter_engine_up" not in of_api.families
    assert not of_api.families.keys() & of_engine.families.keys()
