"""Headers that say what the body cannot, and say it wrongly; and those that a request must have."""

import json
from collections.abc import Iterator

from tests.acceptance.bad_requests.case import JSON, Case, refused_body
from tests.acceptance.orders import small

_WHOLE = json.dumps(small()).encode()
_KEY = "Idempotency-Key"
_PROVIDER = "X-ReelRouter-Provider"
_MODELS = "X-ReelRouter-Models"


def cases() -> Iterator[Case]:
    for name, value, words in (
        ("an idempotency key of 256 letters", "k" * 256, "255"),
        ("an idempotency key of 100,000 letters", "k" * 100_000, "255"),
        ("an empty idempotency key", "", "1 to 255"),
    ):
        yield _case(name, _KEY, words, value)
    for value in ("wait=soon", "wait=-1", "wait=1.5", "wait=", "wait=1e3", "wait=٣", "wait=" + "9" * 5000):
        yield _case(f"Prefer: {value[:20]}", "Prefer", "wait=<seconds>", value)
    yield from _providers()
    yield from _names_of_models()
    yield from _hosts()
    yield from _keys()
    yield _case("a session id of 257 letters", "x-session-id", "256", "s" * 257)


def _providers() -> Iterator[Case]:
    for value in ("", "{", "price", '{"only": ["a"],}', "{'only': 1}", '{"max_price": NaN}', "[" * 10_000):
        yield _case(f"{_PROVIDER}: {value[:30]}", _PROVIDER, "not valid JSON", value)
    for value in ("[]", "null", "7", '"price"', "true"):
        yield _case(f"{_PROVIDER}: {value}", _PROVIDER, "must be a JSON object", value)
    for value, below, words in (
        ('{"only": "a"}', "only", "must be an array"),
        ('{"only": [7]}', "only[0]", "must be a string"),
        ('{"sort": "speed"}', "sort", "price, latency"),
        ('{"max_price": "1"}', "max_price", "must be a number"),
        ('{"max_price": -1}', "max_price", "must be at least 0"),
        ('{"zdr": "yes"}', "zdr", "must be true or false"),
        ('{"options": []}', "options", "must be an object"),
        ('{"options": {"minimax": 1}}', "options.minimax", "must be an object"),
        ('{"max_price": 1e400}', "max_price", "number"),
        ('{"zdr": true, "zdr": false}', "zdr", "more than once"),
        ('{"only": ["a\\u0000"]}', "only[0]", "NUL"),
    ):
        yield _case(f"{_PROVIDER}: {value}", f"{_PROVIDER}.{below}", words, value)


def _names_of_models() -> Iterator[Case]:
    for value in ("", ",", "a/b,", ",a/b", "a/b,,c/d", '["google/veo-3.1"]'):
        yield _case(f"{_MODELS}: {value}", _MODELS, "model ids with commas between", value)
    yield _case(f"{_MODELS} with an unknown one", _MODELS, "is not a valid model ID", "nobody/x")
    yield _case(f"{_MODELS} with 5000", _MODELS, "at most", ",".join(["a/b"] * 5000))


def _hosts() -> Iterator[Case]:
    for host in (
        "evil.example",
        "[",
        "[::1",
        "a b",
        "",
        "127.0.0.1.evil.example",
        "user@127.0.0.1",
        "127.0.0.1:x",
        "127.0.0.1/evil",
        "127.0.0.1#",
        "127.0.0.1?",
        "127.0.0.1:99999999",
        "evil.example\\@127.0.0.1",
    ):
        yield refused_body(f"Host: {host}", "Host", "", _WHOLE, host=host)


def _keys() -> Iterator[Case]:
    yield Case(name="no key", field=None, words="Authorization: Bearer", status=401, key=None, body=_WHOLE)
    for value in (
        "Bearer",
        "Bearer ",
        "Basic dGVzdDp0ZXN0",
        "Bearer rr-test-unknown",
        "Bearer rr-live-unknown",
        "Bearer \xff\xfe",
        "Bearer " + "k" * 10_000,
        "rr-test-unknown",
        "Bearer ' OR 1=1 --",
        "Bearer null",
    ):
        yield Case(
            name=f"Authorization: {value[:30]!r}",
            field=None,
            words="",
            status=401,
            key=None,
            headers=(*JSON, ("Authorization", value)),
            body=_WHOLE,
        )


def _case(name: str, header: str, words: str, value: str) -> Case:
    """`header` may go on with what is wrong inside of its value."""
    headers = (*JSON, (header.partition(".")[0], value))
    return refused_body(name, header, words, _WHOLE, headers=headers)
