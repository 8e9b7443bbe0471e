"""What the use cases answer with, and how a job's row becomes an answer."""

from dataclasses import dataclass

from reelrouter.gateway.stations import Stations
from reelrouter.ids import WorkspaceId
from reelrouter.jobs.model import JobView
from reelrouter.storage import links


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """A job as its owner sees it, with the links that work without a key."""

    view: JobView
    links: tuple[str, ...] = ()
    links_expire_at: int | None = None
    """Unix seconds."""
    plain_unsigned_urls: bool = False
    """Whether its `unsigned_urls` are to need the key."""


async def answer_of(view: JobView, at: Stations) -> JobAnswer:
    if not view.outputs or view.dropped_at is not None or view.expires_at is None:
        return JobAnswer(view=view)
    secret = (await at.workspaces.get(WorkspaceId(view.workspace))).link_secret
    until = links.expiry(at.clock.now(), at.terms.link_life, view.expires_at / 1000)
    return JobAnswer(
        view=view,
        links=tuple(
            links.signed_url(view.base_url, view.id, index, until, secret) for index in range(view.outputs)
        ),
        links_expire_at=until,
        plain_unsigned_urls=at.terms.plain_unsigned_urls,
    )
