"""Numbers of the right type that no video can have, and numbers that no program can hold."""

import json
from collections.abc import Iterator

from tests.acceptance.bad_requests.case import Case, refused, refused_body
from tests.acceptance.orders import small

_LONG = "9" * 4000
_TOO_LONG = "9" * 5000


def cases() -> Iterator[Case]:
    for value in (0, -1, -8):
        yield refused(f"duration {value}", "duration", "must be at least 1", duration=value)
    for value in (31, 1000, 2**31, 2**53):
        yield refused(f"duration {value}", "duration", f"Duration {value}s is not supported", duration=value)
    for field in ("duration", "seed", "creativity"):
        yield refused(f"{field} of 70 bits", field, "must be less than", **{field: 2**70})
        yield _written(f"{field} of 4000 digits", field, "must be less than", _LONG)
        yield _written(f"{field} of 5000 digits", field, "too many digits", _TOO_LONG, named="")
        yield _written(f"{field} 1e300", field, "must be less than", "1e300")
        yield _written(f"{field} 1e400", field, "too large", "1e400")
        yield _written(f"{field} -1e400", field, "too large", "-1e400")
    for field in ("seed", "creativity"):
        yield refused(f"{field} below 64 bits", field, "must be at least", **{field: -(2**63) - 1})
    for factor in (0, -1, -0.5):
        yield refused(
            f"upscale_factor {factor}", "upscale_factor", "must be greater than 0", upscale_factor=factor
        )
    yield refused("upscale_factor 1.5 without upscaling", "upscale_factor", "does not upscale", upscale_factor=1.5)
    yield _written("upscale_factor 1e400", "upscale_factor", "too large", "1e400")
    yield _written("upscale_factor of 4000 digits", "upscale_factor", "must be a number", _LONG)
    yield refused("creativity without upscaling", "creativity", "is not supported for this model", creativity=1)
    for price, words in ((-1, "must be at least 0"), (-0.01, "must be at least 0"), (10**12, "must be at most")):
        yield refused(f"max_price {price}", "provider.max_price", words, provider={"max_price": price})
    yield _nested("max_price 1e400", "provider.max_price", "too large", {"provider": {"max_price": 0}}, "1e400")
    yield _nested("a huge number in trace", "trace.a[0]", "too large", {"trace": {"a": [0]}}, "1e999")
    path = "provider.options.minimax.weight"
    yield _nested(
        "a huge number in options", path, "too large", {"provider": {"options": {"minimax": {"weight": 0}}}}
    )
    yield _nested("a huge number under a key that nobody knows", "fps", "too large", {"fps": 0})
    yield _nested("a number of 5000 digits in trace", "", "too many digits", {"trace": {"a": 0}}, _TOO_LONG)
    for number in ("01", "1.", ".5", "+1", "0x10", "1_000", "--1", "1e", "٣"):
        yield _written(f"duration written {number}", "duration", "not valid JSON", number, named="")


def _written(name: str, field: str, words: str, text: str, named: str | None = None) -> Case:
    """A number as text, since no Python number is written so."""
    body = json.dumps(small(**{field: 0})).replace(f'"{field}": 0', f'"{field}": {text}').encode()
    return refused_body(name, field if named is None else named, words, body)


def _nested(name: str, field: str, words: str, changes: dict[str, object], text: str = "1e400") -> Case:
    body = json.dumps(small(**changes))
    at = body.index(": 0" if ": 0" in body else "[0") + (2 if ": 0" in body else 1)
    return refused_body(name, field, words, (body[:at] + text + body[at + 1 :]).encode())
