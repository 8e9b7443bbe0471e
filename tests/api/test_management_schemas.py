"""Bodies of managers: exact types, absence and null told apart, and nothing dropped in silence."""

from typing import Any

import pytest

from reelrouter.api.management_schemas import (
    CreateKeyBody,
    CreateWorkspaceBody,
    UpdateKeyBody,
    UpdateWorkspaceBody,
    key_wish,
    read_body,
    workspace_wish,
)
from reelrouter.errors import InvalidRequest

WORKSPACE = {"name": "Acme", "slug": "acme"}


def fields_of(shape: Any, body: object) -> list[str]:
    with pytest.raises(InvalidRequest) as raised:
        read_body(shape, body)
    return [problem.field for problem in raised.value.problems]


def test_a_workspace_s_wish_names_what_was_sent_and_no_more() -> None:
    """In the use case's words; null is no rule."""
    body = {"default_provider_sort": "price", "strict_parameters": None, "requests_per_minute": None, "zdr": True}
    shape, warnings = read_body(UpdateWorkspaceBody, body)
    assert workspace_wish(shape) == {"provider_sort": "price", "strict": False, "rate": None, "zdr": True}
    assert warnings == ()
    assert workspace_wish(read_body(UpdateWorkspaceBody, {})[0]) == {}


def test_a_key_s_wish_is_in_nano_dollars_and_milliseconds() -> None:
    """Without a float on the way: a tenth is a tenth."""
    body = {"limit": 0.1, "limit_reset": None, "expires_at": "2027-01-31T12:00:00.5+01:00", "workspace_id": "acme"}
    wish = key_wish(read_body(UpdateKeyBody, body)[0])
    assert wish == {
        "limit": 100_000_000,
        "limit_reset": "total",
        "expires_at": 1_801_393_200_500,
        "workspace": "acme",
    }
    assert key_wish(read_body(UpdateKeyBody, {"limit": None, "expires_at": None})[0]) == {
        "limit": None,
        "expires_at": None,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Acme"}, "slug"),
        ({"slug": "-acme"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "a\n"}, "slug"),
        ({"slug": "a" * 51}, "slug"),
        ({"slug": None}, "slug"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 5}, "name"),
        ({"description": "x" * 501}, "description"),
        ({"zdr": "yes"}, "zdr"),
        ({"retention": 59}, "retention"),
        ({"retention": "60"}, "retention"),
        ({"retention": 60.5}, "retention"),
        ({"concurrency": 0}, "concurrency"),
        ({"requests_per_minute": -1}, "requests_per_minute"),
        ({"allowed_models": []}, "allowed_models"),
        ({"allowed_models": "google/veo-3.1"}, "allowed_models"),
        ({"allowed_providers": [5]}, "allowed_providers[0]"),
        ({"default_provider_sort": "exacto"}, "default_provider_sort"),
    ],
)
def test_a_workspace_of_another_form_is_refused(change: dict[str, Any], field: str) -> None:
    """With the field's name; the same in a change."""
    assert fields_of(CreateWorkspaceBody, WORKSPACE | change) == [field]
    assert fields_of(UpdateWorkspaceBody, change) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limit": -0.01}, "limit"),
        ({"limit": "20"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit_reset": "hourly"}, "limit_reset"),
        ({"expires_at": "2027-01-31"}, "expires_at"),
        ({"expires_at": "2027-01-31T12:00:00"}, "expires_at"),
        ({"expires_at": "2027-02-31T12:00:00Z"}, "expires_at"),
        ({"expires_at": 1801393200}, "expires_at"),
        ({"mode": "admin"}, "mode"),
        ({"workspace_id": None}, "workspace_id"),
        ({"concurrency": 2**40}, "concurrency"),
    ],
)
def test_a_key_of_another_form_is_refused(change: dict[str, Any], field: str) -> None:
    """With the field's name; the same in a change."""
    assert fields_of(CreateKeyBody, {"name": "ci"} | change) == [field]
    assert fields_of(UpdateKeyBody, change) == [field]


def test_every_wrong_field_is_named_at_once() -> None:
    """Those that are missing, too."""
    assert sorted(fields_of(CreateWorkspaceBody, {"zdr": 1, "retention": 1})) == [
        "name",
        "retention",
        "slug",
        "zdr",
    ]
    assert fields_of(CreateKeyBody, []) == [""]


def test_what_has_no_effect_is_warned_of() -> None:
    """Unless it asks for nothing, or for what is so anyway."""
    body: dict[str, object] = WORKSPACE | {
        "default_text_model": "a/b",
        "default_image_model": None,
        "is_observability_io_logging_enabled": True,
        "is_observability_broadcast_enabled": False,
        "io_logging_sampling_rate": 1,
        "disabled_server_tools": [],
        "größe": 1,
    }
    _, warnings = read_body(CreateWorkspaceBody, body)
    named = [warning.partition(":")[0] for warning in warnings]
    assert named == ["default_text_model", "is_observability_io_logging_enabled", "größe"]


def test_a_flood_of_unknown_keys_is_refused() -> None:
    """It was not written for this API."""
    assert len(fields_of(UpdateKeyBody, {f"key{number}": 1 for number in range(101)})) == 1
