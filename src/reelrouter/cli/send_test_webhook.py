"""`reelrouter send-test-webhook`: what a receiver will be sent, before there is a job to send it for."""

import json
import time
from enum import StrEnum
from typing import Annotated

import httpx
import typer

from reelrouter.cli.ending import Exit, fail, reported
from reelrouter.cli.options import Json, WebhookSecret
from reelrouter.cli.output import note, print_json, print_line
from reelrouter.client.webhooks import sign
from reelrouter.clock import milliseconds
from reelrouter.compat.exchange import bare, clipped, is_web_address
from reelrouter.jobs import announce
from reelrouter.money import Nanos
from reelrouter.storage.links import plain_url

_ERRORS = {
    "failed": "The prompt was refused.",
    "cancelled": "The job was cancelled.",
    "expired": "The job took too long.",
}


class End(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Brand(StrEnum):
    OPENROUTER = "OpenRouter"
    MODELGATES = "ModelGates"
    REELROUTER = "ReelRouter"


def send_test_webhook(
    url: Annotated[str, typer.Argument(help="Your receiver.", show_default=False)],
    status: Annotated[End, typer.Option(help="How the job is to have ended.")] = End.COMPLETED,
    job_id: Annotated[str, typer.Option("--id", help="The id of the job.")] = "gen-vid-1-test",
    model: Annotated[str, typer.Option("--model", "-m", help="Its model.")] = "reelrouter/animatic",
    brand: Annotated[Brand, typer.Option(help="Whose headers to send.", case_sensitive=False)] = Brand.OPENROUTER,
    webhook_secret: WebhookSecret = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Send your receiver a webhook as the API does, signed if there is a secret. The job in it does not exist.

    Ends with 0 if the answer is 2xx, and with 1 if not.

    Example: reelrouter send-test-webhook http://127.0.0.1:9000/hook --status failed --webhook-secret "$SECRET"
    """
    if not is_web_address(url):
        fail(f"{url} is no address", Exit.USAGE, "give http(s)://host[:port]/path")
    body = _body(status, job_id, model).encode()
    with reported(as_json=as_json):
        headers = _headers(body, f"{job_id}-{status}", webhook_secret, brand)
    answer = _sent(url, body, headers, timeout)
    seconds = round(answer.elapsed.total_seconds(), 3)
    if as_json:
        sent = {"headers": headers, "body": json.loads(body)}
        print_json({"status": answer.status_code, "seconds": seconds, "sent": sent})
    said = f"{bare(url)} answered {answer.status_code}"
    if not answer.is_success:
        step = "a webhook follows no redirect" if answer.is_redirect else "see your receiver's log"
        fail(f"{said}: {clipped(answer.text) or 'nothing more'}", next_step=step)
    if not as_json:
        print_line(f"{said} after {seconds:.2f} s")


def _body(status: End, job_id: str, model: str) -> str:
    """As the gateway would write it."""
    if status is End.COMPLETED:
        data = announce.completed_data(job_id, model, [plain_url("https://example.com", job_id, 0)], Nanos(0))
    else:
        data = announce.failed_data(job_id, model, status, _ERRORS[status])
    return announce.body_of(status, milliseconds(time.time()), data)


def _headers(body: bytes, event_id: str, secret: str | None, brand: Brand) -> dict[str, str]:
    plain = {"Content-Type": "application/json", f"X-{brand}-Idempotency-Key": event_id}
    if secret is None:
        note("it is sent without a signature, since there is no secret")
        return plain
    return plain | sign(body, secret, event_id=event_id, timestamp=int(time.time()), brand=brand)


def _sent(url: str, body: bytes, headers: dict[str, str], timeout: float) -> httpx.Response:
    try:
        return httpx.post(url, content=body, headers=headers, timeout=timeout)
    except httpx.RequestError as error:
        why = "no answer in time" if isinstance(error, httpx.TimeoutException) else str(error)
        fail(f"{bare(url)} cannot be reached: {why}", next_step="check that the receiver runs, and its address")
