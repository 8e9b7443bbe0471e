"""The job that `reelrouter record` runs: at which vendor, for whose money, what it makes and what it will cost."""

import hashlib
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import typer

from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.price import Asked, Unpriced, price, total
from reelrouter.catalogue.sizes import ASPECT_RATIOS, SHORT_SIDES, named_pixels
from reelrouter.cli import wording
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.output import err
from reelrouter.cli.record import OrderOptions
from reelrouter.cli.vendors import configured_or_fail
from reelrouter.client.image.format import glance
from reelrouter.money import usd
from reelrouter.providers.accounts import what_to_set
from reelrouter.providers.base import Account, Provider
from reelrouter.providers.registry import PROVIDERS
from reelrouter.work import Media, Mode, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job that is to be recorded."""

    provider: Provider
    account: Account
    order: Order
    files: Mapping[str, Path]
    """The order's inputs, by their keys."""


def provider_of(name: str) -> Provider:
    if name not in PROVIDERS:
        fail(f"there is no adapter for {name}", Exit.USAGE, f"there are: {', '.join(PROVIDERS)}")
    return PROVIDERS[name]


def account_of(provider: Provider, name: str | None) -> Account:
    accounts = configured_or_fail().accounts.get(provider.name, ())
    if not accounts:
        fail(f"there is no account with {provider.name}", Exit.USAGE, what_to_set(provider.access))
    named = [account for account in accounts if name in (None, account.name)]
    if not named:
        there_are = f"there are: {', '.join(account.name for account in accounts)}"
        fail(f"there is no account {name} with {provider.name}", Exit.USAGE, there_are)
    return named[0]


def job_of(provider: Provider, account: Account, wanted: OrderOptions) -> Job:
    frames = [_media(path) if path else None for path in (wanted.first_frame, wanted.last_frame)]
    references = [_media(path) for path in wanted.reference]
    if references and any(frames):
        fail("references and frames exclude each other", Exit.USAGE)
    width, height = _pixels(wanted)
    id_ = f"reelrouter-record-{secrets.token_hex(6)}"
    mode: Mode = "references" if references else "frames" if any(frames) else "text"
    order = Order(
        job_id=id_,
        attempt_key=id_,
        credential=account.name,
        model=wanted.model,
        native_model=wanted.model,
        mode=mode,
        prompt=wanted.prompt,
        duration=wanted.duration,
        length=float(wanted.duration),
        width=width,
        height=height,
        resolution=wanted.resolution,
        aspect_ratio=wanted.aspect_ratio,
        fps=24,
        seed=wanted.seed,
        audio=wanted.audio,
        first_frame=frames[0],
        last_frame=frames[1],
        references=tuple(references),
    )
    paths = (wanted.first_frame, wanted.last_frame, *wanted.reference)
    files = {media.key: path for media, path in zip((*frames, *references), paths, strict=True) if media and path}
    return Job(provider=provider, account=account, order=order, files=files)


def _media(path: Path) -> Media:
    if not path.is_file():
        fail(f"{path} is not a file", Exit.USAGE)
    content = path.read_bytes()
    seen = glance(content)
    if seen.mime is None or seen.width is None:
        fail(f"{path} is {seen.what}, and must be an image", Exit.USAGE)
    digest = hashlib.sha256(content).hexdigest()
    return Media(
        kind="image",
        key=f"inputs/{digest}",
        sha256=digest,
        mime=seen.mime,
        size=len(content),
        width=seen.width,
        height=seen.height,
    )


def _pixels(wanted: OrderOptions) -> tuple[int, int]:
    for option, value, known in (
        ("--resolution", wanted.resolution, tuple(SHORT_SIDES)),
        ("--aspect-ratio", wanted.aspect_ratio, ASPECT_RATIOS),
    ):
        if value not in known:
            fail(f"{option} {value} is none of {', '.join(known)}", Exit.USAGE)
    return named_pixels(wanted.resolution, wanted.aspect_ratio)


def check_place(path: Path) -> None:
    """Before the money is spent."""
    if path.exists():
        fail(f"{path} is there already", Exit.USAGE, "choose another name")
    if not path.parent.is_dir():
        fail(f"there is no folder {path.parent}", Exit.USAGE)


def ask(job: Job, output: Path, *, yes: bool) -> None:
    order, name = job.order, job.provider.name
    sound = "with sound" if order.audio else "without sound"
    err.print(
        f"This runs one real job with the account {job.account.name} of {name}, at {job.account.root}:\n"
        f"{order.native_model}, {order.duration} s of {order.width}x{order.height}, {sound}. {_bill(job)}\n"
        f"What is said goes to {output}, without secrets.",
        markup=False,
        soft_wrap=True,
    )
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nothing was sent: it costs money, and nobody can be asked", Exit.USAGE, "give --yes to run it")
    if not typer.confirm("Run it?", err=True):
        fail("nothing was sent")


def _bill(job: Job) -> str:
    if job.provider.access.local:
        return "The server is your own."
    order = job.order
    asked = Asked(
        mode=order.mode,
        duration=Decimal(order.length),
        width=order.width,
        height=order.height,
        resolution=order.resolution,
        audio=order.audio,
        image_inputs=len(job.files),
        reference_images=len(order.references),
    )
    for model in load_catalogue():
        natives = [one.native for one in model.endpoints if one.provider == job.provider.name]
        if any(order.native_model in native.values() for native in natives):
            try:
                amount = wording.dollars(usd(total(price(model.pricing_skus, asked))))
            except Unpriced:
                break
            return f"The vendor bills it: about {amount}, as {model.id} is priced in the catalogue."
    return "The vendor bills it."
