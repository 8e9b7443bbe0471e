"""What the use cases answer with, and how a job's row becomes an answer."""

from dataclasses import dataclass

from reelrouter.gateway.stations import Stations
from reelrouter.ids import WorkspaceId
from reelrouter.jobs.model import JobView
from reelrouter.storage import links
from reelrouter.storage.links import Link


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
        links=tuple(_signed_url(view, index, until, secret) for index in range(view.outputs)),
        links_expire_at=until,
        plain_unsigned_urls=at.terms.plain_unsigned_urls,
    )


def _signed_url(view: JobView, index: int, until: int, secret: bytes) -> str:
    link = Link(job_id=view.id, index=index, variant="video", expires_at=until)
    return links.content_url(view.base_url, link, links.sign(secret, link))
