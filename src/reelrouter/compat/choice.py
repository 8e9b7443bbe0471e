"""Chooses what a job is made with: the cheapest model of a list, and the least request for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

PROMPT = "A paper boat drifts on a calm pond at dawn"

_RESOLUTION = re.compile(r"(?:360|480|720|768|1024|1080)p|[124]k")
_HEIGHTS = {"1k": 576, "2k": 1440, "4k": 2160}
_OTHER_JOBS = ("image_to_video", "reference", "continuation", "with_video_input", "megapixel", "image_input")
"""Charges that a job from a prompt alone does not meet."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    row: Row
    rows: Sequence[Row]
    """Every row of the list, for rules that want another one."""
    body: Mapping[str, Any]
    cost: Decimal | None
    """US dollars, at most; None where the row's prices cannot be read."""

    @property
    def summary(self) -> str:
        seconds = f"{self.body['duration']} s" if "duration" in self.body else "of its input's length"
        shape = ", ".join([seconds, *([self.body["resolution"]] if "resolution" in self.body else [])])
        price = "at an unknown price" if self.cost is None else f"for about ${self.cost.normalize():f}"
        return f"{self.body['model']} ({shape}) {price}"


def rows_of(document: object) -> Sequence[Row]:
    """The rows of a models list that can be read as such."""
    data = document.get("data") if isinstance(document, dict) else None
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def choose(rows: Sequence[Row], wanted: str | None) -> Choice:
    """Raises `LookupError` with the reason, if there is nothing to choose from."""
    if wanted is not None:
        named = [row for row in rows if wanted in (row.get("id"), row.get("canonical_slug"))]
        if not named:
            raise LookupError(f"the server does not list the model {wanted}")
        return _least(named[0], rows)
    usable = [row for row in rows if isinstance(row.get("id"), str) and integers(row.get("supported_durations"))]
    if not usable:
        raise LookupError("the server lists no model with durations of its own; name one by --model")
    return min((_least(row, rows) for row in usable), key=_by_cost)


def integers(value: object) -> list[int]:
    return [item for item in value if type(item) is int] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _least(row: Row, rows: Sequence[Row]) -> Choice:
    """The shortest and cheapest video of this model, without sound where that can be chosen."""
    body: dict[str, Any] = {"model": row["id"], "prompt": PROMPT}
    durations = integers(row.get("supported_durations"))
    if durations:
        body["duration"] = min(durations)
    if row.get("generate_audio") is True:
        body["generate_audio"] = False
    shapes = [body | {"resolution": resolution} for resolution in texts(row.get("supported_resolutions"))]
    choices = (Choice(row=row, rows=rows, body=shape, cost=_cost(row, shape)) for shape in shapes or [body])
    return min(choices, key=_by_cost)


def _by_cost(choice: Choice) -> tuple[bool, Decimal, int, int]:
    height = _height(choice.body.get("resolution"))
    return choice.cost is None, choice.cost or Decimal(0), choice.body.get("duration", 0), height


def _cost(row: Row, body: Mapping[str, Any]) -> Decimal | None:
    """The dearest of the charges that could apply: an estimate that is wrong should be wrong upwards."""
    skus = row.get("pricing_skus")
    amounts = list(_amounts(skus, body)) if isinstance(skus, dict) else []
    return max(amounts) if amounts else None


def _amounts(skus: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Decimal]:
    seconds = Decimal(body.get("duration", 10))
    height = Decimal(_height(body.get("resolution")))
    tokens = height * height * 16 / 9 * seconds * 24 / 1024
    for key, value in skus.items():
        named = _RESOLUTION.search(key)
        if named and named[0] != str(body.get("resolution", "")).lower():
            continue
        rate = _decimal(value)
        if rate is None or _is_for_another_job(key, body):
            continue
        flat = key == "generate" or key.startswith("minimum")
        quantity = tokens if key.startswith("video_tokens") else Decimal(1) if flat else seconds
        yield rate * quantity / (100 if "cents" in key else 1)


def _is_for_another_job(key: str, body: Mapping[str, Any]) -> bool:
    silent = body.get("generate_audio") is False and "with_audio" in key
    return silent or any(words in key for words in _OTHER_JOBS)


def _decimal(value: object) -> Decimal | None:
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def _height(resolution: object) -> int:
    word = str(resolution or "1080p").lower()
    digits = word.removesuffix("p")
    return _HEIGHTS.get(word) or (int(digits) if digits.isdecimal() else 1080)
