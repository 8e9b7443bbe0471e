"""Between aiohttp's responses and answers as values: reads what a vendor would say, and sends what it does."""

import json

from aiohttp import web

from reelrouter.emulators.answers import Answer, Says


class CutOff(Exception):
    """The connection was cut: no answer goes out."""


def answer_of(response: web.StreamResponse, says: Says | None) -> Answer:
    body = bytes(response.body or b"") if isinstance(response, web.Response) else b""  # type: ignore[arg-type]
    is_json = response.content_type == "application/json" and body
    return Answer(
        says=says,
        status=response.status,
        headers=dict(response.headers),
        body=json.loads(body) if is_json else body,
    )


async def sent(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Raises `CutOff` where the connection breaks."""
    body, headers = answer.sent(), {"Content-Type": "application/json", **answer.headers}
    if answer.cut is None:
        return web.Response(status=answer.status, headers=_without_length(headers), body=body)
    if request.transport is None:
        raise CutOff
    if answer.cut == "within":
        await _send_half(request, answer.status, _without_length(headers), body)
        request.transport.close()
    else:
        request.transport.abort()
    raise CutOff


def _without_length(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}


async def _send_half(request: web.Request, status: int, headers: dict[str, str], body: bytes) -> None:
    started = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(body))})
    await started.prepare(request)
    await started.write(body[: len(body) // 2])
