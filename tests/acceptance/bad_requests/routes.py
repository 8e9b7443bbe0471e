"""Everything but a submit: addresses that lead nowhere, wrong methods, and queries that make no sense."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from tests.acceptance.bad_requests.case import PATH, Case
from tests.acceptance.orders import small

_JOB = f"{PATH}/gen-vid-1795258034-00000000000000000000"


def cases() -> Iterator[Case]:
    for method, path in (
        ("GET", "/"),
        ("GET", "/api"),
        ("GET", "/api/v1/nothing"),
        ("GET", f"{PATH}/"),
        ("GET", f"{PATH}//content"),
        ("GET", "//api/v1/videos"),
        ("GET", "/api/v1/../../etc/passwd"),
        ("GET", "/api/v1/%2e%2e/%2e%2e/etc/passwd"),
        ("GET", "/%00"),
        ("GET", "/%ff%fe"),
        ("GET", "/" + "a" * 5000),
        ("GET", "/api/v1/videos/x/y/z"),
        ("GET", "/.env"),
    ):
        yield _no_body(f"{method} {path[:40]}", method, path, "There is no", 404)
    for method, path in (
        ("PUT", PATH),
        ("PATCH", PATH),
        ("DELETE", PATH),
        ("POST", _JOB),
        ("GET", f"{_JOB}/cancel"),
        ("POST", f"{_JOB}/content"),
        ("DELETE", f"{_JOB}/content"),
        ("POST", f"{PATH}/models"),
        ("TRACE", PATH),
        ("POST", "/healthz"),
        ("POST", "/openapi.json"),
    ):
        yield _no_body(f"{method} {path}", method, path, "does not take", 405)
    yield from _jobs()
    yield from _lists()
    yield from _contents()
    yield Case(
        name="an estimate of nothing",
        field="model",
        words="is required",
        path=f"{PATH}/estimate",
        body=b"{}",
    )
    yield Case(
        name="an estimate that is too long",
        field="duration",
        words="Duration 99s is not supported",
        path=f"{PATH}/estimate",
        body=json.dumps(small(duration=99)).encode(),
    )


def _jobs() -> Iterator[Case]:
    names = (
        "x",
        "gen-vid-1-x",
        "..",
        "%00",
        "%ff",
        "' OR 1=1 --".replace(" ", "%20"),
        "a" * 3000,
        "null",
        "%F0%9F%98%80",
    )
    for name in names:
        for method, tail in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/content")):
            path = f"{PATH}/{name}{tail}"
            yield _no_body(f"{method} of the job {name[:20]}{tail}", method, path, "not found", 404)


def _lists() -> Iterator[Case]:
    for limit in (
        "0",
        "-1",
        "101",
        "1.5",
        "x",
        "",
        "1e1",
        "%EF%BC%91",
        "9" * 5000,
        "0x10",
        "1_0",
        "%00",
        "+1",
        "%201",
    ):
        yield _query(f"limit={limit[:20]}", "limit", "an integer from 1 to 100", PATH, limit=limit)
    for name, cursor in (
        ("words", "next"),
        ("nothing of ours", _packed("x:y")),
        ("half of one", _packed("1")),
        ("a number beyond the database's", _packed(f"{2**70}:x")),
        ("a negative number", _packed("-1:x")),
        ("a number of 5000 digits", _packed(f"{'9' * 5000}:x")),
        ("bytes that are no text", base64.urlsafe_b64encode(b"\xff\xfe:\xff").decode()),
        ("a NUL", "%00"),
        ("letters beyond ASCII", "%C3%A9"),
        ("a star", "*"),
    ):
        yield _query(f"a cursor of {name}", "cursor", "next_cursor", PATH, cursor=cursor)


def _contents() -> Iterator[Case]:
    path = f"{_JOB}/content"
    for index in ("-1", "x", "1.5", "", "%EF%BC%91", "9" * 5000, "1e0", "%00"):
        yield _query(f"index={index[:20]}", "index", "a whole number", path, index=index)
    for variant in ("film", "Video", "poster%00", "..%2Fposter"):
        yield _query(f"variant={variant}", "variant", "video, poster, spritesheet", path, variant=variant)
    for name, query in (
        ("a signature that is none", "expires=99999999999&signature=x"),
        ("a signature of 5000 letters", f"expires=99999999999&signature={'x' * 5000}"),
        ("a signature that ends in the past", "expires=1&signature=x"),
        ("an expiry beyond all numbers", f"expires={'9' * 5000}&signature=x"),
    ):
        yield Case(
            name=name,
            field=None,
            words="",
            status=404,
            method="GET",
            path=f"{path}?{query}",
            headers=(),
            key="test",
        )
    yield Case(
        name="no key and no signature",
        field=None,
        words="",
        status=401,
        method="GET",
        path=path,
        headers=(),
        key=None,
    )


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _query(name: str, field: str, words: str, path: str, **query: str) -> Case:
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return Case(
        name=f"{name} at {path[8:]}", field=field, words=words, method="GET", path=f"{path}?{text}", headers=()
    )


def _no_body(name: str, method: str, path: str, words: str, status: int) -> Case:
    more: dict[str, Any] = {"method": method, "path": path, "headers": (), "status": status}
    return Case(name=name, field=None, words=words, **more)
