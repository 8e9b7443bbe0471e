"""What refused requests had stored is removed, and nothing that anybody else may be using."""

import asyncio
from collections.abc import Iterable

from reelrouter.catalogue.request import Inputs
from reelrouter.gateway.leftovers import Leftovers
from reelrouter.work import Media

ONE = Media(kind="image", key="inputs/ws/one", sha256="1", mime="image/png", size=1)


class Storage:
    def __init__(self, *used: str) -> None:
        self.used = set(used)
        self.deleted: list[str] = []

    async def delete(self, keys: Iterable[str]) -> None:
        self.deleted.extend(keys)

    async def is_used(self, key: str) -> bool:
        return key in self.used


def test_a_refused_request_leaves_no_file() -> None:
    """It had to be stored before the refusal could be known."""

    async def run() -> None:
        storage = Storage()
        leftovers = Leftovers(storage.delete, storage.is_used)
        async with leftovers.watch() as taken:
            taken.note(Inputs(first_frame=ONE))
        assert storage.deleted == [ONE.key]

    asyncio.run(run())


def test_an_accepted_request_keeps_its_files() -> None:
    """They are the job's now."""

    async def run() -> None:
        storage = Storage()
        leftovers = Leftovers(storage.delete, storage.is_used)
        async with leftovers.watch() as taken:
            taken.note(Inputs(first_frame=ONE))
            taken.claimed(frozenset({ONE.key}))
        assert storage.deleted == []

    asyncio.run(run())


def test_another_job_s_file_is_kept() -> None:
    """Files are stored by content: a refused request may name what a job has used all along."""

    async def run() -> None:
        storage = Storage(ONE.key)
        leftovers = Leftovers(storage.delete, storage.is_used)
        async with leftovers.watch() as taken:
            taken.note(Inputs(references=(ONE,)))
        assert storage.deleted == []

    asyncio.run(run())


def test_nothing_is_removed_while_another_request_may_rely_on_it() -> None:
    """The other one has found the file there, and its job is not placed yet."""

    async def run() -> None:
        storage = Storage()
        leftovers = Leftovers(storage.delete, storage.is_used)
        async with leftovers.watch() as other:
            async with leftovers.watch() as taken:
                taken.note(Inputs(first_frame=ONE))
            assert storage.deleted == []
            other.note(Inputs(first_frame=ONE))
            storage.used.add(ONE.key)  # its job is placed
            other.claimed(frozenset({ONE.key}))
        assert storage.deleted == []

    asyncio.run(run())
