"""`reelrouter webhooks`: see, replay and try out what this installation delivers, and change what signs it.

It works on the installation's own data. A running gateway sends what becomes due.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

import typer

from reelrouter import net
from reelrouter.accounts.signing import LONGEST_OVERLAP
from reelrouter.api.webhook_views import delivery_view, made_view, secret_view, story_view
from reelrouter.brand import BRANDS
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, out, print_json, print_line
from reelrouter.cli.own_installation import Own, on_own
from reelrouter.cli.tables import table
from reelrouter.cli.webhook_stories import hours, print_page, print_story
from reelrouter.gateway.deliveries import Asked, Deliveries, DeliveryPage, DeliveryStory, Reach
from reelrouter.gateway.signing import DEFAULT_OVERLAP, Signing
from reelrouter.installation import own_vault
from reelrouter.webhooks.store import State

T = TypeVar("T")

_LOOK_SECONDS = 0.05

app = typer.Typer(
    help="See, replay and try out what this installation delivers; change what signs it.\n\n"
    "Example: reelrouter webhooks deliveries",
    no_args_is_help=True,
)

Workspace = Annotated[str, typer.Option(help="A workspace's slug or id.")]
Mode = Annotated[Literal["live", "test"], typer.Option(help="Whose jobs: those of live keys, or of test keys.")]
DeliveryId = Annotated[str, typer.Argument(help="The id that webhooks deliveries shows.", show_default=False)]
Wait = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for what comes of the attempt.")
]


@app.command("deliveries")
def deliveries(
    workspace: Workspace = "default",
    mode: Mode = "live",
    job: Annotated[str | None, typer.Option(help="Only those of this job.", show_default=False)] = None,
    status: Annotated[State | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to list.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(help="Where to go on, as the list before said.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List what receivers were told, or are still to be told; newest first.

    Example: reelrouter webhooks deliveries --mode test --status failed
    """

    async def find(desk: Deliveries) -> DeliveryPage:
        caller = await desk.as_member(workspace, mode)
        return await desk.list_all(caller, Asked(job_id=job, state=status), limit, cursor)

    page = _at_desk(find)
    if as_json:
        print_json({"data": [delivery_view(one) for one in page.deliveries], "next_cursor": page.next_cursor})
    elif not page.deliveries:
        other = "test" if mode == "live" else "live"
        print_line(
            f"There are no such deliveries in {mode} mode. A job whose request has a callback_url makes one when "
            f"it ends, and so does: reelrouter webhooks test URL. Those of the other mode: --mode {other}"
        )
    else:
        print_page(page)


@app.command("show")
def show(delivery_id: DeliveryId, as_json: Json = False) -> None:
    """Show a delivery, what it says, and every attempt.

    Example: reelrouter webhooks show dlv_Ab3dEf6hIj9kLm2nOp5q
    """

    async def find(desk: Deliveries) -> DeliveryStory:
        return await desk.get(await desk.as_owner(delivery_id), delivery_id)

    _told(_at_desk(find), as_json=as_json)


@app.command("replay")
def replay(delivery_id: DeliveryId, wait: Wait = 5.0, as_json: Json = False) -> None:
    """Send a delivery once more, now and under the same key, whatever became of it before.

    Example: reelrouter webhooks replay dlv_Ab3dEf6hIj9kLm2nOp5q
    """

    async def ask(desk: Deliveries) -> DeliveryStory:
        caller = await desk.as_owner(delivery_id)
        before = await desk.get(caller, delivery_id)
        await desk.replay(caller, delivery_id)
        return await _attempted(lambda: desk.get(caller, delivery_id), before.record.tries, wait)

    _told(_at_desk(ask), as_json=as_json)


@app.command("test")
def send_sample(
    url: Annotated[
        str | None, typer.Argument(help="Your receiver; else the workspace's callback_url.", show_default=False)
    ] = None,
    workspace: Workspace = "default",
    mode: Mode = "live",
    wait: Wait = 5.0,
    as_json: Json = False,
) -> None:
    """Have the gateway send a receiver a sample, signed as all others, about a job that never was.

    Example: reelrouter webhooks test http://127.0.0.1:9000/hook --mode test
    """
    settings = settings_or_fail()

    async def ask(desk: Deliveries) -> DeliveryStory:
        caller = await desk.as_member(workspace, mode)
        made = await desk.test(caller, url, settings.public_url or f"http://{settings.host}:{settings.port}")
        return await _attempted(lambda: desk.get(caller, made.record.id), 0, wait)

    _told(_at_desk(ask), as_json=as_json)


@app.command("secrets")
def secrets(workspace: Workspace = "default", as_json: Json = False) -> None:
    """List the secrets that a workspace's webhooks are signed with now: when each began, and when it ends.

    Example: reelrouter webhooks secrets
    """
    found = _at_safe(lambda safe: safe.list_all(workspace))
    if as_json:
        print_json([secret_view(one) for one in found])
    elif not found:
        print_line("There is none, so webhooks are not signed. Make one: reelrouter webhooks rotate-secret")
    else:
        made = table("id", "made", "ends")
        for one in found:
            made.add_row(one.id, *hours(one))
        out.print(made)


@app.command("rotate-secret")
def rotate_secret(
    workspace: Workspace = "default",
    keep_for: Annotated[
        int,
        typer.Option(
            min=0,
            max=LONGEST_OVERLAP,
            metavar="SECONDS",
            help="How long the present secret goes on beside the new one; till then there are two signatures.",
        ),
    ] = DEFAULT_OVERLAP,
    as_json: Json = False,
) -> None:
    """Make a signing secret and show it, once.

    Receivers that know of several signatures may change over at any hour until the older secret ends. Others
    mostly check the first signature, the older secret's: change those over when it ends, or with --keep-for 0 now.

    Example: reelrouter webhooks rotate-secret --keep-for 3600
    """
    made = _at_safe(lambda safe: safe.rotate(workspace, keep_for))
    if as_json:
        print_json(made_view(made))
        return
    print_line(made.secret)
    if made.replaced is not None:
        note(f"{made.replaced.id} goes on beside it until {hours(made.replaced)[1]}")


@app.command("revoke-secret")
def revoke_secret(
    secret_id: Annotated[str, typer.Argument(help="The id that webhooks secrets shows.", show_default=False)],
    workspace: Workspace = "default",
    as_json: Json = False,
) -> None:
    """End a signing secret at once. With the last one, webhooks are not signed any more.

    Example: reelrouter webhooks revoke-secret whs_Ab3dEf6hIj9kLm2nOp5q
    """
    _at_safe(lambda safe: safe.revoke(workspace, secret_id))
    if as_json:
        print_json({"id": secret_id, "revoked": True})
    else:
        print_line(f"{secret_id} signs nothing any more")


def _at_desk(work: Callable[[Deliveries], Awaitable[T]]) -> T:
    async def within(own: Own) -> T:
        rules = net.rules_for(allow_private=own.settings.allow_private_addresses)
        return await work(Deliveries(own.db, Reach(rules=rules, loopback=own.settings.is_loopback()), own.clock))

    return on_own(within, lists="reelrouter webhooks deliveries", begins=False)


def _at_safe(work: Callable[[Signing], Awaitable[T]]) -> T:
    async def within(own: Own) -> T:
        return await work(Signing(own.db, own_vault(own.settings), own.clock))

    return on_own(within, lists="reelrouter webhooks secrets", begins=False)


async def _attempted(look: Callable[[], Awaitable[DeliveryStory]], tries: int, seconds: float) -> DeliveryStory:
    """The delivery once another attempt has ended, or as it is after `seconds`."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        story = await look()
        if story.record.tries > tries or asyncio.get_running_loop().time() >= until:
            return story
        await asyncio.sleep(_LOOK_SECONDS)


def _told(story: DeliveryStory, *, as_json: bool) -> None:
    shown = story_view(story, BRANDS[settings_or_fail().brand].title)
    if as_json:
        print_json(shown)
    else:
        print_story(shown)
