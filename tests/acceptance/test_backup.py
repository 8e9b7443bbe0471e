"""A gateway that is lost and restored from a backup: what was finished is there, and nothing is paid for twice."""

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.acceptance.books import Books
from tests.acceptance.fleets import Fleet
from tests.acceptance.orders import HOSTED, REFUSED, placed, small
from tests.acceptance.patient_vendor import World, patient_world
from tests.acceptance.serving import LIVE_KEY, Server, command
from tests.acceptance.waiting import ended, poll, until
from tests.postgres import bare_database, tool

AT_ONCE, WAITING, DONE = 3, 2, 3
TERMS = {
    "providers": json.dumps({"byteplus": {"poll_every": 0.2, "concurrency": AT_ONCE}}),
    "allow_private_addresses": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a gateway had when its backup was made, and what became of it before it was lost."""

    done: Mapping[str, bytes]
    """Completed jobs with their files."""
    taken: Sequence[str]
    """At the vendor."""
    waiting: Sequence[str]
    """Sent to the vendor after the backup."""
    rendered: str
    """At the renderer."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[World, ExitStack, Path]]:
    with ExitStack() as stack:
        yield stack.enter_context(patient_world()), stack, tmp_path


def started(stack: ExitStack, folder: Path, world: World) -> Server:
    folder.mkdir(exist_ok=True)
    server = Server(folder, TERMS, world.environment)
    stack.callback(server.close)
    server.start()
    return server


def begin(server: Server, world: World) -> tuple[Mapping[str, bytes], Sequence[str]]:
    """Jobs that are completed, with their files, and more that the vendor has or has no place for."""
    with server.client(LIVE_KEY) as live:
        world.vendor.finish_everything()
        done = {job: file_of(live, job) for job in [placed(live, {**HOSTED, **world.told()}) for _ in range(DONE)]}
        world.vendor.keep_everything()
        open_jobs = [placed(live, {**HOSTED, **world.told()}) for _ in range(AT_ONCE + WAITING)]
        until(lambda: Counter(states(live, open_jobs).values())["in_progress"] == AT_ONCE, "the vendor's jobs")
    return done, open_jobs


def file_of(client: httpx.Client, job: str) -> bytes:
    assert ended(client, job)["status"] == "completed"
    answer = client.get(f"/api/v1/videos/{job}/content")
    assert answer.status_code == 200, answer.text
    return answer.content


def states(client: httpx.Client, jobs: Sequence[str]) -> dict[str, str]:
    return {job: poll(client, job)["status"] for job in jobs}


def lose(server: Server, world: World, backup: Path) -> Lost:
    """A backup under load; then time goes on, everything is sent, made and charged, and the machine is gone."""
    done, open_jobs = begin(server, world)
    with server.client(LIVE_KEY) as live, server.client() as test:
        rendered = placed(test, small(prompt="a boat [[delay:3]]", **world.told()))
        at_backup = states(live, open_jobs)
        with under_load(test):
            told = json.loads(command("backup", str(backup), "--json", data_dir=server.data_dir))
        assert told["files"]["count"] >= DONE
        world.vendor.finish_everything()
        assert {ended(live, job)["status"] for job in open_jobs} == {"completed"}
    server.kill()
    assert world.vendor.submits() == DONE + AT_ONCE + WAITING
    return Lost(
        done=done,
        taken=[job for job, state in at_backup.items() if state == "in_progress"],
        waiting=[job for job, state in at_backup.items() if state == "pending"],
        rendered=rendered,
    )


@contextmanager
def under_load(client: httpx.Client) -> Iterator[None]:
    """Jobs that fail at once, one after the other."""
    enough = threading.Event()

    def submit() -> None:
        while not enough.is_set():
            ended(client, placed(client, REFUSED))

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(submit)
        try:
            yield
        finally:
            enough.set()
            running.result()


def test_what_was_finished_is_there_and_nothing_is_sent_again(place: tuple[World, ExitStack, Path]) -> None:
    """The rest is asked for where a vendor has it, ended where it may have been sent since, and told of."""
    world, stack, folder = place
    lost = lose(started(stack, folder / "old", world), world, folder / "backup")
    submits = world.vendor.submits()
    data_dir = folder / "new" / "data"
    restored = json.loads(command("restore", str(folder / "backup"), "--json", data_dir=data_dir))
    assert (restored["closed"]["ended"], restored["closed"]["kept"]) == (WAITING, AT_ONCE)
    server = started(stack, folder / "new", world)
    with server.client(LIVE_KEY) as live, server.client() as test:
        for job, content in lost.done.items():
            assert file_of(live, job) == content
        assert {ended(live, job)["status"] for job in lost.taken} == {"completed"}
        ends = [ended(live, job) for job in lost.waiting]
        assert all(job["error"].startswith("submission_outcome_unknown") for job in ends)
        assert ended(test, lost.rendered)["status"] == "completed"
    assert world.vendor.submits() == submits
    until(lambda: {f"{job}-failed" for job in lost.waiting} <= world.events(), "the webhooks of ended jobs")
    assert_balanced(Books(server.data_dir), [*lost.done, *lost.taken])


def assert_balanced(books: Books, live_and_made: Sequence[str]) -> None:
    """Nothing set aside, what was settled is charged, and each of these is charged once."""
    until(lambda: not any(account.open_holds for account in books.accounts()), "the end of every job")
    charged = Counter(job for job, _ in books.charges())
    assert {job: charged[job] for job in live_and_made} == dict.fromkeys(live_and_made, 1)
    for account in books.accounts():
        assert (account.held, account.settled) == (0, account.charged)


def test_a_planned_move_loses_nothing(place: tuple[World, ExitStack, Path]) -> None:
    """Stopped, backed up, restored elsewhere to go on: also what waited is sent, once."""
    world, stack, folder = place
    old = started(stack, folder / "old", world)
    done, open_jobs = begin(old, world)
    assert old.terminate() == 0
    command("backup", str(folder / "backup"), data_dir=old.data_dir)
    said = command("restore", str(folder / "backup"), "--resume", data_dir=folder / "new" / "data")
    assert "unfinished" not in said
    server = started(stack, folder / "new", world)
    world.vendor.finish_everything()
    with server.client(LIVE_KEY) as live:
        assert {job: file_of(live, job) for job in done} == done
        assert {ended(live, job)["status"] for job in open_jobs} == {"completed"}
    assert world.vendor.submits() == DONE + AT_ONCE + WAITING
    assert_balanced(Books(server.data_dir), [*done, *open_jobs])


@pytest.mark.postgres
def test_a_server_that_pg_restore_has_filled_is_settled_before_it_is_used(
    place: tuple[World, ExitStack, Path],
) -> None:
    """With the server's own tools; while an engine uses the database, that is refused."""
    world, stack, folder = place
    old, new = (stack.enter_context(bare_database()) for _ in range(2))
    fleet = Fleet(stack, folder, old, TERMS)
    api, engine = fleet.api(world.environment), fleet.engine(world.environment)
    done, open_jobs = begin(api, world)
    with api.client(LIVE_KEY) as live:
        at_backup = states(live, open_jobs)
        run_tool("pg_dump", "--format=custom", f"--file={folder / 'dump'}", old)
        with pytest.raises(AssertionError, match="an engine uses this database"):
            command("restore", "--database", data_dir=folder, database=old)
        world.vendor.finish_everything()
        assert {ended(live, job)["status"] for job in open_jobs} == {"completed"}
    engine.kill()
    api.kill()
    submits = world.vendor.submits()
    run_tool("pg_restore", f"--dbname={new}", str(folder / "dump"))
    settled = json.loads(command("restore", "--database", "--json", data_dir=folder, database=new))
    assert (settled["ended"], settled["kept"]) == (WAITING, AT_ONCE)
    (folder / "again").mkdir()
    again = Fleet(stack, folder / "again", new, {**TERMS, "storage_url": (folder / "objects").as_uri()})
    server = again.api(world.environment)
    again.engine(world.environment)
    with server.client(LIVE_KEY) as live:
        assert {job: file_of(live, job) for job in done} == done
        ends = {job: ended(live, job)["status"] for job in open_jobs}
    assert Counter(ends.values()) == {"completed": AT_ONCE, "failed": WAITING}
    assert all(at_backup[job] == "pending" for job, status in ends.items() if status == "failed")
    assert world.vendor.submits() == submits
    assert again.rows("SELECT sum(held) FROM budgets") == [(0,)]
    assert again.rows("SELECT count(*) FROM ledger WHERE kind = 'charge'") == [(DONE + AT_ONCE,)]


def run_tool(name: str, *words: str) -> None:
    """One of the server's own, of the same version."""
    done = subprocess.run((str(tool(name)), *words), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
