"""Rules for the list of models. All are free, and none needs a key."""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from reelrouter.compat.exchange import Ask, Exchange, clipped, shown
from reelrouter.compat.reading import Row, every_row, faultless
from reelrouter.compat.rule import Rule, Verdict, asking, failed, passed, skipped, warned
from reelrouter.compat.visit import MODELS

REQUIRED = (
    "id",
    "canonical_slug",
    "name",
    "created",
    "supported_resolutions",
    "supported_aspect_ratios",
    "supported_sizes",
    "supported_durations",
    "supported_frame_images",
    "generate_audio",
    "seed",
    "upscale_factor",
    "creativity",
    "allowed_passthrough_parameters",
)
"""The keys that the official SDKs demand of every row, null where nothing is known."""

_TEXT_LISTS = ("supported_resolutions", "supported_aspect_ratios", "supported_sizes")
_TYPED = "the official SDKs reject the whole list over one row of another type"


def _open(models: Exchange) -> Verdict:
    if models.status != 200:
        return failed(f"expected 200; {shown(models)}")
    if models.media_type != "application/json":
        return failed(f"the list is sent as {models.media_type or 'nothing'}, and should be application/json")
    return passed()


def _data(models: Exchange) -> Verdict:
    data = (models.fields() or {}).get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        return failed(f'expected {{"data": [objects]}}; {shown(models)}')
    return passed(f"{len(data)} models") if data else warned("the list is empty")


def _missing_keys(row: Row) -> str | None:
    missing = [key for key in REQUIRED if key not in row]
    return f"without {', '.join(missing)}" if missing else None


def _texts(row: Row) -> str | None:
    wrong = [key for key in ("id", "canonical_slug", "name") if not (isinstance(row.get(key), str) and row[key])]
    optional = [key for key in ("description", "hugging_face_id") if not isinstance(row.get(key), str | None)]
    return f"{', '.join(wrong + optional)} should be text" if wrong or optional else None


def _unique(models: Exchange) -> Verdict:
    data = (models.fields() or {}).get("data")
    if not isinstance(data, list):
        return skipped("the list could not be read")
    ids = Counter(str(row.get("id")) for row in data if isinstance(row, dict))
    return faultless(f"{name} is listed {count} times" for name, count in ids.items() if count > 1)


def _created(row: Row) -> str | None:
    return None if type(row.get("created")) is int else f"created is {clipped(row.get('created'))}"


def _durations(row: Row) -> str | None:
    durations = row.get("supported_durations")
    if durations is None or _is_list_of(durations, int):
        return None
    return f"supported_durations is {clipped(durations)}"


def _text_lists(row: Row) -> str | None:
    wrong = [key for key in _TEXT_LISTS if not (row.get(key) is None or _is_list_of(row[key], str))]
    return f"{wrong[0]} is {clipped(row[wrong[0]])}" if wrong else None


def _frames(row: Row) -> str | None:
    frames = row.get("supported_frame_images")
    if frames is None or (
        isinstance(frames, list) and all(one in ("first_frame", "last_frame") for one in frames)
    ):
        return None
    return f"supported_frame_images is {clipped(frames)}"


def _flags(row: Row) -> str | None:
    wrong = [key for key in ("generate_audio", "seed") if not isinstance(row.get(key), bool | None)]
    return f"{wrong[0]} is {clipped(row[wrong[0]])}" if wrong else None


def _upscaling(row: Row) -> str | None:
    factor, creativity = row.get("upscale_factor"), row.get("creativity")
    if factor is not None and not (
        isinstance(factor, dict) and all(_is_number(factor.get(k)) for k in ("min", "max"))
    ):
        return f"upscale_factor is {clipped(factor)}"
    if creativity is not None and not _is_list_of(creativity, int):
        return f"creativity is {clipped(creativity)}"
    return None


def _prices(row: Row) -> str | None:
    skus = row.get("pricing_skus")
    if skus is None:
        return None
    if not isinstance(skus, dict):
        return f"pricing_skus is {clipped(skus)}"
    wrong = [f"{key} is {clipped(value)}" for key, value in skus.items() if not _is_amount(value)]
    return wrong[0] if wrong else None


def _passthrough(row: Row) -> str | None:
    names = row.get("allowed_passthrough_parameters")
    return None if _is_list_of(names, str) else f"allowed_passthrough_parameters is {clipped(names)}"


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_amount(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite() and Decimal(value) >= 0
    except InvalidOperation:
        return False


_ASK = asking(MODELS)

RULES = (
    Rule(
        area="models",
        name="open",
        title="The list of models is JSON that anybody can read, without a key",
        protects="model pickers and build scripts, which have no key at hand",
        fetch=_ASK,
        judge=_open,
    ),
    Rule(
        area="models",
        name="any-key",
        title="A wrong key does not close the list",
        protects="pages that send whatever key their user has typed so far",
        fetch=asking(Ask(path="videos/models", key="wrong")),
        judge=_open,
    ),
    Rule(
        area="models",
        name="data",
        title="The list stands under data, as an array of objects",
        protects="every client: there is no other place where they look",
        fetch=_ASK,
        judge=_data,
    ),
    Rule(
        area="models",
        name="keys",
        title="Each row has every required key, null where nothing is known",
        protects="the official SDKs: a missing key fails the whole list",
        fetch=_ASK,
        judge=every_row(_missing_keys),
    ),
    Rule(
        area="models",
        name="texts",
        title="id, canonical_slug and name are texts; description and hugging_face_id are, if they are there",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_texts),
    ),
    Rule(
        area="models",
        name="unique",
        title="No id is listed twice",
        protects="clients that keep models by id",
        fetch=_ASK,
        judge=_unique,
    ),
    Rule(
        area="models",
        name="created",
        title="created is an integer of Unix seconds",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_created),
    ),
    Rule(
        area="models",
        name="durations",
        title="supported_durations is null or a list of integers",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_durations),
    ),
    Rule(
        area="models",
        name="shapes",
        title="Resolutions, aspect ratios and sizes are null or lists of texts",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_text_lists),
    ),
    Rule(
        area="models",
        name="frames",
        title="supported_frame_images is null or names first_frame and last_frame",
        protects="clients that offer a field for each frame a model takes",
        fetch=_ASK,
        judge=every_row(_frames),
    ),
    Rule(
        area="models",
        name="flags",
        title="generate_audio and seed are true, false or null",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_flags),
    ),
    Rule(
        area="models",
        name="upscaling",
        title="upscale_factor is null or has min and max; creativity is null or a list of integers",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_upscaling),
    ),
    Rule(
        area="models",
        name="prices",
        title="pricing_skus goes from text to text, and each amount is a decimal number",
        protects="the SDKs' types, and every client that shows an estimate",
        fetch=_ASK,
        judge=every_row(_prices),
    ),
    Rule(
        area="models",
        name="passthrough",
        title="allowed_passthrough_parameters is a list of texts, never null",
        protects=_TYPED,
        fetch=_ASK,
        judge=every_row(_passthrough),
    ),
)
