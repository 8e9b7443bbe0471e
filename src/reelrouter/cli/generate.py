"""`reelrouter generate`: a prompt becomes a file."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.following import interruptible, save
from reelrouter.cli.groups import grouped
from reelrouter.cli.listening import Listener
from reelrouter.cli.options import (
    Json,
    ModelName,
    PaceOptions,
    Profile,
    ProfileName,
    Prompt,
    RequestOptions,
    ServerOptions,
    WebhookSecret,
)
from reelrouter.cli.output import err, note, print_json, print_line
from reelrouter.cli.request import body_of, frames_of, references_of
from reelrouter.client.results import Download, Job
from reelrouter.client.sync import Client

_AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """How to hear of the end."""

    callback_url: Annotated[
        str | None, typer.Option(help="Where the server is to send its webhook.", rich_help_panel="Webhook")
    ] = None
    webhook_listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Wait for the webhook here, and ask only between times. Without --callback-url the server is "
            "given this address; a server elsewhere needs a public https address that leads here.",
            rich_help_panel="Webhook",
        ),
    ] = None
    webhook_secret: WebhookSecret = None


@grouped
def generate(
    request: RequestOptions,
    server: ServerOptions,
    pace: PaceOptions,
    webhook: WebhookOptions,
    prompt: Prompt = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("video.mp4"),
    model: ModelName = "reelrouter/animatic",
    profile: ProfileName = Profile.BALANCED,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not look at the images first.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key makes one job, where the server has that.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a video and save it: check the images, submit, wait, download.

    With --model auto the model is chosen as choose does. Ctrl-C asks whether to cancel the job.

    Example: reelrouter generate "a red fox in falling snow at dawn" --duration 4 -o fox.mp4

    Example: reelrouter generate "spring comes" --first-frame winter.png --last-frame summer.png -o year.mp4

    Example: reelrouter generate "the same backpack in the rain" --reference backpack.png --model auto
    """
    body = body_of(model, prompt, request)
    _prepare(output)
    with connected(server, as_json=as_json) as client:
        if model == _AUTO:
            body["model"] = _chosen(client, body, profile)
        if not no_check:
            _check_images(client, request)
        with _listener(webhook) as listener:
            if url := webhook.callback_url or (listener and listener.url):
                body["callback_url"] = url
            placed = _placed(client, body, idempotency_key)
            job = _waited(client, placed, pace, listener)
        saved = save(client, job, output)
    _print(job, saved, as_json=as_json)


def _prepare(output: Path) -> None:
    """What keeps a file from being written is found out before anything is paid."""
    if output.is_dir():
        fail(f"{output} is a folder", Exit.USAGE, f"name the file as well: {output / 'video.mp4'}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"the folder {output.parent} cannot be made: {error.strerror}", Exit.USAGE)


def _chosen(client: Client, body: dict[str, Any], profile: Profile) -> str:
    best = client.choose({name: value for name, value in body.items() if name != "model"}, profile=profile).best
    if best is None:
        fail("no model of this server can serve that request", next_step="see why: reelrouter choose, likewise")
    err.print(f"{best.model.id} is chosen, for about {wording.dollars(best.price)}", soft_wrap=True)
    return best.model.id


def _check_images(client: Client, request: RequestOptions) -> None:
    sources = (*(source for _, source in frames_of(request)), *references_of(request))
    for source in sources:
        if source.kind != "image":
            continue
        found = client.check_image(source.place)
        if not found.ok:
            reasons = "; ".join(problem.text for problem in found.problems)
            fail(f"{found.source} cannot be used: {reasons}", next_step=_LOOK.format(found.source))


_LOOK = "what to do: reelrouter check-image {}; to send it all the same: --no-check"


def _listener(webhook: WebhookOptions) -> Any:
    place = webhook.webhook_listen
    return nullcontext() if place is None else Listener(place, webhook.webhook_secret)


def _placed(client: Client, body: dict[str, Any], key: str | None) -> Job:
    try:
        job = client.submit(body, idempotency_key=key)
    except KeyboardInterrupt:
        fail(
            "interrupted while the job was being placed; it may have been",
            Exit.INTERRUPTED,
            "look for it: reelrouter jobs list",
        )
    for warning in job.warnings:
        note(warning)
    return job


def _waited(client: Client, placed: Job, pace: PaceOptions, listener: Listener | None) -> Job:
    with interruptible(client, placed.id) as shown:
        if listener is not None:
            return listener.wait(client, placed, pace, shown)
        return client.wait(placed, attempts=pace.attempts, interval=pace.interval, on_change=shown.job)


def _print(job: Job, saved: Download, *, as_json: bool) -> None:
    if not as_json:
        print_line(f"Saved {saved.path}")
        return
    summary = {
        "id": job.id,
        "status": job.status,
        "polls": job.polls,
        "output_path": saved.path,
        "bytes": saved.bytes,
        "generation_id": job.generation_id,
        "usage": job.usage,
    }
    print_json(summary, in_one_line=True)
