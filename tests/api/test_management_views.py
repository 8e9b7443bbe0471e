"""Workspaces and keys as they leave: described to the last key, and readable by the official SDK."""

from typing import Any

import pytest
from openrouter import components, operations

from reelrouter.accounts.keys import KeyKind, KeyRecord
from reelrouter.accounts.limits import Limit
from reelrouter.accounts.spending import Spent
from reelrouter.accounts.workspaces import Workspace
from reelrouter.api import management_responses
from reelrouter.api.management_views import key_view, workspace_view
from reelrouter.gateway.keys import GovernedKey
from reelrouter.gateway.workspaces import GovernedWorkspace
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.money import Nanos

PLAIN = Workspace(id=WorkspaceId("ws_1"), slug="a", name="A", link_secret=b"secret", created_at=1_800_000_000_123)
RULED = Workspace(
    id=WorkspaceId("ws_2"),
    slug="b",
    name="B",
    link_secret=b"secret",
    description="films",
    callback_url="https://app.example/hook",
    zdr=True,
    strict=True,
    retention=60,
    allowed_models=("a/b",),
    allowed_providers=("renderer",),
    provider_sort="price",
    concurrency=1,
    rate=2,
    created_at=0,
    updated_at=1_800_000_000_000,
)
LIMIT = Limit(
    id="limit_1",
    subject="key_1",
    period="monthly",
    amount=Nanos(20_000_000_000),
    held=Nanos(1),
    settled=Nanos(2_000_000_000),
    include_byok=True,
    resets_at=None,
    created_at=0,
    updated_at=None,
)


@pytest.mark.parametrize("workspace", [PLAIN, RULED])
def test_a_workspace_fits_its_types(workspace: Workspace) -> None:
    """Ours and the SDK's; the secret of its links is in none of them."""
    shown = {"data": workspace_view(GovernedWorkspace(workspace=workspace, include_byok=False))}
    management_responses.SingleWorkspace.model_validate(shown)
    components.GetWorkspaceResponse.model_validate(shown)
    assert "secret" not in str(shown)


def test_moments_are_in_utc_and_say_so() -> None:
    """To the millisecond."""
    assert workspace_view(GovernedWorkspace(workspace=PLAIN, include_byok=False))["created_at"] == (
        "2027-01-15T08:00:00.123Z"
    )


def key(mode: KeyKind = "live", limit: Limit | None = None, **more: Any) -> dict[str, Any]:
    """The view of a key, held against the document and the SDK."""
    record = KeyRecord(
        id=KeyId("key_1"),
        workspace=WorkspaceId("ws_1"),
        mode=mode,
        label="rr-live-abcd…",
        name="ci",
        created_at=0,
        **{"disabled_at": None, **more},
    )
    spent = Spent(total=Nanos(3_000_000_001), day=Nanos(1), week=Nanos(10), month=Nanos(100))
    shown = {"data": key_view(GovernedKey(record=record, spent=spent, limit=limit))}
    management_responses.SingleKey.model_validate(shown)
    operations.GetKeyResponse.model_validate(shown)
    operations.UpdateKeysResponse.model_validate(shown)
    return shown["data"]


@pytest.mark.parametrize("mode", ["live", "test", "management"])
def test_a_key_of_each_kind_fits_its_types(mode: KeyKind) -> None:
    """With all that it may have, and with nothing."""
    assert key(mode)["disabled"] is False
    ended = key(mode, disabled_at=5, expires_at=1000, updated_at=7, rate=3, concurrency=2, strict=True)
    assert (ended["disabled"], ended["expires_at"]) == (True, "1970-01-01T00:00:01.000Z")


def test_money_is_in_dollars_to_the_ninth_place() -> None:
    """What is left of a limit is less what is set aside for running jobs."""
    shown = key(limit=LIMIT)
    assert (shown["limit"], shown["limit_remaining"], shown["limit_reset"]) == (20, 17.999999999, "monthly")
    assert shown["include_byok_in_limit"] is True
    assert (shown["usage"], shown["usage_daily"], shown["usage_weekly"]) == (3.000000001, 1e-9, 1e-8)
    assert key()["limit_remaining"] is None


def test_a_limit_that_never_starts_anew_has_no_reset() -> None:
    """As upstream says it."""
    forever = Limit(
        id="l", subject="k", period="total", amount=Nanos(1), held=Nanos(0), settled=Nanos(0),
        include_byok=False, resets_at=None, created_at=0, updated_at=None,
    )  # fmt: skip
    assert key(limit=forever)["limit_reset"] is None
