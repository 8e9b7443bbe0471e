"""The query parameters of routes: one shape for each route reads them, and describes them in the OpenAPI document.

Parameters that a shape does not know are ignored, as HTTP has it; a wrong value of one that it knows is refused.
"""

import re
from collections import Counter
from datetime import datetime
from math import floor
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.requests import Request

from reelrouter.api.complaints import shown
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.jobs.listing import END_OF_TIME, Filter
from reelrouter.storage.links import Variant

Q = TypeVar("Q", bound=BaseModel)

_MOST = 10**9


def _whole(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise PydanticCustomError("not_whole", "must be a whole number")
    return text


def _number(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise PydanticCustomError("not_a_number", "must be a number")
    return text


def _flag(text: object) -> object:
    if isinstance(text, str) and text not in ("true", "false"):
        raise PydanticCustomError("not_a_flag", "must be true or false")
    return text


def _listed(text: object) -> object:
    return text.split(",") if isinstance(text, str) else text


Count = Annotated[int, Field(ge=0, le=_MOST), BeforeValidator(_whole)]
Number = Annotated[float, Field(ge=0, le=_MOST), BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Word = Annotated[str, StringConstraints(pattern=r"^[^,]*[^,\s][^,]*$", max_length=200)]
Words = Annotated[list[Word], Field(min_length=1, max_length=100), BeforeValidator(_listed)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
OutputModality = Literal[
    "text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription", "all"
]
InputModality = Literal["text", "image", "file", "audio", "video"]
Order = Literal[
    "most-popular",
    "newest",
    "top-weekly",
    "pricing-low-to-high",
    "pricing-high-to-low",
    "context-high-to-low",
    "throughput-high-to-low",
    "latency-low-to-high",
    "intelligence-high-to-low",
    "coding-high-to-low",
    "agentic-high-to-low",
    "design-arena-elo-high-to-low",
]
Category = Literal[
    "programming",
    "roleplay",
    "marketing",
    "marketing/seo",
    "technology",
    "science",
    "translation",
    "legal",
    "finance",
    "health",
    "trivia",
    "academia",
]
_BENCHMARK = "Video models have no such score: with this, none is found."


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class OutputQuery(_Query):
    output_modalities: Annotated[
        list[OutputModality], Field(min_length=1, max_length=20), BeforeValidator(_listed)
    ] = Field(["text"], description="What the models make, any of these; every model here makes video.")


class PagedQuery(OutputQuery):
    offset: Count = Field(0, description="How many models to leave out.")
    limit: Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)] | None = Field(
        None, description="How many to list at most; all of them if it is left out."
    )
    sort: Order | None = Field(
        None, description="Video models have no figure but their date to go by: each order is newest first."
    )


class ModelsQuery(PagedQuery):
    """The filters of the contract. What they ask of text models alone finds no video model."""

    q: Text | None = Field(None, description="A part of the model's id or name.")
    input_modalities: (
        Annotated[list[InputModality], Field(min_length=1, max_length=20), BeforeValidator(_listed)] | None
    ) = Field(None, description="What the models take, all of these.")
    supported_parameters: Words | None = Field(None, description="Parameters that the models take, all of these.")
    model_authors: Words | None = Field(None, description="The first part of the models' ids, any of these.")
    providers: Words | None = Field(None, description="Slugs of providers, any of these.")
    zdr: Literal["true"] | None = Field(None, description="Only models with an endpoint that keeps nothing.")
    min_age_days: Count | None = Field(None, description="How old the models are at least.")
    max_age_days: Count | None = Field(None, description="How old the models are at most.")
    min_price: Number | None = Field(None, description="Of a million prompt tokens; they cost nothing here.")
    max_price: Number | None = Field(None, description="Of a million prompt tokens; they cost nothing here.")
    min_output_price: Number | None = Field(None, description="Of a million tokens of text; there are none here.")
    max_output_price: Number | None = Field(None, description="Of a million tokens of text; there are none here.")
    distillable: Flag | None = Field(None, description="With true none is found, with false all are.")
    category: Category | None = Field(None, description="Video models are in none of them.")
    context: Annotated[int, Field(ge=1, le=_MOST), BeforeValidator(_whole)] | None = Field(
        None, description="Video models have no context length: with this, none is found."
    )
    arch: Text | None = Field(None, description="Video models belong to no family of tokenizers.")
    region: Literal["eu", "us"] | None = Field(None, description="No endpoint here promises a region.")
    use_rss: Literal["false"] | None = Field(None, description="The list comes as JSON alone.")
    min_intelligence_index: Number | None = Field(None, description=_BENCHMARK)
    max_intelligence_index: Number | None = Field(None, description=_BENCHMARK)
    min_coding_index: Number | None = Field(None, description=_BENCHMARK)
    max_coding_index: Number | None = Field(None, description=_BENCHMARK)
    min_agentic_index: Number | None = Field(None, description=_BENCHMARK)
    max_agentic_index: Number | None = Field(None, description=_BENCHMARK)
    min_tool_success_rate: Number | None = Field(None, description=_BENCHMARK)
    max_tool_success_rate: Number | None = Field(None, description=_BENCHMARK)


class VideoModelsQuery(_Query):
    all: Flag = Field(
        default=False, description="Lists models that this key cannot use too, and what each endpoint lacks."
    )


class GenerationQuery(_Query):
    id: Annotated[str, StringConstraints(min_length=1)] = Field(description="A job's id.")


def _limit(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"[1-9][0-9]?|100", text):
        raise PydanticCustomError("not_a_limit", "must be an integer from 1 to 100")
    return text


Most = Annotated[int, Field(ge=1, le=100), BeforeValidator(_limit)]

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+ -]([01][0-9]|2[0-3]):[0-5][0-9])"
_MOMENT = rf"^([0-9]{{1,12}}|{_DATE}(T{_TIME})?)$"
_MOMENT_WORDS = "must be a time such as 2026-11-21T12:00:00Z or 2026-11-21, or Unix seconds"


def _moment(text: object) -> object:
    """Unix milliseconds."""
    if not isinstance(text, str):
        return text
    if not re.fullmatch(_MOMENT, text):
        raise PydanticCustomError("not_a_moment", _MOMENT_WORDS)
    if text.isdecimal():
        return int(text) * 1000
    zoned = text.replace(" ", "+") if "T" in text else f"{text}T00:00:00Z"  # a plus that nobody encoded is a space
    try:
        return floor(datetime.fromisoformat(zoned).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_a_moment", _MOMENT_WORDS) from None


Status = Literal["pending", "in_progress", "completed", "failed", "cancelled", "expired"]
Moment = Annotated[
    int,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": _MOMENT}),
]


class JobsQuery(_Query):
    limit: Most = Field(20, description="How many jobs.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")
    status: Annotated[list[Status], Field(min_length=1, max_length=20), BeforeValidator(_listed)] | None = Field(
        None, description="Only jobs that are in any of these states."
    )
    model: Text | None = Field(None, description="Only jobs of this model.")
    key: Text | None = Field(None, description="Only jobs that this key has placed, by the key's id.")
    user: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = Field(
        None, description="Only jobs that were submitted with this `user`."
    )
    session_id: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = Field(
        None, description="Only jobs that were submitted with this `session_id`."
    )
    created_after: Moment | None = Field(
        None, description="Only jobs that were made at this time or later; a date is its first moment in UTC."
    )
    created_before: Moment | None = Field(
        None, description="Only jobs that were made before this time; a date is its first moment in UTC."
    )


def job_filter(query: JobsQuery) -> Filter:
    return Filter(
        statuses=frozenset(query.status or ()),
        model=query.model,
        key=query.key,
        user=query.user,
        session=query.session_id,
        since=query.created_after or 0,
        until=END_OF_TIME[0] if query.created_before is None else query.created_before,
    )


class DeliveriesQuery(_Query):
    limit: Most = Field(20, description="How many deliveries.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")
    job_id: Text | None = Field(None, description="Only those of this job.")
    status: Literal["waiting", "delivered", "failed"] | None = Field(None, description="Only those in this state.")


class WorkspacesQuery(_Query):
    offset: Count = Field(0, description="How many workspaces to leave out.")
    limit: Most = Field(50, description="How many to list at most.")


class KeysQuery(_Query):
    offset: Count = Field(0, description="How many keys to leave out.")
    limit: Most = Field(100, description="How many to list at most.")
    workspace_id: Text | None = Field(
        None, description="The workspace whose keys are meant, by id or slug; the default one if it is left out."
    )
    include_disabled: Flag = Field(default=False, description="Whether disabled keys are listed, too.")
    include_expired: Flag = Field(default=False, description="Whether expired keys are listed, too.")


class PageQuery(_Query):
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_limit)] = Field(20, description="How many rows.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")


class ContentQuery(_Query):
    """Described here, and read by `content`, where what looks like no signature counts as none."""

    index: int = Field(0, ge=0, le=999_999, description="Which of the videos.")
    variant: Variant = Field("video", description="The video, a still of it, or a sheet of small stills.")
    expires: str | None = Field(None, description="Part of a signed address.")
    signature: str | None = Field(None, description="Part of a signed address; replaces the key.")


def read_query(shape: type[Q], request: Request) -> Q:
    """Raises `InvalidRequest` that names every parameter with a wrong value, or with more than one."""
    known = {one.alias or name for name, one in shape.model_fields.items()}
    given = [(name, text) for name, text in request.query_params.multi_items() if name in known]
    times = Counter(name for name, _text in given)
    repeated = [Problem(name, f"{name} is given {count} times") for name, count in times.items() if count > 1]
    if repeated:
        raise InvalidRequest(repeated)
    try:
        return shape.model_validate(dict(given))
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise InvalidRequest([_problem(shape, detail) for detail in details]) from None


def parameters(shape: type[BaseModel]) -> list[dict[str, Any]]:
    """As OpenAPI describes them: lists have commas between, and absence is not a value."""
    schema = shape.model_json_schema()
    required = schema.get("required", ())
    described = schema["properties"].items()
    return [_parameter(name, dict(one), required=name in required) for name, one in described]


def _parameter(name: str, described: dict[str, Any], *, required: bool) -> dict[str, Any]:
    described.pop("title")
    description = described.pop("description", None)
    if "anyOf" in described:
        described = next(one for one in described["anyOf"] if one != {"type": "null"})
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": required, "schema": described}
    if described.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter if description is None else {**parameter, "description": description}


def _problem(shape: type[BaseModel], detail: ErrorDetails) -> Problem:
    name = str(detail["loc"][0])
    schema = next(one["schema"] for one in parameters(shape) if one["name"] == name)
    schema = schema.get("items", schema)
    allowed = tuple(schema.get("enum", [schema["const"]] if "const" in schema else []))
    if detail["type"] == "literal_error":
        wrong = shown(str(detail["input"]))
        return Problem(name, f"{name} must be one of: {', '.join(allowed)}; {wrong!r} is not", allowed)
    words = _WORDS.get(detail["type"])
    return Problem(name, f"{name} {words.format(**detail.get('ctx', {})) if words else detail['msg']}")


_WORDS = {
    "missing": "is required",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} items",
    "string_pattern_mismatch": "must be words with commas between",
}
"""By pydantic's names. What is not here was raised by the shapes above, in words that fit after the name."""
