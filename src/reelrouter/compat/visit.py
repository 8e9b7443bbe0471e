"""One visit to a server: what was asked already, what a job may cost, and the jobs that the rules look at."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reelrouter.compat.choice import Choice, choose, rows_of
from reelrouter.compat.exchange import Ask, Exchange, clipped, post
from reelrouter.compat.life import Life, Pace, live, placed_id, status_of
from reelrouter.compat.session import NoAnswer, Session

MODELS = Ask(path="videos/models", key="none")
OFFERED = Ask(path="videos/models")
"""The same list with the key: what this caller can use."""
UNKNOWN_JOB = "gen-vid-1-00000000000000000000"
UNKNOWN_MODEL = "nobody/no-such-model"

_GAVE_UP = frozenset({502, 504, 524})
"""Somebody in between did not wait: what was asked may be done all the same."""


class Skip(Exception):
    """A rule cannot be looked into; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the caller of the check allows."""

    spend: bool
    model: str | None
    pace: Pace


class Visit:
    def __init__(self, session: Session, terms: Terms, tell: Callable[[str], None] = lambda _news: None) -> None:
        self._session = session
        self._terms = terms
        self._tell = tell
        self._known: dict[Ask, Exchange | NoAnswer] = {}
        self._lives: dict[str, Life] = {}
        self._taken: str | None = None
        self.notes: list[str] = []
        """What whoever reads the report should know of the jobs that were made."""

    @property
    def may_make_jobs(self) -> bool:
        return self._session.has_key and (self._terms.spend or self._session.has_test_key)

    @property
    def jobs_cost_nothing(self) -> bool:
        return self._session.has_test_key

    @property
    def wants_a_model(self) -> bool:
        """Whether the caller named the model that jobs are to be made with."""
        return self._session.has_key and self._terms.model is not None

    async def ask(self, ask: Ask) -> Exchange:
        """Sent once, however often it is asked. Raises `NoAnswer`, and `Skip` where a key is missing."""
        if ask not in self._known:
            try:
                self._known[ask] = await self.ask_again(ask)
            except NoAnswer as error:
                self._known[ask] = error
        answer = self._known[ask]
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    async def ask_again(self, ask: Ask) -> Exchange:
        """Sent now, whatever was asked before."""
        if ask.key == "given" and not self._session.has_key:
            raise Skip("needs a key")
        return await self._session.send(ask)

    async def refused(self, body: object) -> Exchange:
        """The answer to a submit that must be refused. Where one is taken after all, no more of these are sent."""
        ask = post("videos", body)
        if ask in self._known:
            return await self.ask(ask)
        if self._taken is not None:
            raise Skip(
                f"not sent: the server took {self._taken}, which it should have refused; another may cost money"
            )
        try:
            answer = await self.ask(ask)
        except NoAnswer:
            self._suspect("a request that it did not answer")
            raise
        if answer.status < 300:
            await self._call_off(answer)
        elif answer.status in _GAVE_UP:
            self._suspect(f"a request that was answered with {answer.status}, it may be,")
        return answer

    async def choice(self) -> Choice:
        """The model that jobs are made with, and the least request for it."""
        rows = rows_of((await self.ask(OFFERED)).document())
        try:
            return choose(rows, self._terms.model)
        except LookupError as error:
            raise Skip(str(error.args[0])) from None

    async def placed(self) -> Exchange:
        """The answer to the one submit that is meant to be taken."""
        choice = await self.choice()
        ask = post("videos", choice.body)
        if ask not in self._known:
            self._note(f"one job was asked for: {choice.summary}")
        return await self.ask(ask)

    async def life(self) -> Life:
        """The whole life of that job."""
        return await self._life_of(await self.placed())

    async def failed_life(self) -> Life:
        """The life of a job that fails, as a test key's prompt can ask for."""
        if not self.jobs_cost_nothing:
            raise Skip("no job failed, and only a test key can have one fail")
        body = {**(await self.choice()).body, "prompt": "[[fail:server]]"}
        return await self._life_of(await self.ask(post("videos", body)))

    async def completed(self) -> Mapping[str, Any]:
        """The job's last state, with the addresses of its video."""
        last = (await self.life()).last
        status = None if last is None else status_of(last)
        if last is None or status != "completed":
            raise Skip(f"the job did not complete: its last state is {status or 'unreadable'}")
        return last.fields() or {}

    async def _life_of(self, submitted: Exchange) -> Life:
        job_id = placed_id(submitted)
        if submitted.status >= 300 or job_id is None:
            raise Skip(f"there is no job to look at: the submit was answered with {submitted.status}")
        if job_id not in self._lives:
            self._lives[job_id] = await live(self.ask_again, submitted, self._terms.pace, self._tell)
        return self._lives[job_id]

    def _suspect(self, taken: str) -> None:
        if not self.jobs_cost_nothing:
            self._taken = taken

    async def _call_off(self, answer: Exchange) -> None:
        """Tries to end a job that nobody wanted; servers without a cancel refuse, and there is no more to do."""
        job_id = placed_id(answer)
        named = "a job without an id" if job_id is None else clipped(job_id)
        self._suspect(named)
        self._note(f"the server took a request that it should have refused: {named}; it may have a price")
        with suppress(NoAnswer):
            await self._session.send(Ask(path=f"videos/{job_id}/cancel", method="POST"))

    def _note(self, note: str) -> None:
        self.notes.append(note)
        self._tell(note)
