"""Many jobs over many vendors, every fault at random, a gateway that is killed: then the vendors' books are read.

What happened is taken from the emulators' own journals, and never from what the gateway says of itself.
"""

import json
import os
import random
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, Entry, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.books import Books
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import TERMINAL, until
from tests.fates import MODELS, briskly, fate, forbids_another, mark_of, prompt_of, was_accepted, within

_SUBMITTERS = 8
_MOST_DOWNLOAD = 2 * 1024 * 1024
"""Bytes: an output that is too large sends without end."""
_UP_TO_MINUTES = 900.0
"""Seconds more for files that never come, and for vendors that ask to be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    jobs: int
    seed: int
    kills: int
    """How often the engine or the whole gateway is killed while jobs are under way."""
    brisk: bool = False
    """Without what has a gateway wait for many minutes, and rightly."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What the vendors' journals and the gateway's books say."""

    acknowledged: dict[str, int]
    """Number of the mark, by job id."""
    statuses: dict[str, str]
    submits: dict[int, list[tuple[str, Entry]]] = field(default_factory=lambda: defaultdict(list))
    """By mark, in the order in which they came in, with the vendor."""
    emulators: dict[str, Emulator]
    handles: set[str]
    """The vendors' ids that the gateway has written down."""
    books: Books


def fates(plan: Plan) -> Mapping[int, list[Script]]:
    """For each mark, what befalls its first submit, its second, and so on; afterwards all goes well."""
    dice = random.Random(plan.seed)
    made = {mark: [fate(dice) for _ in range(3)] for mark in range(plan.jobs)}
    return {mark: list(map(briskly, scripts)) for mark, scripts in made.items()} if plan.brisk else made


def run(plan: Plan, folder: Path) -> Iterator[Found]:
    """Yields once all jobs have ended; the gateway runs until the caller is done."""
    scripts = fates(plan)
    with ExitStack() as stack:
        emulators = {name: SITES[name].make() for name in SITES}
        environment: dict[str, str] = {}
        for name, emulator in emulators.items():
            emulator.script_of = partial(_next_script, scripts, emulator.lacks)
            url = stack.enter_context(in_thread(emulator)).url
            environment |= environment_of(name, url)
        terms = {name: {"poll_every": 0.2, "concurrency": 40} for name in emulators}
        settings = {"providers": json.dumps(terms), "max_download": str(_MOST_DOWNLOAD)}
        server = Server(folder, settings, environment)
        stack.callback(server.close)
        server.start()
        books = Books(server.data_dir)
        acknowledged = _play(plan, server, books)
        until(lambda: set(books.statuses().values()) <= TERMINAL, "the end of every job", _patience(plan))
        found = Found(
            acknowledged=acknowledged,
            statuses=books.statuses(),
            emulators=emulators,
            handles=books.handles(),
            books=books,
        )
        _read_journals(found)
        yield found


def _patience(plan: Plan) -> float:
    return 120.0 + plan.jobs + (0.0 if plan.brisk else _UP_TO_MINUTES)


def _next_script(scripts: Mapping[int, list[Script]], lacks: frozenset[str], body: bytes) -> Script:
    mark = mark_of(body)
    queue = scripts.get(mark, []) if mark is not None else []
    return within(queue.pop(0) if queue else Script(), lacks)


def _play(plan: Plan, server: Server, books: Books) -> dict[str, int]:
    """Places every job, and kills meanwhile."""
    dice = random.Random(plan.seed + 1)
    marks = list(range(plan.jobs))
    pauses = sorted(dice.sample(range(1, plan.jobs), plan.kills))
    acknowledged: dict[str, int] = {}
    with server.client(LIVE_KEY) as client, ThreadPoolExecutor(_SUBMITTERS) as threads:
        for at, end in zip([0, *pauses], [*pauses, plan.jobs], strict=True):
            waiting = [(mark, threads.submit(_place, client, mark)) for mark in marks[at:end]]
            if end < plan.jobs:
                until(partial(_half_are_done, waiting), "half of the submits", 60.0)
                _kill(server, dice)
            acknowledged |= {job: mark for mark, one in waiting if (job := one.result()) is not None}
    until(lambda: len(books.statuses()) >= len(acknowledged), "every acknowledged job in the books", 10.0)
    return acknowledged


def _half_are_done(waiting: Sequence[tuple[int, "Future[str | None]"]]) -> bool:
    return sum(one.done() for _, one in waiting) >= len(waiting) // 2


def _kill(server: Server, dice: random.Random) -> None:
    if dice.random() < 0.5:
        os.kill(server.engine_pid(), signal.SIGKILL)
        return
    server.kill()
    server.start()


def _place(client: httpx.Client, mark: int) -> str | None:
    """The job's id; None if the gateway was gone before it answered."""
    model = list(MODELS)[mark % len(MODELS)]
    body = {"model": model, "prompt": prompt_of(mark), **MODELS[model]}
    try:
        response = client.post("/api/v1/videos", json=body)
    except httpx.TransportError:
        return None
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def _read_journals(found: Found) -> None:
    for name, emulator in found.emulators.items():
        for entry in emulator.journal:
            mark = mark_of(entry.body_start)
            if mark is not None:
                found.submits[mark].append((name, entry))
    for entries in found.submits.values():
        entries.sort(key=lambda one: one[1].at)


def doubles(found: Found) -> Sequence[str]:
    """Every submit that came after one that the vendor had accepted, or may have."""
    wrong = []
    for mark, entries in found.submits.items():
        for (_, before), (vendor, _) in pairwise(entries):
            if forbids_another(before):
                wrong.append(f"mark {mark} went to {vendor} after {before.script}")
    return wrong


def leaks(found: Found) -> Sequence[str]:
    """Every request for a file that had credentials with it."""
    return [
        f"{name}: {entry.path}"
        for name, emulator in found.emulators.items()
        for entry in emulator.journal
        if entry.path.startswith("/files/") and entry.key is not None
    ]


def made(found: Found, mark: int) -> bool:
    """Whether a vendor has made the video of that mark."""
    scripts = [entry.script or Script() for _, entry in found.submits[mark] if was_accepted(entry)]
    return any(script.end == "done" for script in scripts)


def was_uncertain(found: Found, mark: int) -> bool:
    """Whether the gateway could not know what became of a submit: its answer was broken, or a kill cut it off."""
    last = found.submits[mark][-1][1]
    return (last.script or Script()).is_open or not _was_heard(found, last)


def with_submits(found: Found, mark: int, entries: list[tuple[str, Entry]]) -> Found:
    return replace(found, submits={**found.submits, mark: entries})


def _was_heard(found: Found, entry: Entry) -> bool:
    """Whether the answer came while the gateway that had asked was alive: its handle stands in the books."""
    return entry.task is not None and entry.task in found.handles
