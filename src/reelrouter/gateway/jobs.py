"""The use cases, without HTTP: submit, get, list, cancel, delete, content, models. Every door calls these.

A submit reads as the way of a request: check what can be said at once, take the inputs in, check the rest,
choose the routes, place the job. Nothing is written before the last of them.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from reelrouter.accounts import ledger
from reelrouter.accounts.keys import Caller
from reelrouter.accounts.workspaces import Workspaces
from reelrouter.catalogue.check import Plan, Rules, check, refuse, unknown_model
from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.model import Catalogue, ModelSpec
from reelrouter.catalogue.request import Inputs, InputUrl, VideoRequest
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    scripted_refusal,
)
from reelrouter.ids import JobId, WorkspaceId, new_job_id
from reelrouter.jobs import decide, store
from reelrouter.jobs.content import ContentFile, ContentRequest, Contents
from reelrouter.jobs.machine import State, is_terminal
from reelrouter.jobs.model import Job, JobView, Remarks, input_keys
from reelrouter.jobs.own_outputs import OwnOutputs
from reelrouter.media.intake import Intake, Wanted
from reelrouter.money import Nanos, nanos, usd
from reelrouter.observe.events import Emit, JobPlaced
from reelrouter.routing.choose import Offer, Route, choose
from reelrouter.storage import links
from reelrouter.storage.links import Link
from reelrouter.storage.objects import Objects
from reelrouter.work import Media

_CANCEL_PATIENCE = 1.0
"""Seconds that a cancel waits to hear what came of it."""
_CANCEL_LOOKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator has decided, as far as use cases care."""

    test_mode: bool
    strict: bool
    hold_margin: Decimal
    max_job_age: int
    """Seconds."""
    link_life: int
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """What the use cases call."""

    db: Database
    catalogue: Catalogue
    workspaces: Workspaces
    intake: Intake
    own_outputs: OwnOutputs
    objects: Objects
    contents: Contents
    backends: Mapping[str, tuple[str, ...]]
    """Configured providers, each with the names of its credentials."""
    scratch: Path
    clock: Clock
    emit: Emit
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """How a request came in: what it takes to answer it with addresses that work."""

    base_url: str
    is_gone: Callable[[], Awaitable[bool]]
    """Whether the client has hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """A job as its owner sees it, with the links that work without a key."""

    view: JobView
    links: tuple[str, ...]
    links_expire_at: int | None
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    jobs: tuple[JobAnswer, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A model, and the modes of keys that may use it: `live` needs a configured provider."""

    model: ModelSpec
    available: tuple[str, ...]


class ClientGone(Exception):
    """Nobody is left to answer; nothing was written."""


class Gateway:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    # Submit ------------------------------------------------------------------------------------------------------

    async def submit(self, caller: Caller, request: VideoRequest, visit: Visit) -> JobAnswer:
        """Places a job; when this returns, it is durable. Every refusal leaves nothing behind."""
        model = self._model(request.model)
        rules = self._rules(caller, request)
        named = wanted(request, model)
        if named:
            refuse(request, model, rules)  # before anything is fetched; without inputs `check` says all of it
        inputs = await self._take_inputs(caller, named, visit)
        plan = check(request, model, inputs, rules)
        if plan.script is not None and plan.script.submit is not None:
            raise scripted_refusal(plan.script.submit)
        routes = choose(plan, model, self._offer(caller, request, plan))
        job = self._job(caller, request, plan, routes, visit.base_url)
        if input_keys(plan.inputs) and await visit.is_gone():
            raise ClientGone
        hold = ledger.Hold(
            job_id=job.id, workspace=caller.workspace, mode=caller.mode, amount=self._hold_amount(plan, caller)
        )

        def together(unit: Unit) -> None:
            ledger.hold(unit, hold)
            store.place(unit, job)

        await self._at.db.write(together)
        self._at.emit(JobPlaced(**job.log_context()))
        return JobAnswer(view=store.view_of(job), links=(), links_expire_at=None)

    def _model(self, name: str) -> ModelSpec:
        model = self._at.catalogue.find(name)
        if model is None:
            raise unknown_model(name)
        return model

    def _rules(self, caller: Caller, request: VideoRequest) -> Rules:
        if caller.mode == "test" and not self._at.terms.test_mode:
            raise Forbidden("Test keys are switched off on this gateway.")
        strict = self._at.terms.strict or request.provider.require_parameters
        return Rules(strict=strict, test=caller.mode == "test")

    async def _take_inputs(self, caller: Caller, named: Sequence[InputUrl], visit: Visit) -> Inputs:
        if not named:
            return Inputs()
        own = partial(self._at.own_outputs.find, caller, (visit.base_url,))
        items = [Wanted(field=one.field, kind=one.kind, url=one.url) for one in named]
        return _sorted_inputs(named, await self._at.intake.take(items, caller.workspace, own, self._at.scratch))

    def _offer(self, caller: Caller, request: VideoRequest, plan: Plan) -> Offer:
        return Offer(mode=caller.mode, backends=self._at.backends, wish=request.provider, price=plan.estimate)

    def _hold_amount(self, plan: Plan, caller: Caller) -> Nanos:
        return nanos(usd(plan.estimate) * self._at.terms.hold_margin)

    def _job(
        self, caller: Caller, request: VideoRequest, plan: Plan, routes: tuple[Route, ...], base_url: str
    ) -> Job:
        now = self._at.clock.now()
        if request.callback_url is not None:
            plan = replace(plan, warnings=(*plan.warnings, _NO_WEBHOOKS))
        return Job(
            id=new_job_id(int(now)),
            workspace=caller.workspace,
            key_id=caller.key_id,
            mode=caller.mode,
            status=State.PENDING,
            created_at=milliseconds(now),
            deadline_at=milliseconds(now + self._at.terms.max_job_age),
            model=plan.model,
            plan=plan,
            routes=routes,
            remarks=Remarks(attribution=request.attribution, callback_url=request.callback_url),
            base_url=base_url,
            estimate=plan.estimate,
        )

    # Looking -----------------------------------------------------------------------------------------------------

    async def get(self, caller: Caller, job_id: str) -> JobAnswer:
        """Raises `NotFound` for a job that is not this caller's, in the words used for one that never was."""
        return await self._answer(await self._view(caller, job_id))

    async def list_jobs(self, caller: Caller, limit: int, cursor: str | None) -> JobPage:
        """The newest first. `cursor` is a former page's; raises `InvalidRequest` for any other text."""
        before, before_id = _read_cursor(cursor) if cursor else (_FAR_FUTURE_MS, "")
        page = store.Page(
            workspace=caller.workspace, mode=caller.mode, most=limit + 1, before=before, before_id=before_id
        )
        views = await store.list_jobs(self._at.db, page)
        answers = [await self._answer(view) for view in views[:limit]]
        next_cursor = _cursor(views[limit - 1]) if len(views) > limit else None
        return JobPage(jobs=tuple(answers), next_cursor=next_cursor)

    def models(self, *, live_only: bool) -> tuple[Offered, ...]:
        """The catalogue, each model with the key modes that can use it here and now."""
        offered = [self._offered(model) for model in self._at.catalogue]
        return tuple(offer for offer in offered if not live_only or "live" in offer.available)

    def _offered(self, model: ModelSpec) -> Offered:
        live = any(endpoint.provider in self._at.backends for endpoint in model.endpoints)
        modes = (("live",) if live else ()) + (("test",) if self._at.terms.test_mode else ())
        return Offered(model=model, available=modes)

    # Ending ------------------------------------------------------------------------------------------------------

    async def cancel(self, caller: Caller, job_id: str) -> tuple[JobAnswer, str]:
        """The job as it is then, and what came of the wish: `cancelled` or `cancel_requested`.

        Raises `Conflict` for a job that has ended.
        """
        view = await self._view(caller, job_id)
        if is_terminal(State(view.status)):
            raise Conflict(f"Job {job_id} is {view.status} and cannot be cancelled any more.")
        now = self._at.clock.now()
        await self._at.db.write(lambda unit: _cancel(unit, JobId(job_id), now))
        for _ in range(_CANCEL_LOOKS):
            view = await self._view(caller, job_id)
            if is_terminal(State(view.status)):
                break
            await asyncio.sleep(_CANCEL_PATIENCE / _CANCEL_LOOKS)
        outcome = "cancelled" if view.status == State.CANCELLED else "cancel_requested"
        return await self._answer(view), outcome

    async def delete(self, caller: Caller, job_id: str) -> None:
        """Removes the job and its files. Raises `Conflict` while it runs."""
        view = await self._view(caller, job_id)
        now_ms = milliseconds(self._at.clock.now())
        unused = await self._at.db.write(lambda unit: store.mark_deleted(unit, JobId(job_id), now_ms))
        if unused is None:
            raise Conflict(f"Job {job_id} is {view.status}; cancel it before you delete it.")
        await self._at.objects.delete_below(f"outputs/{job_id}")
        await self._at.objects.delete(unused)

    # Content -----------------------------------------------------------------------------------------------------

    async def content(self, asked: ContentRequest) -> ContentFile:
        """The file behind an address, for a key of its workspace or a signature that is still alive."""
        return await self._at.contents.find(asked)

    def local_path(self, file: ContentFile) -> Path | None:
        """Where a file lies on this machine, if the storage is a disk."""
        return self._at.objects.local_path(file.key)

    def read_range(self, file: ContentFile, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in bounded pieces."""
        return self._at.objects.open_range(file.key, start, end)

    # Readiness ---------------------------------------------------------------------------------------------------

    async def check_database(self) -> None:
        await store.check_readable(self._at.db)

    async def check_storage(self) -> None:
        await self._at.objects.exists("readiness")

    # -------------------------------------------------------------------------------------------------------------

    async def _view(self, caller: Caller, job_id: str) -> JobView:
        view = await store.view(self._at.db, job_id)
        if view is None or (view.workspace, view.mode) != (caller.workspace, caller.mode):
            raise NotFound(f"Job {job_id} not found")
        return view

    async def _answer(self, view: JobView) -> JobAnswer:
        if not view.outputs or view.dropped_at is not None or view.expires_at is None:
            return JobAnswer(view=view, links=(), links_expire_at=None)
        secret = (await self._at.workspaces.get(WorkspaceId(view.workspace))).link_secret
        until = links.expiry(self._at.clock.now(), self._at.terms.link_life, view.expires_at / 1000)
        signed = tuple(_signed_url(view, index, until, secret) for index in range(view.outputs))
        return JobAnswer(view=view, links=signed, links_expire_at=until)


def _sorted_inputs(named: Sequence[InputUrl], taken: Sequence[Media]) -> Inputs:
    frames = {one.role: media for one, media in zip(named, taken, strict=True) if one.role != "reference"}
    if frames:
        return Inputs(first_frame=frames.get("first_frame"), last_frame=frames.get("last_frame"))
    return Inputs(references=tuple(taken))


_NO_WEBHOOKS = "callback_url: kept with the job; this version does not send webhooks yet, so poll for the result"


def _cancel(unit: Unit, job_id: JobId, now: float) -> None:
    """Ends a job that nobody has started; any other is marked, and the engine asks its backend."""
    store.request_cancel(unit, job_id, milliseconds(now))
    if store.end_unstarted(unit, job_id, decide.CANCELLED, milliseconds(now)):
        ledger.release(unit, job_id, now)


def _signed_url(view: JobView, index: int, until: int, secret: bytes) -> str:
    link = Link(job_id=view.id, index=index, variant="video", expires_at=until)
    return links.content_url(view.base_url, link, links.sign(secret, link))


_FAR_FUTURE_MS = 2**53


def _cursor(view: JobView) -> str:
    return base64.urlsafe_b64encode(f"{view.created_at}:{view.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _, job_id = text.partition(":")
        return int(created_at), job_id
    except (ValueError, binascii.Error):
        raise InvalidRequest([Problem("cursor", "cursor must be the next_cursor of a former page")]) from None
