"""Query parameters: read exactly, every wrong one named, and described as they are read."""

from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from reelrouter.api.queries import (
    ContentQuery,
    GenerationQuery,
    JobsQuery,
    ModelsQuery,
    VideoModelsQuery,
    job_filter,
    parameters,
    read_query,
)
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.jobs.listing import Filter


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": quote(query, safe="=&%,").encode(), "headers": []})


def problems(query: str, shape: type[BaseModel] = ModelsQuery) -> tuple[Problem, ...]:
    with pytest.raises(InvalidRequest) as refused:
        read_query(shape, asked(query))
    return refused.value.problems


def test_absence_is_the_default() -> None:
    """And a name that nobody knows is nobody's business."""
    query = read_query(ModelsQuery, asked("unknown=1&unknown=2"))
    assert query == ModelsQuery.model_validate({})
    assert (query.output_modalities, query.offset, query.limit) == (["text"], 0, None)


def test_values_are_read_as_what_they_are() -> None:
    """Numbers, lists with commas between, words, flags."""
    query = read_query(
        ModelsQuery, asked("limit=20&min_price=0.5&output_modalities=video,all&q=a, b&distillable=false&zdr=true")
    )
    assert (query.limit, query.min_price, query.output_modalities) == (20, 0.5, ["video", "all"])
    assert (query.q, query.distillable, query.zdr) == ("a, b", False, "true")
    assert read_query(ModelsQuery, asked("providers=a, b")).providers == ["a", " b"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=1.0",
        "limit=1_0",
        "limit=٣",
        "limit= 3",
        "limit=",
        "offset=-1",
        "context=0",
        "min_price=nan",
        "min_price=inf",
        "min_price=-0.1",
        "max_price=0x1",
        "sort=Newest",
        "category=cats",
        "region=mars",
        "distillable=yes",
        "zdr=false",
        "use_rss=true",
        "q=",
        "output_modalities=",
        "output_modalities=video,",
        "output_modalities=smell",
        "input_modalities=all",
        "supported_parameters=seed,,size",
        "model_authors= ",
        "limit=1&limit=1",
    ],
)
def test_a_wrong_value_is_a_problem_of_its_parameter(query: str) -> None:
    """Nothing is guessed, cut to size or taken twice."""
    name = query.partition("=")[0]
    found = problems(query)
    assert {problem.field for problem in found} == {name}
    assert all(problem.message.startswith(f"{name} ") for problem in found)


def test_every_problem_is_told_at_once_with_what_would_do() -> None:
    """So that one try is enough to learn of all."""
    found = {problem.field: problem for problem in problems("limit=x&sort=best&input_modalities=text,smell")}
    assert set(found) == {"limit", "sort", "input_modalities"}
    assert found["input_modalities"].allowed == ("text", "image", "file", "audio", "video")
    assert "'smell'" in found["input_modalities"].message
    (missing,) = problems("", GenerationQuery)
    assert (missing.field, missing.message) == ("id", "id is required")


@pytest.mark.parametrize("shape", [ModelsQuery, VideoModelsQuery, GenerationQuery, JobsQuery, ContentQuery])
def test_the_document_describes_each_parameter_by_its_own_schema(shape: type[BaseModel]) -> None:
    """In words of JSON Schema alone, with no null that could not be sent, and lists in the form that is read."""
    known = {"type", "enum", "const", "default", "minimum", "maximum", "minLength", "maxLength", "pattern"}
    known |= {"items", "minItems", "maxItems"}
    described = parameters(shape)
    assert [one["name"] for one in described] == list(shape.model_fields)
    for one in described:
        schema: dict[str, Any] = one["schema"]
        assert set(schema) <= known, one["name"]
        assert schema["type"] in {"string", "integer", "number", "boolean", "array"}
        assert (one.get("explode") is False) == (schema["type"] == "array")
        assert one["required"] == (one["name"] == "id")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1800000000", 1_800_000_000_000),
        ("2027-01-15", 1_799_971_200_000),
        ("2027-01-15T08:00:00Z", 1_800_000_000_000),
        ("2027-01-15T08:00:00.250Z", 1_800_000_000_250),
        ("2027-01-15T09:00:00%2B01:00", 1_800_000_000_000),
        ("2027-01-15T09:00:00 01:00", 1_800_000_000_000),
        ("2027-01-15T07:00:00-01:00", 1_800_000_000_000),
        ("0", 0),
    ],
)
def test_moments_come_in_the_forms_that_people_and_programs_have(text: str, moment: int) -> None:
    """A plus that was not encoded arrives as a space, and is meant all the same."""
    assert read_query(JobsQuery, asked(f"created_after={text}&limit=1")).created_after == moment


@pytest.mark.parametrize(
    "text",
    ["yesterday", "-1", "1.5", "2027-02-30", "2027-13-01", "2027-01-15T08:00:00", "2027-01-15 08:00:00Z", "", "٣"],
)
def test_a_moment_that_nobody_could_know_is_refused(text: str) -> None:
    """A time without its zone, for one; the words show what would do."""
    (problem,) = problems(f"created_before={text}", JobsQuery)
    assert problem.field == "created_before"
    assert "2026-11-21T12:00:00Z" in problem.message


def test_jobs_are_filtered_as_asked() -> None:
    """Without parameters, nothing is left out; for a state that is none, those that there are come with the no."""
    assert job_filter(read_query(JobsQuery, asked(""))) == Filter()
    query = asked("status=failed,expired,failed&model=a/b&key=k&user=u&session_id=s&created_before=10")
    assert job_filter(read_query(JobsQuery, query)) == Filter(
        statuses=frozenset({"failed", "expired"}), model="a/b", key="k", user="u", session="s", until=10_000
    )
    (problem,) = problems("status=failed,done", JobsQuery)
    assert problem.allowed == ("pending", "in_progress", "completed", "failed", "cancelled", "expired")
