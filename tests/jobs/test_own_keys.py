"""Jobs on vendor keys that workspaces bring: found when they are needed, and used as they are by then."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from reelrouter.accounts import vendor_keys
from reelrouter.accounts.secrets import Secrets
from reelrouter.accounts.vault import Vault
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.ids import WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.lanes import Lane, Lanes
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.jobs.own_keys import OwnKey, OwnKeys, key_of
from reelrouter.jobs.pace import ladder
from reelrouter.observe.events import AttemptEnded
from reelrouter.providers.brought import KeyRefused
from reelrouter.routing.choose import Route, queue_of
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Backend, Failed, FailureClass, Running
from tests.jobs.conftest import ESTIMATE, Bench
from tests.jobs.test_dispatch import Engine

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

VAULT = Vault(Secrets(b"root" * 8))
KEY = VendorKey(id="vk_1", workspace=WorkspaceId("ws"), provider="a", name="", label="", created_at=0)
QUEUE = queue_of("a", "byok:vk_1")


class Vendor:
    """What each key opens, by its text."""

    def __init__(self, bench: Bench, **operators: Scripted) -> None:
        """`operators` are the vendors that the operator has an account with."""
        self.bench = bench
        self.opened: dict[str, Scripted] = {}
        self.keys = OwnKeys(bench.db, VAULT, bench.clock, self._backend_of)
        pace = ladder(0.0, 0.0)
        known = {queue_of(name, "c"): Lane(backend=one, limit=5, pace=pace) for name, one in operators.items()}
        bench.lanes = Lanes(known, self._lane)  # type: ignore[assignment]

    async def add(self, text: str, **script: object) -> Scripted:
        backend = self.opened[text] = Scripted(endpoint="a", **script)  # type: ignore[arg-type]
        sealed = VAULT.seal(json.dumps({"api_key": text}), KEY.id)
        await self.bench.db.write(partial(vendor_keys.add, key=KEY, sealed=sealed))
        return backend

    async def change(self, key: VendorKey, text: str | None = None) -> None:
        sealed = None if text is None else VAULT.seal(json.dumps({"api_key": text}), KEY.id)
        await self.bench.db.write(lambda unit: vendor_keys.change(unit, key, sealed))
        self.bench.clock.advance(1.1)

    async def remove(self) -> None:
        await self.bench.db.write(partial(vendor_keys.remove, key_id=KEY.id))
        self.bench.clock.advance(1.1)

    def _backend_of(self, _provider: str, _credential: str, values: Mapping[str, str]) -> Backend:
        if values["api_key"] == "useless":
            raise KeyRefused("it says nothing")
        return self.opened[values["api_key"]]

    def _lane(self, queue: str) -> Lane | None:
        found = key_of(queue)
        pace = ladder(0.0, 0.0)
        return Lane(backend=OwnKey(self.keys, found[1]), limit=5, pace=pace, outlives=True) if found else None


async def place(bench: Bench, *others: str) -> Job:
    """A job that waits for the key, and then for the operator's accounts at these endpoints."""
    job = await bench.place("a", *others)
    routes = (replace(job.routes[0], credential="byok:vk_1"), *job.routes[1:])
    made = replace(job, id=type(job.id)(f"{job.id}0"), routes=routes, queue=QUEUE)
    await bench.db.write(lambda unit: store.place(unit, made))
    return made


def ended(bench: Bench) -> list[str | None]:
    """The reasons of all attempts that ended without a video, for the operator."""
    return [event.vendor_text for event in bench.events if isinstance(event, AttemptEnded) and event.failure]


def test_only_a_brought_keys_queue_has_a_key() -> None:
    """An operator's account cannot be taken for one."""
    assert key_of("byteplus/byok:vk_1") == ("byteplus", "vk_1")
    assert key_of("byteplus/default") is None


def test_a_lane_is_made_when_a_job_first_waits_for_it(scenario: Scenario) -> None:
    """The dispatcher knew nothing of the key when it began; the job says whose key made it."""

    async def work(bench: Bench) -> None:
        vendor = Vendor(bench)
        engine = Engine(bench)
        await engine.turn()
        backend = await vendor.add("one", polls=[finished_with(bench.file())])
        job = await engine.until_over(await place(bench))
        assert (job.status, job.is_byok, job.price) == (State.COMPLETED, True, 0)
        assert [order.credential for order in backend.orders] == ["byok:vk_1"]
        assert list(bench.lanes) == [QUEUE]

    scenario(work)


def test_a_job_that_the_operators_account_made_costs_what_it_always_does(scenario: Scenario) -> None:
    """Whoever was to make it first."""

    async def work(bench: Bench) -> None:
        vendor = Vendor(bench, b=Scripted(endpoint="b", polls=[finished_with(bench.file())]))
        await vendor.add("one", submits=[Failed(failure=FailureClass.AUTH)])
        job = await bench.run_to_end(await place(bench, "b"))
        assert (job.status, job.is_byok, job.price) == (State.COMPLETED, False, ESTIMATE)

    scenario(work)


def test_a_refused_key_is_the_workspaces_to_mend(scenario: Scenario) -> None:
    """It is not told that the operator has heard of it."""

    async def work(bench: Bench) -> None:
        vendor = Vendor(bench)
        await vendor.add("one", submits=[Failed(failure=FailureClass.QUOTA_BILLING)])
        job = await bench.run_to_end(await place(bench))
        assert job.failure is not None
        assert (job.status, job.failure.error_type) == (State.FAILED, "payment_required")
        assert "operator" not in job.failure.message

    scenario(work)


def test_disabled_removed_and_useless_keys_are_refused_here(scenario: Scenario) -> None:
    """Nothing is sent, so the next route may be tried."""

    async def work(bench: Bench) -> None:
        vendor = Vendor(bench)
        backend = await vendor.add("one")
        await vendor.change(replace(KEY, disabled_at=1))
        await bench.run_to_end(await place(bench))
        await vendor.change(KEY, "useless")
        await bench.run_to_end(await place(bench))
        await vendor.remove()
        job = await bench.run_to_end(await place(bench))
        assert job.failure is not None
        assert job.failure.error_type == "permission_denied"
        assert backend.orders == []
        assert ended(bench) == [
            "the vendor key is disabled",
            "the vendor key vk_1 cannot be used: it says nothing",
            "the vendor key was removed",
        ]

    scenario(work)


def test_a_key_is_used_as_it_is_at_each_call(scenario: Scenario) -> None:
    """Disabling it leaves the jobs that it has; once it is replaced, the former one is shown to nobody."""

    async def work(bench: Bench) -> None:
        vendor = Vendor(bench)
        first = await vendor.add("one", polls=[Running()])
        job, steps = await place(bench), bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        vendor.opened["two"] = second = Scripted(endpoint="a", polls=[finished_with(bench.file())])
        await vendor.change(replace(KEY, disabled_at=1), "two")
        assert await steps.await_upstream(job.id, 1) == "finish"
        assert (sum(first.asked.values()), sum(second.asked.values())) == (0, 1)

    scenario(work)


def test_what_was_accepted_with_a_removed_key_fails_and_goes_nowhere_else(scenario: Scenario) -> None:
    """The vendor may be making it still; the workspace pays nothing here."""

    async def work(bench: Bench) -> None:
        other = Scripted(endpoint="b")
        vendor = Vendor(bench, b=other)
        await vendor.add("one", polls=[Running()] * 100)
        job, steps = await place(bench, "b"), bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        await vendor.remove()
        assert await steps.await_upstream(job.id, 1) == "finish"
        await steps.finish(job.id, 1)
        job = await bench.job(job)
        assert job.failure is not None
        assert (job.status, job.failure.error_type, job.price) == (State.FAILED, "permission_denied", None)
        assert "removed" in job.failure.message
        assert other.orders == []

    scenario(work)


def test_a_route_knows_who_pays() -> None:
    """By the name of its credential alone."""
    route = Route(endpoint="a", provider="a", native_model="m", credential="byok:vk_1")
    assert (route.is_byok, replace(route, credential="default").is_byok) == (True, False)
    assert route.queue == QUEUE
