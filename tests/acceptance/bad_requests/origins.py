"""Pictures behind servers that misbehave. What the servers said must not be repeated to the caller."""

import json
from collections.abc import Iterator

from tests.acceptance.bad_requests.case import IMAGES, Case, refused_body, refused_picture
from tests.acceptance.orders import frame, small


def cases() -> Iterator[Case]:
    for path, words in (
        ("/late", "did not arrive within"),
        ("/late-headers", "did not arrive within"),
        ("/stalled", "did not arrive within"),
        ("/drip", "did not arrive within"),
        ("/drip-headers", "did not arrive within"),
        ("/chunks-without-end", "did not arrive within"),
        ("/endless", "larger than the limit"),
        ("/announced", "larger than the limit"),
        ("/short", "closed the connection before the end"),
        ("/broken-chunks", "not valid HTTP"),
        ("/bad-length", "not valid HTTP"),
        ("/empty", "is empty"),
        ("/page", "is a web page"),
        ("/prose", "not an image that can be read"),
        ("/packed", "compressed content"),
        ("/closed", "closed the connection before the end"),
        ("/not-http", "not valid HTTP"),
        ("/long-headers", "not valid HTTP"),
        ("/to/nowhere", "status 302"),
        ("/to/file", "Only HTTPS URLs are allowed"),
        ("/to/ftp", "Only HTTPS URLs are allowed"),
        ("/to/gopher", "Only HTTPS URLs are allowed"),
        ("/to/javascript", "Only HTTPS URLs are allowed"),
        ("/to/data", "Only HTTPS URLs are allowed"),
        ("/to/user", "user name or a password"),
        ("/to/nobody", "no connection to the host"),
        ("/to/malformed", "malformed URL"),
        ("/to/long", "not valid HTTP"),
        ("/to/self", "redirects more than 3 times"),
        ("/to/other", "redirects more than 3 times"),
        ("/to/missing", "status 404"),
        *((f"/status/{status}", f"status {status}") for status in (201, 204, 206, 300, 304)),
        *(
            (f"/status/{status}", f"status {status}")
            for status in (400, 401, 403, 404, 410, 418, 429, 500, 502, 503)
        ),
    ):
        yield refused_picture(f"a picture at {path}", words, f"{IMAGES}{path}", gateway="open")
    secure = IMAGES.replace("http:", "https:")
    yield refused_picture(
        "TLS where there is none", "TLS certificate is not valid", f"{secure}/page", gateway="open"
    )
    yield refused_picture(
        "a port that nobody listens on", "no connection", "http://127.0.0.1:1/a.png", gateway="open"
    )
    yield refused_picture("a name without an address", "no address", "https://nothing.invalid/a.png")
    yield refused_picture("a name whose label is too long", "no address", f"https://{'a' * 64}.example/a.png")
    yield refused_picture("a name with an empty label", "no address", "https://a..example/a.png")
    yield from _several()


def _several() -> Iterator[Case]:
    frames = [frame(f"{IMAGES}/status/500", "first_frame"), frame(f"{IMAGES}/page", "last_frame")]
    body = small(frame_images=frames)
    yield refused_body(
        "two frames from two bad addresses",
        "frame_images[0].image_url.url",
        "status 500",
        json.dumps(body).encode(),
        others=("frame_images[1].image_url.url",),
        gateway="open",
    )
