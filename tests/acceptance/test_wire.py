"""What reaches the server when no SDK stands in between: every error has the one shape, and types are exact."""

from typing import Any

import httpx
import pytest

from tests.acceptance.orders import placed, small, submit
from tests.acceptance.waiting import poll

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/api/v1/videos", JSON, b"{", 400),
        ("POST", "/api/v1/videos", JSON, b"", 400),
        ("POST", "/api/v1/videos", JSON, b"[]", 400),
        ("POST", "/api/v1/videos", JSON, b"null", 400),
        ("POST", "/api/v1/videos", JSON, b'{"model": NaN}', 400),
        ("POST", "/api/v1/videos", JSON, b"{}", 400),
        ("POST", "/api/v1/videos", {"Content-Type": "text/plain"}, b"{}", 400),
        ("POST", "/api/v1/videos", {}, b"{}", 400),
        ("PUT", "/api/v1/videos", JSON, b"{}", 405),
        ("GET", "/api/v1/nothing", {}, None, 404),
        ("GET", "/", {}, None, 404),
        ("GET", "/api/v1/videos/", {}, None, 404),
        ("POST", "/api/v1/videos/gen-vid-1-00000000000000000000/cancel", {}, None, 404),
    ],
)
def test_every_error_has_the_same_shape(
    method: str, path: str, headers: dict[str, str], body: bytes | None, status: int, client: httpx.Client
) -> None:
    """A code that is the status, a sentence, and a type for programs; never a page, never a trace."""
    response = client.request(method, path, headers=headers, content=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert error["code"] == status
    assert error["message"]
    assert error["metadata"]["error_type"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"duration": "4"}, "duration"),
        ({"duration": 4.5}, "duration"),
        ({"duration": True}, "duration"),
        ({"seed": "7"}, "seed"),
        ({"generate_audio": "yes"}, "generate_audio"),
        ({"prompt": 3}, "prompt"),
        ({"frame_images": {}}, "frame_images"),
        ({"frame_images": [{"type": "image_url", "image_url": {"url": "x"}}]}, "frame_images[0].frame_type"),
        ({"input_references": [{"type": "text", "text": "x"}]}, "input_references[0].type"),
        ({"provider": {"options": {"runway": 1}}}, "provider.options.runway"),
    ],
)
def test_a_wrong_type_is_a_400_that_names_the_field(
    wrong: dict[str, Any], field: str, client: httpx.Client
) -> None:
    """Nothing is converted on a guess."""
    response = submit(client, small(**wrong))
    assert response.status_code == 400
    assert [problem["field"] for problem in response.json()["error"]["metadata"]["problems"]] == [field]


def test_a_whole_number_may_be_written_with_a_point_and_null_is_absence(client: httpx.Client) -> None:
    """JSON knows one kind of number, and many clients send null for what they leave out."""
    job_id = placed(client, small(prompt="[[fail:server]]", duration=2.0, seed=None, size=None, provider=None))
    job = poll(client, job_id)
    assert job["resolved"]["duration"] == 2
    assert "warnings" not in job


def test_unknown_keys_are_named_at_any_depth_and_refused_on_request(client: httpx.Client) -> None:
    """They have no effect, which is said in `warnings`; a caller who wants none of that asks for a 400."""
    body = small(prompt="[[fail:server]]", fps=60, provider={"tempo": 1})
    warnings = poll(client, placed(client, body))["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["fps", "provider.tempo"]
    strict = submit(client, {**body, "provider": {"tempo": 1, "require_parameters": True}})
    assert strict.status_code == 400
    named = {problem["field"] for problem in strict.json()["error"]["metadata"]["problems"]}
    assert named == {"fps", "provider.tempo"}


def test_addresses_never_name_a_host_that_the_caller_made_up(stranger: httpx.Client) -> None:
    """A forged Host header gets no job and no address of its own choice."""
    response = stranger.post(
        "/api/v1/videos", json=small(prompt="[[fail:server]]"), headers={"Host": "evil.example"}
    )
    assert response.status_code == 400
    assert stranger.get("/api/v1/videos").json()["data"] == []


def test_a_test_keys_answers_say_that_they_are_tests(client: httpx.Client, live_client: httpx.Client) -> None:
    """In a header, since clients drop what they do not know in bodies."""
    assert client.get("/api/v1/videos").headers["x-reelrouter-mode"] == "test"
    assert "x-reelrouter-mode" not in live_client.get("/api/v1/videos").headers
