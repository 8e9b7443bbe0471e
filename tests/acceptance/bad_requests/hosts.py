"""Addresses that may not be fetched, in every spelling that a resolver or a browser would understand."""

import json
from collections.abc import Iterator

from tests.acceptance.bad_requests.case import Case, refused_body, refused_picture
from tests.acceptance.orders import image, video
from tests.forbidden_hosts import FORBIDDEN

PRIVATE_HOSTS = (*FORBIDDEN, "127.0.0.1:443", "127.0.0.1:22", "127.0.0.1:", "[::1]:8443")
OTHER_SCHEMES = (
    "http://example.com/a.png",
    "HTTP://example.com/a.png",
    "http://127.0.0.1/a.png",
    "ftp://example.com/a.png",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "gopher://example.com:70/_x",
    "javascript:alert(1)",
    "blob:https://example.com/1",
    "ws://example.com/",
    "s3://bucket/key",
    "about:blank",
    "//example.com/a.png",
    "/a.png",
    "a.png",
    "example.com/a.png",
    "https",
    "?",
)
MALFORMED = (
    ("https:///a.png", "names no host"),
    ("https://", "names no host"),
    ("https://?a=b", "names no host"),
    ("https://:443/", "malformed"),
    ("https://[::1", "malformed"),
    ("https://[]/", "malformed"),
    ("https://[v1.x]/", "malformed"),
    ("https://example.com:99999/", "malformed"),
    ("https://example.com:-1/", "malformed"),
    ("https://example.com:https/", "malformed"),
    ("https://exa\\mple.com/", "malformed"),
    ("https://loc%61lhost/", "malformed"),
    ("https://%31%32%37.0.0.1/", "malformed"),
    ("https://example.com%00.png/", "malformed"),
    ("https://*.example.com/", "malformed"),
    ("https://exa<mple>.com/", "malformed"),
    ("https://exa mple.com/", "spaces or control characters"),
    ("https://example.com/a b.png", "spaces or control characters"),
    (" https://example.com/a.png", "spaces or control characters"),
    ("https://example.com/a.png\n", "spaces or control characters"),
    ("https://example.com/\r\nHost: other", "spaces or control characters"),
    ("https://example.com/\ta.png", "spaces or control characters"),
    ("https://example.com/\x7f", "spaces or control characters"),
    ("https://user@example.com/", "user name or a password"),
    ("https://user:secret@example.com/", "user name or a password"),
    ("https://:@example.com/", "user name or a password"),
    ("https://example.com@127.0.0.1/", "user name or a password"),
    ("https://127.0.0.1@example.com/", "user name or a password"),
    ("https://example.com#@127.0.0.1@x/", "no address"),
    ("https://example.com/" + "a" * 9000, "longer than 8192 characters"),
    ("https://" + "a" * 300 + ".com/", "malformed"),
)


def cases() -> Iterator[Case]:
    for host in PRIVATE_HOSTS:
        yield refused_picture(f"a picture on {host}", "not a public one", f"https://{host}/a.png")
    for url in OTHER_SCHEMES:
        yield refused_picture(f"a picture at {url}", "Only HTTPS URLs are allowed", url)
    for url, words in MALFORMED:
        yield refused_picture(f"a picture at {url[:40]!r}", words, url)
    field = "input_references[0].image_url.url"
    yield _reference("an image reference on this machine", field, "not a public one", image("https://127.1/a.png"))
    field = "input_references[0].video_url.url"
    yield _reference("a video on this machine", field, "not a public one", video("https://[::1]/a.mp4"))
    words = "Invalid reference URL: input_references[0].video_url.url: Only HTTPS URLs are allowed"
    yield _reference("a video in a data URL", field, words, video("data:video/mp4;base64,AAAA"))
    yield _reference("a video in a file", field, "Only HTTPS URLs", video("file:///etc/passwd"))
    for url in ("reelrouter://job", "reelrouter://job/", "reelrouter://jobs/x", "reelrouter://job/x/middle_frame"):
        yield refused_picture(f"our own scheme as {url}", "use reelrouter://job/", url)
    unknown = "reelrouter://job/gen-vid-1-00000000000000000000/last_frame"
    yield Case(
        name="an output of a job that never was",
        field=None,
        words="not found",
        status=404,
        body=refused_picture("", "", unknown).body,
    )


def _reference(name: str, field: str, words: str, reference: object) -> Case:
    body = {
        "model": "bytedance/seedance-2.0-fast",
        "prompt": "a lake",
        "duration": 4,
        "input_references": [reference],
    }
    return refused_body(name, field, words, json.dumps(body).encode())
