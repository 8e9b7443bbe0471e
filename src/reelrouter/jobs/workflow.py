"""The durable workflow of a job, on DBOS: which step is next survives the process. All work is in `steps`.

The bodies are tiny on purpose: a checkpoint costs about a millisecond of CPU, and a changed order of steps
would strand the workflows that an older version left behind.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import Engine, create_engine, event, text

from reelrouter.db.engine import Database
from reelrouter.ids import JobId
from reelrouter.jobs.permits import Permits
from reelrouter.jobs.steps import Steps

_VERSION = "1"
"""Raised only when the order of steps changes: DBOS recovers none but its own version's workflows."""


_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_THREADS = 4
_CONNECTIONS = 4
"""To a server, for its own tables."""
_OWNERS = text("SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'")


async def list_owners(db: Database) -> set[str]:
    """The names of the engines, dead or alive, that have runs under way on a server."""
    return {row["executor_id"] for row in await db.rows(_OWNERS)}


async def hand_out_anew(executor: str) -> None:
    """The runs of an engine that is dead: each is begun once more, by whichever engine is first.

    The library has no public word for it outside of its own paid service; a test holds it to this one.
    """
    await asyncio.to_thread(DBOS._recover_pending_workflows, [executor])  # noqa: SLF001


class Workflows:
    """Starts runs of jobs. A run is named `<job id>:<run>`, so that starting it twice starts it once."""

    def __init__(self, steps: Steps, window: int) -> None:
        self._starting: dict[str, str | None] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._run_job = _register(steps, Permits(window), self._starting, self._running)

    @property
    def starting(self) -> Collection[str]:
        """The names of runs started here whose submit is not over."""
        return self._starting.keys()

    def launch(self) -> None:
        """Opens DBOS's tables and takes up what the last process of this slot left."""
        DBOS.launch()

    async def start(self, job_id: JobId, run: int, lane: str | None = None) -> None:
        """`lane` is where it will be sent, if that is known: one lane alone does not get all permits."""
        name = run_id(job_id, run)
        self._starting[name] = lane
        try:
            with SetWorkflowID(name):
                await DBOS.start_workflow_async(self._run_job, job_id)
        except Exception:
            self._starting.pop(name, None)
            raise

    def list_driven(self) -> set[str]:
        """The names of runs that this process works on. Nothing else shows that a run is alive: what the durable
        engine has written down may have been left there by a process or a queue that nobody works on any more.
        """
        return set(self._running)

    async def list_known(self, names: list[str]) -> Mapping[str, bool]:
        """Those among the names whose run was begun at some time, and whether it has ended by itself."""
        known = await DBOS.list_workflows_async(workflow_ids=names, load_input=False, load_output=False)
        return {run.workflow_id: run.status in _ENDED for run in known}

    async def forget(self, names: list[str]) -> None:
        """Deletes what DBOS keeps of ended runs; it has no retention of its own."""
        await DBOS.delete_workflows_async(names)

    async def list_ended(self, before: float, most: int) -> list[str]:
        """The names of runs that ended before that Unix time."""
        ended = await DBOS.list_workflows_async(
            status=list(_ENDED),
            completed_before=datetime.fromtimestamp(before, UTC).isoformat(),
            limit=most,
            load_input=False,
            load_output=False,
        )
        return [run.workflow_id for run in ended]

    async def close(self) -> None:
        """Breaks runs off, to be taken up again. They end first: each may yet have to do with the database."""
        running = list(self._running.values())
        for run in running:
            run.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        DBOS.destroy(workflow_completion_timeout_sec=0)


def run_id(job_id: str, run: int) -> str:
    return f"{job_id}:{run}"


def run_of(name: str) -> int:
    """The number in a run's name."""
    return int(name.rpartition(":")[2])


def open_dbos_file(path: Path, executor: str) -> Engine:
    """DBOS over its own SQLite file, opened by engines alone. The engine is the caller's to dispose of, last."""
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": 30, "check_same_thread": False, "isolation_level": "IMMEDIATE"},
    )
    event.listen(engine, "connect", _tune)
    DBOS(config={**_config(f"sqlite:///{path}", executor), "system_database_engine": engine})
    return engine


def open_dbos_server(url: str, executor: str) -> None:
    """DBOS in the schema `dbos` of a PostgreSQL database, which engines share."""
    DBOS(config={**_config(url, executor), "sys_db_pool_size": _CONNECTIONS})


def _config(url: str, executor: str) -> DBOSConfig:
    return {
        "name": "reelrouter",
        "system_database_url": url,
        "application_version": _VERSION,
        "executor_id": executor,
        "max_executor_threads": _THREADS,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
    }


def _register(
    steps: Steps, permits: Permits, starting: dict[str, str | None], running: "dict[str, asyncio.Task[None]]"
) -> Callable[[str], Coroutine[Any, Any, None]]:
    @DBOS.step(name="submit")
    async def submit(job_id: str, run: int) -> str:
        return await steps.submit(JobId(job_id), run)

    @DBOS.step(name="await_upstream")
    async def await_upstream(job_id: str, run: int) -> str:
        return await steps.await_upstream(JobId(job_id), run)

    @DBOS.step(name="finish")
    async def finish(job_id: str, run: int) -> None:
        await steps.finish(JobId(job_id), run)

    @DBOS.workflow(name="run_job")
    async def run_job(job_id: str) -> None:
        name = DBOS.workflow_id or ""
        run, verdict = run_of(name), "submit"
        if (task := asyncio.current_task()) is not None:
            running[name] = task
            task.add_done_callback(lambda _task: running.pop(name, None))
        if name not in starting:
            await steps.take_over(JobId(job_id), run)
        while verdict == "submit":
            # The permit is taken here and not by whoever starts the workflow: recovered ones pass no starter.
            try:
                async with permits.of(starting.get(name)):
                    verdict = await submit(job_id, run)
            finally:
                starting.pop(name, None)
            if verdict == "await":
                verdict = await await_upstream(job_id, run)
        if verdict == "finish":
            await finish(job_id, run)

    return run_job


def _tune(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
