"""JSON into results. What a job is known by must be there; anything else that is not as agreed counts as absent.

A paid job is not lost over a field: `raw` keeps what the server sent.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from reelrouter.client.errors import Unreadable
from reelrouter.client.exchange import Answer
from reelrouter.client.results import (
    Cancelled,
    Estimate,
    EstimateLine,
    Job,
    JobPage,
    Model,
    Raw,
    References,
    Route,
    UpscaleRange,
    Usage,
)
from reelrouter.compat.exchange import bare, clipped


def document(answer: Answer) -> Raw:
    """The body as a JSON object. Raises `Unreadable`."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        _unreadable(answer, "no JSON")
    if not isinstance(value, dict):
        _unreadable(answer, "no JSON object")
    return value


def job_of(answer: Answer) -> Job:
    """Raises `Unreadable`."""
    return parse_job(document(answer), answer)


def parse_job(raw: Raw, answer: Answer) -> Job:
    """A job that stands somewhere in an answer. Raises `Unreadable`."""
    identity, status = _text(raw.get("id")), _text(raw.get("status"))
    if identity is None or status is None:
        _unreadable(answer, "no job: id or status is missing")
    return job_from(raw, identity, status)


def job_from(raw: Raw, identity: str, status: str) -> Job:
    return Job(
        id=identity,
        status=status,
        polling_url=_text(raw.get("polling_url")),
        generation_id=_text(raw.get("generation_id")),
        error=_error(raw.get("error")),
        error_type=_text(raw.get("error_type")),
        progress=_whole(raw.get("progress")),
        unsigned_urls=_texts(raw.get("unsigned_urls")) or (),
        urls=_texts(raw.get("urls")) or (),
        expires_at=_whole(raw.get("expires_at")),
        usage=_usage(raw.get("usage")),
        model=_text(raw.get("model")),
        provider=_text(raw.get("provider")),
        warnings=_texts(raw.get("warnings")) or (),
        created_at=_whole(raw.get("created_at")),
        raw=raw,
    )


def models_of(answer: Answer) -> tuple[Model, ...]:
    """Raises `Unreadable`."""
    rows = document(answer).get("data")
    if not isinstance(rows, list):
        _unreadable(answer, "no list of models")
    return tuple(model_from(row, answer) for row in rows)


def model_from(row: Any, answer: Answer) -> Model:
    """Raises `Unreadable` for a row without a name."""
    identity = _text(row.get("id")) if isinstance(row, dict) else None
    if identity is None:
        _unreadable(answer, "a row without an id")
    return Model(
        id=identity,
        name=_text(row.get("name")) or identity,
        canonical_slug=_text(row.get("canonical_slug")),
        created=_whole(row.get("created")),
        description=_text(row.get("description")) or "",
        hugging_face_id=_text(row.get("hugging_face_id")),
        supported_resolutions=_texts(row.get("supported_resolutions")),
        supported_aspect_ratios=_texts(row.get("supported_aspect_ratios")),
        supported_sizes=_texts(row.get("supported_sizes")),
        supported_durations=_wholes(row.get("supported_durations")),
        supported_frame_images=_texts(row.get("supported_frame_images")),
        generate_audio=_flag(row.get("generate_audio")),
        seed=_flag(row.get("seed")),
        upscale_factor=_upscale(row.get("upscale_factor")),
        creativity=_wholes(row.get("creativity")),
        pricing_skus=_prices(row.get("pricing_skus")),
        allowed_passthrough_parameters=_texts(row.get("allowed_passthrough_parameters")) or (),
        supported_references=_references(row.get("supported_references")),
        available=_texts(row.get("available")),
        missing=_routes(row.get("missing")),
        raw=row,
    )


def estimate_of(answer: Answer) -> Estimate:
    """Raises `Unreadable`."""
    raw = document(answer)
    cost = _amount(raw.get("cost"))
    if cost is None:
        _unreadable(answer, "no cost")
    return Estimate(
        model=_text(raw.get("model")) or "",
        cost=cost,
        source="server",
        lines=tuple(_line(line) for line in _objects(raw.get("lines"))),
        resolved=_object(raw.get("resolved")),
        warnings=_texts(raw.get("warnings")) or (),
        routes=_routes(raw.get("routes")),
        raw=raw,
    )


def page_of(answer: Answer) -> JobPage:
    """Raises `Unreadable`."""
    raw = document(answer)
    rows = raw.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        _unreadable(answer, "no list of jobs")
    jobs = tuple(parse_job(row, answer) for row in rows)
    return JobPage(jobs=jobs, next_cursor=_text(raw.get("next_cursor")), raw=raw)


def cancelled_of(answer: Answer) -> Cancelled:
    """Raises `Unreadable`."""
    raw = document(answer)
    job = parse_job(raw, answer)
    return Cancelled(job=job, outcome=_text(raw.get("cancel")) or job.status, raw=raw)


def _unreadable(answer: Answer, seen: str) -> NoReturn:
    kind = answer.media_type or "an answer without a type"
    begins = f": {clipped(answer.body[:400].decode(errors='replace'))}" if answer.body else ""
    raise Unreadable(
        f"{bare(answer.url)} answered {answer.status} with {kind}, and there is {seen} in it{begins}",
        "check the base URL: it must be that of an OpenRouter-compatible video API",
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _error(value: Any) -> str | None:
    """The contract has a string here; some servers send their error object."""
    if isinstance(value, dict):
        return _text(value.get("message")) or json.dumps(value, ensure_ascii=False)
    return _text(value)


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else None


def _wholes(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(whole for one in value if (whole := _whole(one)) is not None)


def _whole(value: Any) -> int | None:
    """A number as an integer: 8.0 is 8, and a part of one is dropped."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < 1e15 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _amount(value: Any) -> Decimal | None:
    """A number, or the text of one, with the digits that were meant."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(cost=_amount(value.get("cost")), is_byok=_flag(value.get("is_byok")))


def _upscale(value: Any) -> UpscaleRange | None:
    lowest, highest = (_amount(_object(value).get(end)) for end in ("min", "max"))
    return None if lowest is None or highest is None else UpscaleRange(min=float(lowest), max=float(highest))


def _prices(value: Any) -> Mapping[str, str]:
    return {key: str(amount) for key, amount in _object(value).items() if _amount(amount) is not None}


def _references(value: Any) -> References | None:
    if not isinstance(value, dict):
        return None
    counts = {kind: _whole(value.get(kind)) or 0 for kind in ("image", "video", "audio")}
    return References(**counts)


def _routes(value: Any) -> tuple[Route, ...]:
    return tuple(
        Route(endpoint=_text(one.get("endpoint")) or "", reason=_text(one.get("reason")))
        for one in _objects(value)
    )


def _line(raw: Mapping[str, Any]) -> EstimateLine:
    quantity, rate, cost = (_amount(raw.get(name)) or Decimal(0) for name in ("quantity", "rate", "cost"))
    return EstimateLine(
        sku=_text(raw.get("sku")) or "",
        quantity=quantity,
        unit=_text(raw.get("unit")) or "",
        rate=rate,
        cost=cost,
    )
