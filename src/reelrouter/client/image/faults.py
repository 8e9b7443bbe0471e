"""What is wrong with an image, or with the way to it, and what to do about each."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from reelrouter.client.image.addresses import is_private, shown
from reelrouter.client.image.format import Glance
from reelrouter.client.image.visit import MOST_REDIRECTS, REDIRECTS, Seen
from reelrouter.client.results import Remark

MOST_BYTES = 20 * 1024 * 1024
"""What ReelRouter takes unless its operator says otherwise; hosted vendors take as much or less."""

_USUAL_REDIRECTS = 3
_MOST_PIXELS = 40_000_000
_SIDES = (16, 8192)
_MOST_RATIO = 8
_BINARY = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_SEND = "send a PNG, JPEG, WebP, GIF or AVIF image"


def way_problems(seen: Seen) -> Iterator[Remark]:
    """Why the way did not lead to an answer."""
    if seen.trouble is not None:
        yield Remark(text=seen.trouble, next_step="check that the address opens in a private browser window")
        return
    last = seen.hops[-1]
    if last.status not in REDIRECTS:
        return
    looped = len({hop.url for hop in seen.hops}) < len(seen.hops)
    if seen.with_cookies:
        return  # it goes round until the cookies come back, and that is said elsewhere
    if looped or len(seen.hops) > MOST_REDIRECTS:
        what = "redirects in a circle" if looped else f"redirects more than {MOST_REDIRECTS} times"
        yield Remark(text=f"the address {what}", next_step="use the address of the file itself")
    else:
        yield Remark(
            text=f"{last.url} redirects to an address that is not fetched",
            next_step="use the https:// address of the file itself",
        )


def answer_problems(seen: Seen, found: Glance) -> Iterator[Remark]:
    if seen.trouble is not None or not seen.hops:
        return
    status = seen.hops[-1].status
    if seen.with_cookies:
        yield Remark(
            text="the image comes only to those who send back a cookie, and providers do not",
            next_step="use an address that works without cookies, or send a data URL",
        )
    elif status in REDIRECTS:
        return
    elif status != 200:
        yield Remark(text=f"the server answers with status {status}, not 200", next_step=_status_step(status))
    elif found.is_web_page or (found.mime is None and "html" in seen.content_type):
        yield Remark(
            text="a web page comes in place of an image; perhaps it asks for a sign-in or checks for robots",
            next_step="use the address of the image file itself, or send a data URL",
        )
    else:
        yield from kind_problems(found)
        if found.mime and not seen.content_type.startswith("image/") and seen.content_type not in _BINARY:
            yield Remark(
                text=f"the image is served as {seen.content_type}, which providers refuse",
                next_step=f"let its server say {found.mime}, or send a data URL",
            )


def _status_step(status: int) -> str:
    if status in (401, 403):
        return "use an address that needs no sign-in and lets programs in, or send a data URL"
    if status in (404, 410):
        return "check the address; the file is not there, or no longer"
    return "try again later" if status == 429 or status >= 500 else "check the address in a browser"


def kind_problems(found: Glance) -> Iterator[Remark]:
    if found.mime is None:
        text = "the file is empty" if found.what == "empty" else f"the file is {found.what}"
        yield Remark(text=text, next_step=_SEND)


def way_warnings(source: str, seen: Seen) -> Iterator[Remark]:
    redirects = len(seen.hops) - 1
    if redirects > 0 and seen.hops[-1].status == 200:
        more = f", and ReelRouter follows {_USUAL_REDIRECTS}" if redirects > _USUAL_REDIRECTS else ""
        times = "once" if redirects == 1 else f"{redirects} times"
        yield Remark(
            text=f"the address redirects {times}{more}; some providers follow none",
            next_step=f"use {shown(seen.hops[-1].url)}",
        )
    urls = dict.fromkeys((source, *(hop.url for hop in seen.hops)))
    private = [host for url in urls if (host := urlsplit(url).hostname) and is_private(host)]
    if private:
        yield Remark(
            text=f"{private[0]} is a private address, which no hosted provider can reach",
            next_step="put the image on a public https address, or send a data URL",
        )
    if seen.head_status is not None and seen.head_status >= 400:
        yield Remark(
            text=f"HEAD is answered with status {seen.head_status}; providers that begin with it would refuse",
            next_step="let the image's server answer HEAD as it does GET",
        )


def type_warnings(content_type: str, found: Glance) -> Iterator[Remark]:
    if found.mime is None or content_type == found.mime:
        return
    if content_type in _BINARY:
        said = f"as {content_type}" if content_type else "without a type"
        yield Remark(text=f"the image is sent {said}", next_step=f"let its type be {found.mime}")
    elif content_type.startswith("image/") and content_type != "image/jpg":
        yield Remark(
            text=f"the type says {content_type}, and the bytes are {found.what}",
            next_step=f"let its type be {found.mime}",
        )


def picture_warnings(found: Glance, size: int | None) -> Iterator[Remark]:
    """What a ReelRouter server refuses by default; others draw such lines elsewhere."""
    if found.mime is None:
        return
    if size is not None and size > MOST_BYTES:
        yield Remark(text=f"the file has {size} bytes; ReelRouter takes {MOST_BYTES}", next_step="scale it down")
    if found.width is None or found.height is None:
        return
    low, high = sorted((found.width, found.height))
    pixels = f"the image has {found.width}x{found.height} pixels"
    if high > _SIDES[1] or low * high > _MOST_PIXELS:
        yield Remark(
            text=f"{pixels}; ReelRouter takes {_SIDES[1]} a side and {_MOST_PIXELS // 1_000_000} million in all",
            next_step="scale it down",
        )
    if low < _SIDES[0]:
        yield Remark(text=f"{pixels}; ReelRouter wants {_SIDES[0]} a side", next_step="use a larger picture")
    if high > _MOST_RATIO * low:
        yield Remark(
            text=f"{pixels}; one side may be at most {_MOST_RATIO} times the other", next_step="cut it to shape"
        )
