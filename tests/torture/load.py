"""The clients: they submit, poll, cancel, download and delete, and write down what they were told."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from reelrouter.emulators.frame import sample
from tests.acceptance.waiting import TERMINAL
from tests.fates import MODELS, prompt_of
from tests.torture.evidence import Send, Told
from tests.torture.plan import Errand, Plan, errand

_POLL_SECONDS = 1.5
_AGAIN_SECONDS = 0.5
_ANSWER_SECONDS = 30.0
_SUPPORT_SECONDS = 10.0
_REFUSED = "refused"
"""What a poll has come to that got an answer which no poll should get."""
_LAST = TERMINAL | {_REFUSED}
_ALLOWED = frozenset({202, 402})
"""How a submit may be answered while nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace whose clients take part."""

    workspace: str
    key: str
    secret: str
    """Of its webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What a workspace that runs out of money is given now and then."""

    path: str
    key: str
    dollars: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    addresses: Sequence[str]
    """Of every API."""
    teams: Sequence[Team]
    callback: str
    support: Support


@dataclass(slots=True)
class Progress:
    """How far it is, for people and for whoever waits."""

    placed: int = 0
    ended: int = 0
    under_way: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    """Of submits, by the answer's."""


class Load:
    def __init__(self, plan: Plan, world: World, progress: Progress) -> None:
        self._plan = plan
        self._world = world
        self._progress = progress
        self._places = asyncio.Semaphore(plan.most_under_way)
        self.enough = asyncio.Event()
        """Set when no more jobs are to be placed."""
        self.over = asyncio.Event()
        """Set when nobody is to wait any longer."""

    async def run(self) -> list[Told]:
        """Places jobs until it is enough, and returns once every client is done, or it is over."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            supporting = asyncio.create_task(self._support(http))
            clients: list[asyncio.Task[Told]] = []
            while not self.enough.is_set():
                async with self._places:
                    pass
                clients.append(asyncio.create_task(self._send_client(http, len(clients))))
                await asyncio.sleep(1 / self._plan.rate)
            supporting.cancel()
            return list(await asyncio.gather(*clients))

    async def _support(self, http: aiohttp.ClientSession) -> None:
        """Until cancelled. What does not arrive is not missed."""
        given = self._world.support
        while True:
            await asyncio.sleep(_SUPPORT_SECONDS)
            url, headers = (
                f"{self._world.addresses[0]}/api/v1{given.path}",
                {"Authorization": f"Bearer {given.key}"},
            )
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with http.post(url, json={"amount": given.dollars}, headers=headers):
                    pass

    async def _send_client(self, http: aiohttp.ClientSession, mark: int) -> Told:
        wish = errand(self._plan, mark)
        client = Client(http, self._world, wish, self.over)
        async with self._places:
            self._progress.under_way += 1
            try:
                return await self._run(client)
            finally:
                self._progress.under_way -= 1

    async def _run(self, client: "Client") -> Told:
        await client.submit()
        self._progress.statuses[str(client.told.sends[-1].status)] += 1
        if client.told.job is not None:
            self._progress.placed += 1
            await client.follow()
            self._progress.ended += 1
        return client.told


class Client:
    """One errand from its submit to its end."""

    def __init__(self, http: aiohttp.ClientSession, world: World, wish: Errand, over: asyncio.Event) -> None:
        self._http = http
        self._world = world
        self._wish = wish
        self._over = over
        self._team = world.teams[wish.team % len(world.teams)]
        self._dice = random.Random(wish.mark)
        self.told = Told(errand=wish, workspace=self._team.workspace)

    async def submit(self) -> None:
        """Once, or under an idempotency key until there is an answer that is one."""
        while True:
            send = await self._submit_once()
            self.told = replace(self.told, sends=(*self.told.sends, send))
            if not self._wish.keyed or self._over.is_set() or (send.status is not None and send.status < 500):
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    async def follow(self) -> None:
        """Polls until the job has ended; cancels, downloads and deletes it as the errand says."""
        cancelling = asyncio.create_task(self._cancel()) if self._wish.cancel_after is not None else None
        while not self._over.is_set():
            word = await self._poll()
            if word in TERMINAL:
                await self._after(word)
            if word in _LAST:
                break
            await asyncio.sleep(_POLL_SECONDS)
        if cancelling is not None:
            await cancelling

    async def _submit_once(self) -> Send:
        wish = self._wish
        body: dict[str, Any] = {"model": wish.model, "prompt": prompt_of(wish.mark), **MODELS[wish.model]}
        if wish.callback:
            body["callback_url"] = self._world.callback
        headers = {"Idempotency-Key": key_of(wish.mark)} if wish.keyed else {}
        answer = await self._ask("POST", "/videos", json=body, headers=headers)
        if answer is None:
            return Send(status=None)
        if answer.status not in _ALLOWED and answer.status < 500:
            self._wonder(f"a submit was answered with {answer.status}: {answer.text}")
        job = answer.json()["id"] if answer.status == 202 else None
        return Send(status=answer.status, job=job, replayed=answer.headers.get("Idempotent-Replayed") == "true")

    async def _poll(self) -> str | None:
        """The state; None if there was no answer that tells of it."""
        answer = await self._ask("GET", f"/videos/{self.told.job}")
        if answer is None or answer.status >= 500:
            return None
        if answer.status != 200:
            self._wonder(f"a poll was answered with {answer.status}: {answer.text}")
            return _REFUSED
        word = str(answer.json()["status"])
        if not self.told.words or self.told.words[-1] != word:
            self.told = replace(self.told, words=(*self.told.words, word))
        return word

    async def _after(self, word: str) -> None:
        if word == "completed" and self._wish.download:
            await self._download()
        if self._wish.delete:
            await self._delete()
        else:
            await self._poll()

    async def _cancel(self) -> None:
        await asyncio.sleep(self._wish.cancel_after or 0.0)
        answer = await self._ask("POST", f"/videos/{self.told.job}/cancel")
        if answer is not None and answer.status not in (200, 404, 409) and answer.status < 500:
            self._wonder(f"a cancel was answered with {answer.status}: {answer.text}")

    async def _download(self) -> None:
        answer = await self._ask("GET", f"/videos/{self.told.job}/content")
        if answer is None or answer.status in (500, 503, 410):  # 410: its time was over by a clock that is wrong
            return
        if answer.status != 200 or answer.body != sample():
            self._wonder(f"a download was answered with {answer.status} and {len(answer.body)} bytes")
            return
        self.told = replace(self.told, downloads=self.told.downloads + 1)

    async def _delete(self) -> None:
        while not self._over.is_set():
            answer = await self._ask("DELETE", f"/videos/{self.told.job}")
            if answer is not None and answer.status in (204, 404):
                self.told = replace(self.told, deleted=True)
                return
            if answer is not None and answer.status < 500:
                self._wonder(f"a delete was answered with {answer.status}: {answer.text}")
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _ask(self, method: str, path: str, **more: Any) -> "Reply | None":
        """None if there was no whole answer."""
        headers = {"Authorization": f"Bearer {self._team.key}", **more.pop("headers", {})}
        url = f"{self._dice.choice(self._world.addresses)}/api/v1{path}"
        try:
            async with self._http.request(method, url, headers=headers, **more) as response:
                return Reply(status=response.status, headers=response.headers, body=await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    def _wonder(self, what: str) -> None:
        self.told = replace(self.told, strange=(*self.told.strange, what[:300]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


def key_of(mark: int) -> str:
    """The idempotency key of an errand."""
    return f"torture-{mark}"
