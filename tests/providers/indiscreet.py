"""A vendor that repeats every secret it has seen, in each of its answers, and its adapter."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from aiohttp import web

from reelrouter.emulators.frame import sample
from reelrouter.providers.base import (
    Access,
    Account,
    Call,
    Flow,
    Grant,
    Inline,
    Provider,
    ProviderDrift,
    Ticket,
    Unclear,
)
from reelrouter.providers.reading import json_object, polled, text
from reelrouter.work import Fetch, Finished, Handle, Order, Outcome, Running

KEY = "the-key/that+opens=everything"
PROJECT = "a-secret-project"
TOKEN = "granted-for-an-hour"
OWNER = "owner@studio.example.com"
SIGNATURE = "f00dfeed"
FILE = base64.b64encode(bytes(range(256)) * 4).decode()
VALUES: Mapping[str, str] = {"api_key": KEY, "project": PROJECT, "region": "north"}
SECRETS = (
    KEY,
    quote(KEY, safe=""),
    base64.b64encode(KEY.encode()).decode(),
    PROJECT,
    TOKEN,
    OWNER,
    SIGNATURE,
    FILE,
)
"""None of them may be left in what is shown to others."""


class Indiscreet(Provider):
    name = "indiscreet"
    evidence = "a test"
    first_poll = 0.0
    access = Access(
        root="https://vendor.example.com",
        needed={"api_key": ("INDISCREET_API_KEY",), "project": ("INDISCREET_PROJECT",)},
        optional={"region": ("INDISCREET_REGION",)},
        defaults={"region": "north"},
    )

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        form = {"client_secret": account.values["api_key"]}
        reply = yield Call(method="POST", url="token", form=form, signed=False)
        return Grant(headers={"Authorization": f"Bearer {text(json_object(reply), 'access_token')}"})

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        body: dict[str, Any] = {"prompt": order.prompt, "key": order.attempt_key}
        if order.first_frame is not None:
            body["image"] = Inline(media=order.first_frame)
        reply = yield Call(method="POST", url=f"{account.values['project']}/jobs", json=body, creates=True)
        job = json_object(reply)
        return Ticket(native_id=text(job, "id"), extra={"at": text(job, "at")})

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        job = polled((yield Call(method="GET", url=handle.extra["at"])))
        match text(job, "status"):
            case "running":
                return Running(progress=0.5)
            case "done":
                return Finished(outputs=(Fetch(url=text(job, "video")),))
            case "riddle":
                return Unclear(reason="it is a riddle", outputs=(Fetch(url=text(job, "video")),))
            case word:
                raise ProviderDrift(f"a job's status is {word}")


@asynccontextmanager
async def indiscreet(*statuses: str) -> AsyncIterator[str]:
    """Its address; the statuses are those of one job's polls, the last for ever."""
    left = list(statuses)

    def gossip(request: web.Request, more: Mapping[str, Any]) -> web.Response:
        said = {
            "you": f"{request.headers.get('Authorization')} {quote(KEY, safe='')} {KEY} of {PROJECT} <{OWNER}>",
            "encoded": base64.b64encode(KEY.encode()).decode(),
            "thumbnail": f"data:image/png;base64,{FILE}",
            PROJECT: "as a name",
        }
        headers = {"X-Account": OWNER, "Set-Cookie": f"session={TOKEN}", "Location": f"/{PROJECT}"}
        return web.json_response({**more, **said}, headers=headers)

    async def grant(request: web.Request) -> web.Response:
        assert (await request.post())["client_secret"] == KEY
        return gossip(request, {"access_token": TOKEN})

    async def create(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        return gossip(
            request, {"id": "job-1", "at": f"{request.url.origin()}/{PROJECT}/jobs/1?sig={SIGNATURE}&v=1"}
        )

    async def show(request: web.Request) -> web.Response:
        if request.query["sig"] != SIGNATURE:
            raise web.HTTPForbidden(text=json.dumps({"error": "who are you?"}))
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == "html":
            return web.Response(status=502, text=f"<html>{KEY}</html>", content_type="text/html")
        return gossip(request, {"status": status, "video": f"{request.url.origin()}/v.mp4?Signature={SIGNATURE}"})

    async def send(request: web.Request) -> web.Response:
        assert request.query["Signature"] == SIGNATURE
        return web.Response(body=sample(), content_type="video/mp4")

    app = web.Application()
    app.router.add_post("/token", grant)
    app.router.add_post(f"/{PROJECT}/jobs", create)
    app.router.add_get(f"/{PROJECT}/jobs/1", show)
    app.router.add_get("/v.mp4", send)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        (address,) = runner.addresses
        yield f"http://{address[0]}:{address[1]}"
    finally:
        await runner.cleanup()
