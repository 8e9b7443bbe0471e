"""Hand-made exchanges, and the table form in which a rule's good and bad ones stand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reelrouter.compat.exchange import Exchange
from reelrouter.compat.rule import Outcome, Rule, Verdict

BASE = "https://gateway.example/api/v1"
JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"
CORS = {"access-control-allow-origin": "*"}

Exchanges = tuple[Exchange, ...]


def answer(body: Any = None, status: int = 200, **more: Any) -> Exchange:
    """JSON, unless `body` is bytes; further fields by name, `headers` on top of the type."""
    is_bytes = isinstance(body, bytes)
    kind = {"content-type": "text/html" if is_bytes else "application/json"}
    data = body if is_bytes else json.dumps(body).encode()
    made = Exchange(
        method="GET", url=f"{BASE}/videos", base=BASE, status=status, headers=kind, body=data, size=len(data)
    )
    return replace(made, **{**more, "headers": {**kind, **more.get("headers", {})}})


def error(status: int, message: str, **more: Any) -> Exchange:
    return answer({"error": {"code": status, "message": message}}, status, **more)


def video(size: int = 4000, headers: Mapping[str, str] | None = None) -> Exchange:
    body = (b"\x00\x00\x00\x18ftypmp42" + bytes(size))[:size]
    return answer(body, headers={"content-type": "video/mp4", **(headers or {})})


def placed(**changes: Any) -> Exchange:
    """The answer to a submit; a change to `...` takes a key away."""
    return answer(_changed({"id": JOB, "polling_url": f"{BASE}/videos/{JOB}", "status": "pending"}, changes), 202)


def poll(status: Any = "pending", **changes: Any) -> Exchange:
    return answer(
        _changed(
            {"id": JOB, "polling_url": f"{BASE}/videos/{JOB}", "status": status, "generation_id": JOB}, changes
        )
    )


def done(**changes: Any) -> Exchange:
    """The poll of a completed job."""
    content = f"{BASE}/videos/{JOB}/content?index=0"
    return poll("completed", **{"unsigned_urls": [content], "usage": {"cost": 0.05, "is_byok": False}, **changes})


def row(**changes: Any) -> dict[str, Any]:
    """A row of the models list, as OpenRouter has them."""
    made = {
        "id": "x-ai/grok-imagine-video",
        "canonical_slug": "x-ai/grok-imagine-video-20260512",
        "name": "xAI: Grok Imagine Video",
        "created": 1778544000,
        "description": "Short videos with sound.",
        "hugging_face_id": None,
        "supported_resolutions": ["480p", "720p"],
        "supported_aspect_ratios": ["16:9", "9:16"],
        "supported_sizes": None,
        "supported_durations": [1, 2, 3, 15],
        "supported_frame_images": ["first_frame"],
        "generate_audio": None,
        "seed": None,
        "upscale_factor": None,
        "creativity": None,
        "pricing_skus": {"cents_per_video_output_second_480p": "5", "cents_per_video_output_second_720p": "7"},
        "allowed_passthrough_parameters": [],
    }
    return _changed(made, changes)


def models(**changes: Any) -> Exchange:
    """A list of two rows, of which the second is changed."""
    return answer({"data": [row(id="google/veo-3.1", seed=True), row(**changes)]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one rule makes of exchanges: all of the good pass, and each of the bad gets the outcome beside it."""

    good: tuple[Exchanges, ...]
    bad: tuple[tuple[Exchanges, Outcome], ...]


Cases = Mapping[str, Case]
"""By the rule's name within its area."""


def one(*exchanges: Exchange) -> tuple[Exchanges, ...]:
    """Rows of one exchange each."""
    return tuple((exchange,) for exchange in exchanges)


def fail(*rows: Exchange | Exchanges) -> tuple[tuple[Exchanges, Outcome], ...]:
    return tuple((_as_row(exchanges), Outcome.FAIL) for exchanges in rows)


def warn(*rows: Exchange | Exchanges) -> tuple[tuple[Exchanges, Outcome], ...]:
    return tuple((_as_row(exchanges), Outcome.WARNING) for exchanges in rows)


def skip(*rows: Exchange | Exchanges) -> tuple[tuple[Exchanges, Outcome], ...]:
    return tuple((_as_row(exchanges), Outcome.SKIPPED) for exchanges in rows)


def absent(*rows: Exchange | Exchanges) -> tuple[tuple[Exchanges, Outcome], ...]:
    return tuple((_as_row(exchanges), Outcome.ABSENT) for exchanges in rows)


def trials(rules: tuple[Rule, ...], cases: Cases) -> Iterator[tuple[str, Rule, Exchanges, Outcome]]:
    """A test's parameters for each exchange of each case."""
    by_name = {rule.name: rule for rule in rules}
    assert cases.keys() == by_name.keys(), "each rule has its case, and each case its rule"
    for name, case in cases.items():
        rule = by_name[name]
        good = Outcome.EXTRA if rule.area == "extensions" else Outcome.PASS
        rows = [*((exchanges, good) for exchanges in case.good), *case.bad]
        assert case.good, f"{name} has no good exchange"
        assert {outcome for _, outcome in case.bad} & {Outcome.FAIL, Outcome.ABSENT}, f"{name} cannot fail"
        for number, (exchanges, outcome) in enumerate(rows):
            yield f"{name}-{outcome}-{number}", rule, exchanges, outcome


def assert_verdict(verdict: Verdict, outcome: Outcome) -> None:
    """And whoever is blamed or left out is told why."""
    assert verdict.outcome is outcome, verdict
    assert verdict.seen or outcome in (Outcome.PASS, Outcome.ABSENT)


def _as_row(exchanges: Exchange | Exchanges) -> Exchanges:
    return exchanges if isinstance(exchanges, tuple) else (exchanges,)


def _changed(fields: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if value is not ...}
