"""What `reelrouter doctor` says of jobs whose videos are kept back."""

import asyncio
from pathlib import Path

import pytest

from reelrouter.cli.doctor_jobs import job_findings
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.jobs import store
from reelrouter.jobs.trouble import Trouble
from tests.jobs.conftest import Bench


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path))
    return tmp_path


async def kept_back(folder: Path, *troubles: Trouble) -> None:
    """A job under way for each."""
    migrate(folder / "app.db")
    bench = Bench(SqliteDatabase(folder / "app.db"), folder)
    bench.lane("a")
    for trouble in troubles:
        job = await bench.place("a")
        await bench.steps().submit(job.id, await bench.begin(job))
        (attempt,) = await store.list_attempts(bench.db, job.id)
        await bench.db.write(lambda unit, of=attempt, what=trouble: store.note_trouble(unit, of, what))  # type: ignore[misc]
    await bench.db.close()
    bench.objects.close()


def test_without_a_database_there_is_nothing_to_say(installation: Path) -> None:
    """And none is made."""
    assert list(job_findings()) == []
    assert not (installation / "app.db").exists()


def test_nothing_is_kept_back(installation: Path) -> None:
    """One line."""
    asyncio.run(kept_back(installation))
    assert [(one.level, one.about) for one in job_findings()] == [("ok", "jobs")]


def test_each_kind_of_trouble_is_told_with_what_to_do(installation: Path) -> None:
    """With the vendor's own words, and how many jobs it is about."""
    unclear = Trouble(kind="unclear", since=1, reason="a status is 'wholly-unknown'")
    moved = Trouble(kind="elsewhere", since=1, reason="made at a, now at b")
    asyncio.run(kept_back(installation, unclear, unclear, moved))
    found = list(job_findings())
    assert [one.level for one in found] == ["warn", "warn"]
    assert ["(1 job): made at a, now at b" in found[0].text, "(2 jobs): a status is" in found[1].text] == [
        True,
        True,
    ]
    assert all(one.next_step for one in found)


def test_a_database_that_cannot_be_read_is_said_and_ends_nothing(installation: Path) -> None:
    """The rest of the diagnosis goes on."""
    (installation / "app.db").write_bytes(b"this is no database at all, and no empty file either" * 100)
    assert [one.level for one in job_findings()] == ["warn"]
