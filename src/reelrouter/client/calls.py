"""Requests and their answers: where they go, how often, and when an answer is a no."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from reelrouter.client.errors import Unreachable, Unreadable, Unusable
from reelrouter.client.exchange import Answer, Ask, Close, Flow, Open, Sleep, ask
from reelrouter.client.peer import Peer
from reelrouter.client.refusals import TRANSIENT, refused, retry_after
from reelrouter.compat.exchange import bare, origin

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5

_PAUSES = (0.5, 1.0)
"""Seconds before a question that costs nothing is asked again."""
_LONGEST_PAUSE = 10.0


def request(
    peer: Peer,
    url: str,
    *,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Ask:
    """A request with everything that goes along with it. Raises `Unusable` for a body that is no JSON."""
    more = dict(headers or {})
    content = None
    if body is not None:
        content = encoded(body)
        more["Content-Type"] = "application/json"
    return Ask(
        method=method,
        url=url,
        headers={**peer.headers(url), "Accept": "application/json", **more},
        content=content,
    )


def encoded(body: Mapping[str, Any]) -> bytes:
    """A request's body. Raises `Unusable`."""
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False, default=_number).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unusable(f"the request cannot be written as JSON: {error}") from error


def fetch(peer: Peer, url: str) -> Flow[Answer]:
    """A question that costs nothing: asked again where the server is only busy or broken for a moment.

    Raises `Unreachable`, and `Refused` for a no.
    """
    for pause in _PAUSES:
        try:
            answer = yield from follow(request(peer, url))
        except Unreachable as trouble:
            if trouble.sent is False:
                raise
            yield Sleep(pause)
            continue
        wish = retry_after(answer) or 0.0
        if answer.status not in TRANSIENT or wish > _LONGEST_PAUSE:
            return accepted(peer, answer)
        yield Sleep(max(pause, wish))
    answer = yield from follow(request(peer, url))
    return accepted(peer, answer)


def follow(first: Ask) -> Flow[Answer]:
    """One question, and whatever the server sends us on to; the key stays behind where that is another origin."""
    current = first
    for _ in range(_MOST_REDIRECTS + 1):
        answer = yield from ask(current)
        if answer.status not in _REDIRECTS:
            return answer
        current = _onward(current, answer)
    raise _too_many_redirects(first)


def follow_open(first: Ask) -> Flow[Answer]:
    """The same for an answer whose body is left to be read."""
    current = first
    for _ in range(_MOST_REDIRECTS + 1):
        head: Answer = yield Open(ask=current)
        if head.status not in _REDIRECTS:
            return head
        yield Close()
        current = _onward(current, head)
    raise _too_many_redirects(first)


def once(peer: Peer, what: Ask) -> Flow[Answer]:
    """A request that changes something: sent once, and not sent on. Raises `Unreachable`, `Refused`."""
    answer = yield from ask(what)
    return accepted(peer, answer)


def accepted(peer: Peer, answer: Answer) -> Answer:
    """The answer, if it is a yes. Raises `Refused`, and `Unreadable` for a redirect that is not gone after."""
    if answer.status >= 400:
        raise refused(answer, peer)
    if answer.status in _REDIRECTS:
        place = answer.headers.get("location", "")
        raise Unreadable(
            f"{bare(answer.url)} sends us on ({answer.status}) to {bare(place) or 'nowhere'}",
            "use the address that it names as the base URL",
        )
    return answer


def _onward(asked: Ask, answer: Answer) -> Ask:
    """The request that a redirect asks for. A key that was left behind is not taken up again."""
    url = Peer(api=asked.url).resolved(answer.headers.get("location", ""))
    if origin(url) == origin(asked.url):
        return replace(asked, url=url)
    without_key = {name: value for name, value in asked.headers.items() if name != "Authorization"}
    return replace(asked, url=url, headers=without_key)


def _too_many_redirects(first: Ask) -> Unreadable:
    return Unreadable(f"{bare(first.url)} sends us on more than {_MOST_REDIRECTS} times")


def _number(value: Any) -> float:
    """Decimals are numbers too."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON")
    whole = value.to_integral_value()
    return int(whole) if whole == value else float(value)
