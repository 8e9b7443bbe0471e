"""Bodies that are no JSON object, or that two parsers would read as different ones."""

import gzip
import json
from collections.abc import Iterator

from tests.acceptance.bad_requests.case import Case, refused_body
from tests.acceptance.orders import small

_WHOLE = json.dumps(small()).encode()
_DEEP = 100_000


def cases() -> Iterator[Case]:
    yield from _no_object()
    yield from _malformed()
    yield from _nested()
    yield from _characters()
    yield from _repeated_keys()
    yield from _too_much()


def _no_object() -> Iterator[Case]:
    for text in (b"[]", b"null", b"true", b"7", b'"text"', b'[{"model": "x"}]'):
        yield refused_body(f"the body is {text.decode()}", "", "must be a JSON object", text)
    for name, text in (("no body", b""), ("a body of spaces", b" \r\n\t ")):
        yield refused_body(name, "", "The body is empty", text)


def _malformed() -> Iterator[Case]:
    ends = {"one byte": 1, "half": len(_WHOLE) // 2, "all but the last brace": len(_WHOLE) - 1}
    for name, end in ends.items():
        yield refused_body(f"{name} of a body", "", "ends too early", _WHOLE[:end])
    for name, tail in (("a brace", b"}"), ("another object", b"{}"), ("text", b" x"), ("a NUL byte", b"\0")):
        yield refused_body(f"{name} behind the object", "", "something follows", _WHOLE + tail)
    for word in ("NaN", "Infinity", "-Infinity", "undefined", "None", "True", "'4'"):
        body = json.dumps(small(duration=0)).replace('"duration": 0', f'"duration": {word}')
        yield refused_body(f"the word {word}", "", "not valid JSON", body.encode())
    for name, text in (
        ("a trailing comma", b'{"model": "x",}'),
        ("a key without quotes", b'{model: "x"}'),
        ("a key in single quotes", b"{'model': 'x'}"),
        ("a number as a key", b'{1: "x"}'),
        ("a comment", b'// a comment\n{"model": "x"}'),
        ("a form", b"model=x&prompt=y"),
        ("a page", b"<html></html>"),
        ("a packed body", gzip.compress(_WHOLE)),
        ("a key without a value", b'{"model"}'),
        ("two values", b'{"model": "x" "y"}'),
        ("a line break inside a text", b'{"model": "x\ny"}'),
        ("an escape that is none", b'{"model": "\\x41"}'),
    ):
        yield refused_body(name, "", "not valid JSON", text)


def _nested() -> Iterator[Case]:
    depths = {
        "arrays": b"[" * _DEEP,
        "closed arrays": b"[" * _DEEP + b"]" * _DEEP,
        "objects": b'{"a":' * _DEEP,
        "closed objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    }
    for name, text in depths.items():
        yield refused_body(f"{name} nested {_DEEP} deep", "", "nested too deep", text)
    for field in ("trace", "provider", "input_references"):
        body = (
            json.dumps(small(**{field: 0})).replace(f'"{field}": 0', f'"{field}": {"[" * 300}{"]" * 300}').encode()
        )
        yield refused_body(f"arrays 300 deep in {field}", "", "nested too deep", body)


def _characters() -> Iterator[Case]:
    for name, data in (
        ("a byte that is no UTF-8", b'{"model": "\xff"}'),
        ("Latin-1", '{"model": "é"}'.encode("latin-1")),
        ("a character cut in two", b'{"model": "\xe2\x82"}'),
        ("an overlong slash", b'{"model": "\xc0\xaf"}'),
        ("a surrogate as UTF-8", b'{"model": "\xed\xa0\x80"}'),
        ("a key that is no UTF-8", b'{"model\xff": "x"}'),
        ("a character beyond Unicode", b'{"model": "\xf4\x90\x80\x80"}'),
    ):
        yield refused_body(name, "", "not UTF-8", data)
    yield refused_body("a byte order mark", "", "a byte order mark", b"\xef\xbb\xbf" + _WHOLE)
    yield refused_body("UTF-16", "", "UTF-16", json.dumps(small()).encode("utf-16"))
    yield refused_body("UTF-16 without a mark", "", "not valid JSON", json.dumps(small()).encode("utf-16-le"))
    yield refused_body("UTF-32", "", "UTF-16", json.dumps(small()).encode("utf-32"))


def _repeated_keys() -> Iterator[Case]:
    twice = "is given more than once"
    for field, first, second in (
        ("model", '"a"', '"b"'),
        ("duration", "1", "1"),
        ("prompt", '"a"', "null"),
        ("seed", "1", "2"),
    ):
        rest = json.dumps({name: value for name, value in small().items() if name != field})[:-1]
        body = f'{rest}, "{field}": {first}, "{field}": {second}}}'.encode()
        yield refused_body(f"{field} twice", field, twice, body)
    for path, text in (
        ("provider.zdr", '{"provider": {"zdr": true, "zdr": false}}'),
        ("trace.a", '{"trace": {"a": 1, "a": 1}}'),
        ("fps", '{"fps": 1, "fps": 2}'),
        (
            "frame_images[0].image_url.url",
            '{"frame_images": [{"type": "image_url", "image_url": {"url": "a", "url": "b"}}]}',
        ),
        ("model", '{"\\u006dodel": "a"}'),
    ):
        body = json.dumps(small())[:-1].encode() + b", " + text[1:].encode()
        yield refused_body(f"{path} twice, nested or spelled otherwise", path, twice, body)


def _too_much() -> Iterator[Case]:
    yield refused_body("a million small values", "", "more than 200000 values", _many)
    yield refused_body(
        "a million empty objects", "", "more than 200000 values", lambda: b"[" + b"{}," * 10**6 + b"{}]"
    )
    names = {f"key{number}": 0 for number in range(5000)}
    yield refused_body("5000 unknown keys", "key100", "more than 100 keys", json.dumps(small(**names)).encode())
    body = json.dumps(small(frame_images=[0] * 5000)).encode()
    yield refused_body("5000 frames that are none", "frame_images", "at most 16 items", body)
    body = json.dumps(small(models=["x"] * 5000)).encode()
    yield refused_body("5000 fallback models", "models", "at most", body)
    body = json.dumps(small(provider={"only": [0] * 5000})).encode()
    yield refused_body("5000 providers that are none", "provider.only", "at most", body)
    body = json.dumps(small(provider={"options": {f"p{number}": 0 for number in range(5000)}})).encode()
    yield refused_body("options for 5000 providers", "provider.options", "at most 100 keys", body)
    options = {"minimax": {f"o{number}": 0 for number in range(5000)}}
    body = json.dumps(small(provider={"options": options})).encode()
    yield refused_body("5000 options for one provider", "provider.options.minimax", "at most 100 keys", body)
    body = json.dumps(small(trace={"note": "x" * 100_000})).encode()
    yield refused_body("a trace of 100 kB", "trace", "at most 65536 are kept", body)


def _many() -> bytes:
    return json.dumps(small(models=[0] * 10**6)).encode()
