"""The smallest emulator, for tests of what all of them do alike."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.frame import KEY, Emulator, Refused, Route, Running, start, stop
from reelrouter.emulators.script import Refusal
from reelrouter.testing.conformance import Hour

LONG = 10.0
"""Seconds after which a test has failed; none takes so long."""


class Toy(Emulator):
    """Makes a job of any JSON with a prompt."""

    name = "toy"
    based_on = "nothing"
    shape = Shape(
        id=("id",),
        status=("state",),
        code=("error", "code"),
        message=("error", "message"),
        refusal=("no",),
        outputs=("url",),
        address=("url",),
        decorations={"cost": ("cost",), "progress": ("progress",)},
    )

    def routes(self) -> Sequence[Route]:
        return (Route("submit", "POST", "/jobs", self._create), Route("poll", "GET", "/jobs/{id}", self._get))

    def refusal(self, refusal: Refusal) -> web.Response:
        return web.json_response({"no": refusal}, status=400)

    def trouble(self, status: int) -> web.Response:
        return web.json_response({"trouble": status}, status=status)

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if "prompt" not in body:
            raise Refused(web.json_response({"no": "prompt"}, status=422))
        return web.json_response({"id": self.accept(request, body).id})

    async def _get(self, request: web.Request) -> web.Response:
        task = self.find(request, request.match_info["id"])
        if task is None:
            raise Refused(web.Response(status=404))
        state = task.state(self.now())
        view: dict[str, Any] = {"state": state, "told": task.told, "progress": task.progress(self.now())}
        return web.json_response(view | ({"url": self.video_url(task)} if state == "ended" else {}))


@asynccontextmanager
async def running(hour: Hour | None = None) -> AsyncIterator[tuple[Toy, Running, aiohttp.ClientSession]]:
    at = hour or Hour()
    toy = Toy(lambda: at.now)
    served = await start(toy)
    timeout = aiohttp.ClientTimeout(total=LONG)
    try:
        async with aiohttp.ClientSession(
            served.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=timeout
        ) as session:
            yield toy, served, session
    finally:
        await stop(served)
