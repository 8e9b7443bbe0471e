"""Runs one job of a vendor through its adapter, and keeps every call and reply. It sends nothing of its own."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from yarl import URL

from reelrouter.clock import Clock
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.drive import Drive, Lost, NotSent
from reelrouter.providers.recording import (
    ACCOUNT,
    Exchange,
    Recording,
    Scene,
    Told,
    Verb,
    View,
    call_view,
    order_view,
    outcome_view,
    reply_view,
)
from reelrouter.providers.redaction import REDACTED, Redactor
from reelrouter.providers.remote import Remote, discard
from reelrouter.work import (
    Failed,
    Finished,
    Handle,
    JobLost,
    Media,
    NotAnswered,
    Order,
    Outcome,
    OutputInvalid,
    Running,
    SubmitRefused,
)

_MOST_OUTPUT = 2 * 1024 * 1024 * 1024
_ANOTHER_ORIGIN = f"https://{REDACTED.lower()}.invalid"
"""Stands for that of an address that is not the vendor's own."""
_SLOWER, _SLOWEST = 1.3, 20.0
_MOST_TROUBLES = 5
"""Polls without an answer, one after another, until a recording ends."""


class Recorder(Drive):
    """A drive that keeps what goes through it, redacted. For one job at a time."""

    def __init__(
        self, fetch: Callable[[Media], Awaitable[Path]], directory: Path, clock: Clock, redactor: Redactor
    ) -> None:
        super().__init__(fetch, directory, clock)
        self._redactor = redactor
        self._kept: list[Exchange] = []
        self._sign_ins: list[Exchange] = []
        self._is_sending = False

    async def send(self, call: Call, provider: Provider, account: Account) -> Reply:
        """A call inside of another one signs in: of that, nothing but its address and its status is kept."""
        signs_in, self._is_sending = self._is_sending, True
        try:
            reply = await super().send(call, provider, account)
        finally:
            self._is_sending = signs_in
        if signs_in:
            self._keep_sign_in(call, reply)
        else:
            files = [await asyncio.to_thread(_file_view, path) for path in reply.files]
            self._kept.append(
                Exchange(
                    call=self._redactor.value(call_view(call)),
                    reply=self._redactor.value(reply_view(reply, files)),
                )
            )
        return reply

    def take(self) -> tuple[tuple[Exchange, ...], tuple[Exchange, ...]]:
        """Sign-ins and others since the last time."""
        taken = tuple(self._sign_ins), tuple(self._kept)
        self._sign_ins.clear()
        self._kept.clear()
        return taken

    def _keep_sign_in(self, call: Call, reply: Reply) -> None:
        self._redactor.value(reply_view(reply, ()))  # learns what was granted
        address = self._redactor.text(call.url)
        self._sign_ins.append(
            Exchange(call={"method": call.method, "url": address}, reply={"status": reply.status})
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    interval: float | None = None
    """Seconds between two polls; None for the adapter's own, slowing down."""
    patience: float = 1800.0
    """Seconds from the acceptance until the recording ends, whatever becomes of the job."""


class Tape:
    """One job, from its submit to its outputs, and the recording that grows with it."""

    def __init__(self, provider: Provider, account: Account, order: Order) -> None:
        public = provider.access.defaults.items()
        self.redactor = Redactor(dict(account.values.items() - public))
        self._provider = provider
        self._account = replace(account, name=ACCOUNT)
        self._order = replace(order, credential=ACCOUNT)
        self._is_own = account.root == own_root(provider, account)
        if not self._is_own:
            self.redactor.replace(str(URL(account.root).origin()), _ANOTHER_ORIGIN)
        self._scenes: list[Scene] = []
        self._outputs: list[View] = []
        self._began = datetime.now(UTC)
        self.ticket: Ticket | None = None
        """What the vendor gave for the order, once it has."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said to the vendor, or by it."""
        return not any(scene.exchanges for scene in self._scenes)

    async def run(self, recorder: Recorder, pace: Pace, on_news: Callable[[Told], None]) -> Told:
        """What it ended with; `Running` if patience ran out. Raises `NotSent` and `Lost` for the submit alone."""
        told = await self._play("submit", self._provider.submit(self._order, self._account), recorder)
        on_news(told)
        if not isinstance(told, Ticket):
            return told
        self.ticket = told
        last: Told = Running()
        try:
            async with asyncio.timeout(pace.patience):
                last = await self._watch(told, recorder, pace, on_news)
        except TimeoutError:
            return last
        return last

    async def collect(self, finished: Finished, recorder: Recorder, into: Path | None) -> None:
        """Loads what the job made, once each, and keeps the first where it is wanted."""
        remote = self._remote(recorder)
        for output in finished.outputs:
            try:
                blob = await remote.collect(self._handle(), output)
            except (OutputInvalid, NotAnswered) as invalid:
                self._outputs.append({"invalid": self.redactor.text(str(invalid))})
                continue
            shown = await asyncio.to_thread(_file_view, blob.path)
            self._outputs.append({name: value for name, value in shown.items() if name != "name"})
            if into is not None and len(self._outputs) == 1:
                await asyncio.to_thread(shutil.copyfile, blob.path, into)
            await discard(blob)

    def text(self) -> str:
        """The recording so far, as it is written to a file. Raises `StillSecret`."""
        values = {name: self.redactor.text(value) for name, value in self._account.values.items()}
        recording = Recording(
            provider=self._provider.name,
            package=f"reelrouter {version('reelrouter')}",
            recorded_at=self._began.isoformat(timespec="seconds"),
            evidence=self._evidence(),
            root=self.redactor.text(self._account.root),
            values=values,
            order=order_view(self._order),
            scenes=tuple(self._scenes),
            outputs=tuple(self._outputs),
        )
        # Once more, for what was learned to be a secret only after it had been seen.
        text = json.dumps(self.redactor.value(recording.view()), indent=2, ensure_ascii=False)
        self.redactor.check(text)
        return text + "\n"

    async def _watch(
        self, ticket: Ticket, recorder: Recorder, pace: Pace, on_news: Callable[[Told], None]
    ) -> Told:
        wait = self._provider.first_poll if ticket.poll_after is None else ticket.poll_after
        troubles = 0
        while True:
            await asyncio.sleep(wait if pace.interval is None else pace.interval)
            wait = min(wait * _SLOWER, max(wait, _SLOWEST))
            told = await self._poll(recorder)
            on_news(told)
            troubles = troubles + 1 if isinstance(told, NotAnswered | JobLost) else 0
            if isinstance(told, Finished | Failed | ProviderDrift) or troubles == _MOST_TROUBLES:
                return told

    async def _poll(self, recorder: Recorder) -> Told:
        flow: Flow[Outcome | Unclear] = self._provider.poll(self._handle(), self._account)
        try:
            told = await self._play("poll", flow, recorder)
            if isinstance(told, Unclear):
                return await self._remote(recorder).clarified(told, self._account)
        except (NotSent, Lost) as error:
            return NotAnswered(str(error))
        except ProviderDrift as drift:
            return drift
        return told

    async def _play(self, verb: Verb, flow: Flow[Ticket] | Flow[Outcome | Unclear], recorder: Recorder) -> Told:
        told: Told
        try:
            told = await recorder.run(flow, self._provider, self._account)
        except (SubmitRefused, NotAnswered, JobLost, ProviderDrift) as said:
            told = said
        finally:
            sign_ins, exchanges = recorder.take()
            if sign_ins:
                self._scenes.append(Scene(verb="sign_in", exchanges=sign_ins))
        outcome = self.redactor.value(outcome_view(told))
        self._scenes.append(Scene(verb=verb, exchanges=exchanges, outcome=outcome))
        return told

    def _remote(self, recorder: Recorder) -> Remote:
        return Remote(
            endpoint=self._provider.name,
            provider=self._provider,
            accounts={ACCOUNT: self._account},
            drive=recorder,
            max_output=_MOST_OUTPUT,
        )

    def _handle(self) -> Handle:
        if self.ticket is None:
            raise ValueError("nothing was accepted yet")
        return Handle(
            endpoint=self._provider.name,
            credential=ACCOUNT,
            native_id=self.ticket.native_id,
            extra=self.ticket.extra,
        )

    def _evidence(self) -> str:
        if self._provider.access.local:
            return "replies of a server of the operator's own"
        if self._is_own:
            return "the vendor's own replies"
        return "replies from another address than the vendor's own"


def own_root(provider: Provider, account: Account) -> str:
    """The vendor's own address for such an account."""
    return provider.access.root.format_map(account.values).rstrip("/")


def _file_view(path: Path) -> View:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "size": path.stat().st_size, "sha256": digest[:16]}
