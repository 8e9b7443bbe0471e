"""Fetches the beginning of an image as a provider would: without a key, without cookies, hop by hop."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from reelrouter.client.errors import Unreachable
from reelrouter.client.exchange import Answer, Ask, Flow, ask
from reelrouter.client.image.addresses import address_problems
from reelrouter.client.image.format import HEAD_BYTES, glance

MOST_REDIRECTS = 5
"""Followed here; more than that is a problem."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One answer on the way to the image."""

    url: str
    status: int
    cookies: str = ""
    """The cookies that it set, as they would be sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a plain GET met, and what was tried beside it."""

    hops: tuple[Hop, ...]
    """Every answer in order; the last is not a redirect that could be followed."""
    content_type: str = ""
    size: int | None = None
    """Bytes of the whole file; None where the server does not say."""
    head: bytes = b""
    """The first bytes of the last answer."""
    trouble: str | None = None
    """Why no further answer came, if none did."""
    head_status: int | None = None
    """How a HEAD of the last address is answered; None where none was sent."""
    with_cookies: bool = False
    """Whether a second try with the cookies that were set brought an image."""


def visit(url: str) -> Flow[Seen]:
    """A GET of the first bytes along every redirect, then a HEAD, and a try with cookies where they may help."""
    seen = yield from _follow(url, None)
    if seen.trouble is not None:
        return seen
    if glance(seen.head).mime is None:
        jar = {_host(hop.url): hop.cookies for hop in seen.hops if hop.cookies}
        again = (yield from _follow(url, jar)) if jar else seen
        return replace(seen, with_cookies=glance(again.head).mime is not None)
    try:
        answer = yield from ask(Ask(url=seen.hops[-1].url, method="HEAD", limit=0))
    except Unreachable:
        return seen
    return replace(seen, head_status=answer.status)


def _follow(url: str, jar: dict[str, str] | None) -> Flow[Seen]:
    """With a jar, by host, cookies are sent and kept; without one, none are."""
    hops: tuple[Hop, ...] = ()
    while True:
        try:
            answer = yield from _beginning(url, (jar or {}).get(_host(url)))
        except Unreachable as error:
            return Seen(hops=hops, trouble=error.message)
        hop = Hop(url=url, status=_plain_status(answer), cookies=_cookies(answer))
        hops = (*hops, hop)
        if jar is not None and hop.cookies:
            jar[_host(url)] = hop.cookies
        target = _target(answer)
        if target is None or len(hops) > MOST_REDIRECTS or any(address_problems(target)):
            return _seen(hops, answer)
        url = target


def _beginning(url: str, cookies: str | None) -> Flow[Answer]:
    headers = {"Accept": "image/*,*/*;q=0.8", "Accept-Encoding": "identity"}
    if cookies:
        headers["Cookie"] = cookies
    first_bytes = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
    answer = yield from ask(Ask(url=url, headers={**headers, **first_bytes}, limit=HEAD_BYTES))
    if answer.status == 416:  # of an empty file there is no first byte
        answer = yield from ask(Ask(url=url, headers=headers, limit=HEAD_BYTES))
    return answer


def _seen(hops: tuple[Hop, ...], answer: Answer) -> Seen:
    return Seen(hops=hops, content_type=answer.media_type, size=_whole_size(answer), head=answer.body[:HEAD_BYTES])


def _plain_status(answer: Answer) -> int:
    """What an answer to the whole of it would have been: only the beginning was asked for."""
    return 200 if answer.status == 206 else answer.status


def _target(answer: Answer) -> str | None:
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        return urljoin(answer.url, location)
    except ValueError:
        return None


def _whole_size(answer: Answer) -> int | None:
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    length = answer.headers.get("content-length", "")
    if answer.status == 206:
        return int(total) if total.isdecimal() else None
    if length.isdecimal():
        return int(length)
    return None if answer.cut else len(answer.body)


def _cookies(answer: Answer) -> str:
    """The names and values of `Set-Cookie`; several are folded into one line."""
    header = answer.headers.get("set-cookie", "")
    pairs = (part.strip().split(";")[0] for part in re.split(r",\s*(?=[^;,\s]+=)", header))
    return "; ".join(pair for pair in pairs if "=" in pair)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
