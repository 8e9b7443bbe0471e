"""A generation and a key as they leave: described to the last key, exact, and readable by the official SDK."""

from dataclasses import replace
from typing import Any

import pytest
from openrouter import components, operations
from pydantic import BaseModel

from reelrouter.accounts.keys import KeyRecord
from reelrouter.accounts.ledger import Balance
from reelrouter.accounts.limits import Limit
from reelrouter.accounts.periods import Period
from reelrouter.accounts.policy import Caps, Policy
from reelrouter.accounts.spending import Spent
from reelrouter.api import record_responses
from reelrouter.api.record_views import generation_view, key_view
from reelrouter.catalogue.request import Attribution, Inputs
from reelrouter.gateway.records import Generation, KeyAccount
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Attempt, AttemptEnd, Failure, Job, Remarks
from reelrouter.jobs.store import AttemptRecord
from reelrouter.jobs.trouble import Trouble
from reelrouter.money import Nanos
from reelrouter.work import Failed, FailureClass, Finished, StoredFile
from tests.catalogue.examples import picture, sound
from tests.jobs.conftest import SPARE, make_job, route_to

FILE = StoredFile(
    key="k",
    sha256="s",
    size=1,
    mime="video/mp4",
    width=2,
    height=2,
    duration=1.0,
    fps=24.0,
    frames=24,
    codec="h264",
    audio_codec=None,
)
PENDING = make_job(WorkspaceId("ws"), ("a", "b"), 1000.0)
FAILURE = Failure(error_type="server", message="It broke.", failure="internal", vendor_code="E42")
COMPLETED = replace(
    PENDING, status=State.COMPLETED, provider="b", finished_at=1_004_500, price=Nanos(123_456_789), outputs=(FILE,)
)


def attempt(end: AttemptEnd | None, ended_at: int | None = None) -> AttemptRecord:
    made = Attempt(
        job_id=PENDING.id, n=1, endpoint="b", credential="c", key="k", owner="o", intent_at=1_001_000, end=end
    )
    return AttemptRecord(attempt=made, ended_at=ended_at)


def view(job: Job, *attempts: AttemptRecord) -> dict[str, Any]:
    """The view, held against the document and the SDK."""
    shown = {"data": generation_view(Generation(job=job, attempts=attempts))}
    fits(shown, record_responses.GenerationRecord)
    fits(shown, components.GenerationResponse)
    return shown["data"]


def fits(shown: dict[str, Any], shape: type[BaseModel]) -> None:
    shape.model_validate(shown)


@pytest.mark.parametrize("state", list(State))
def test_a_generation_fits_its_types_in_every_state(state: State) -> None:
    """Described to the last key, and the SDK reads it."""
    failure = FAILURE if state in {State.FAILED, State.CANCELLED, State.EXPIRED} else None
    shown = view(replace(PENDING, status=state, failure=failure))
    assert (shown["status"], shown["error"]) == (state.value, failure and "It broke.")
    assert (shown["cancelled"], shown["finish_reason"]) == (
        state is State.CANCELLED,
        "complete" if state is State.COMPLETED else None,
    )


def test_a_completed_generation_tells_cost_and_times() -> None:
    """Exactly: US dollars to the ninth place, and milliseconds."""
    shown = view(COMPLETED, attempt(AttemptEnd(kind="finished", finished=Finished(outputs=())), 1_003_250))
    assert shown["total_cost"] == shown["usage"] == shown["price"] == 0.123456789
    assert (shown["latency"], shown["generation_time"]) == (4500, 2250)
    assert (shown["provider_name"], shown["num_media_completion"]) == ("b", 1)
    assert shown["created_at"] == "1970-01-01T00:16:40.000+00:00"
    assert shown["attempts"][0]["started_at"] == "1970-01-01T00:16:41.000+00:00"
    assert shown["provider_responses"][0]["latency"] == 2250


def test_what_was_delivered_stands_beside_what_was_asked() -> None:
    """One for each video, as it was found to be; also where its file is gone. Without videos it is null."""
    second = replace(FILE, duration=4.04, fps=25.0, frames=101, audio_codec="aac", size=9)
    shown = view(replace(COMPLETED, outputs=(FILE, second), dropped_at=2_000_000))
    assert shown["delivered"] == [
        {
            "duration": 1.0,
            "width": 2,
            "height": 2,
            "fps": 24.0,
            "frames": 24,
            "audio": False,
            "codec": "h264",
            "bytes": 1,
        },
        {
            "duration": 4.04,
            "width": 2,
            "height": 2,
            "fps": 25.0,
            "frames": 101,
            "audio": True,
            "codec": "h264",
            "bytes": 9,
        },
    ]
    assert shown["resolved"]["duration"] == 4
    assert view(PENDING)["delivered"] is None


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (AttemptEnd(kind="finished", finished=Finished(outputs=(), notes=("seed: 'private'",))), 1),
        (AttemptEnd(kind="failed", failed=Failed(failure=FailureClass.TRANSIENT, notes=("a", "private"))), 2),
        (AttemptEnd(kind="cancelled"), 0),
        (None, 0),
    ],
)
def test_details_that_could_not_be_read_are_counted(end: AttemptEnd | None, told: int) -> None:
    """Their words are the operator's."""
    shown = view(PENDING, attempt(end))
    assert shown["attempts"][0]["notes"] == told
    assert "private" not in str(shown)


def test_an_attempt_whose_polls_are_not_understood_says_since_when() -> None:
    """The kind, and not the reason, which is the operator's; once it has ended, there is no trouble any more."""
    trouble = Trouble(kind="unclear", since=1_002_000, reason="status: 'private'")
    shown = view(PENDING, replace(attempt(None), trouble=trouble))
    assert shown["attempts"][0]["trouble"] == {"kind": "unclear", "since": "1970-01-01T00:16:42.000+00:00"}
    assert "private" not in str(shown)
    assert view(PENDING, attempt(None))["attempts"][0]["trouble"] is None


def test_a_generation_is_of_the_model_that_made_it() -> None:
    """Each attempt and each provider's answer names its own; the endpoint's name alone would not tell."""
    routes = (route_to("b"), replace(route_to("b", 1), provider="of-spare"))
    job = replace(COMPLETED, spares=(SPARE,), routes=routes, model=SPARE.model)
    refused = attempt(AttemptEnd(kind="refused", failed=Failed(failure=FailureClass.AUTH)), 1_002_000)
    made = attempt(AttemptEnd(kind="finished", finished=Finished(outputs=())), 1_003_250)
    shown = view(job, refused, replace(made, attempt=replace(made.attempt, plan=1)))
    assert (shown["model"], shown["provider_name"]) == (SPARE.canonical_slug, "of-spare")
    assert shown["resolved"]["audio"]
    assert shown["models"] == [one["model"] for one in shown["attempts"]] == [PENDING.model, SPARE.model]
    assert [(one["model_permaslug"], one["provider_name"]) for one in shown["provider_responses"]] == [
        (PENDING.plan.canonical_slug, "b"),
        (SPARE.canonical_slug, "of-spare"),
    ]


@pytest.mark.parametrize(("billed", "told"), [(None, 0.1), (Nanos(70_000_000), 0.07)])
def test_a_job_on_a_key_of_ones_own_tells_what_the_vendor_bills(billed: Nanos | None, told: float) -> None:
    """The list price where the vendor does not say; of other jobs the bill is the operator's."""
    own = attempt(AttemptEnd(kind="finished", finished=Finished(outputs=())), 1_003_250)
    own = replace(own, attempt=replace(own.attempt, credential="byok:vk_1"))
    shown = view(replace(COMPLETED, is_byok=True, list_price=Nanos(100_000_000), vendor_cost=billed), own)
    assert (shown["is_byok"], shown["upstream_inference_cost"]) == (True, told)
    assert shown["attempts"][0]["is_byok"] is shown["provider_responses"][0]["is_byok"] is True
    plain = view(replace(COMPLETED, vendor_cost=Nanos(7)), attempt(None))
    assert (plain["is_byok"], plain["upstream_inference_cost"]) == (False, None)
    assert plain["attempts"][0]["is_byok"] is plain["provider_responses"][0]["is_byok"] is False


def test_an_unfinished_generation_has_no_times() -> None:
    """What is not known is null, and nothing has been charged."""
    shown = view(PENDING, attempt(None))
    assert (shown["latency"], shown["generation_time"], shown["price"], shown["total_cost"]) == (
        None,
        None,
        None,
        0,
    )
    assert (shown["provider_name"], shown["route"], shown["estimate"]) == (None, ["a", "b"], 0.4)
    assert shown["attempts"][0]["ended_at"] is None


def test_a_failed_attempt_tells_its_class_and_not_the_providers_words() -> None:
    """The code is for programs; the text is for the operator."""
    failed = Failed(failure=FailureClass.TRANSIENT, vendor_text="node 7 burns", vendor_code="E42")
    job = replace(PENDING, status=State.FAILED, failure=FAILURE, vendor_cost=Nanos(77))
    shown = view(job, attempt(AttemptEnd(kind="failed", failed=failed), 1_002_000))
    assert (shown["attempts"][0]["outcome"], shown["attempts"][0]["failure"]) == ("failed", "transient")
    assert shown["native_finish_reason"] == "E42"
    assert "burns" not in str(shown)
    assert shown["upstream_inference_cost"] is None


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (AttemptEnd(kind="finished", finished=Finished(outputs=())), ("finished", None)),
        (AttemptEnd(kind="refused", failed=Failed(failure=FailureClass.AUTH)), ("refused", "auth")),
        (AttemptEnd(kind="unknown_submit"), ("unknown_submit", "unknown_submit")),
        (AttemptEnd(kind="cancelled"), ("cancelled", None)),
        (None, (None, None)),
    ],
)
def test_every_attempt_tells_its_class(end: AttemptEnd | None, told: tuple[str | None, str | None]) -> None:
    """Whatever went wrong has a class; what the owner or the clock ended has none."""
    (shown,) = view(PENDING, attempt(end))["attempts"]
    assert (shown["outcome"], shown["failure"]) == told


def test_what_the_application_said_and_gave_is_told() -> None:
    """Attribution in the contract's places and in ours; inputs as numbers."""
    said = Attribution(referer="https://app.example", title="App", user="u", session_id="s", trace={"a": 1})
    inputs = Inputs(first_frame=picture(2, 2), references=(picture(2, 2), sound()))
    job = replace(PENDING, remarks=Remarks(attribution=said), plan=replace(PENDING.plan, inputs=inputs))
    shown = view(job)
    assert (shown["external_user"], shown["session_id"]) == ("u", "s")
    assert shown["http_referer"] == shown["origin"] == "https://app.example"
    assert shown["attribution"]["trace"] == {"a": 1}
    assert (shown["num_media_prompt"], shown["num_input_audio_prompt"]) == (3, 1)


def limit(subject: str, period: Period, amount: int, settled: int = 0, byok: bool = False) -> Limit:
    return Limit(
        id=f"limit_{subject}_{period}",
        subject=subject,
        period=period,
        amount=Nanos(amount),
        held=Nanos(0),
        settled=Nanos(settled),
        include_byok=byok,
        resets_at=None if period == "total" else 1_800_000_000,
        created_at=0,
        updated_at=None,
    )


def key(amount: int | None, *limits: Limit, policy: Policy | None = None) -> dict[str, Any]:
    """The view of a key, held against the document and the SDK."""
    account = KeyAccount(
        key=KeyRecord(
            workspace=WorkspaceId("ws"),
            id=KeyId("k"),
            mode="live",
            label="rr-live-abcd…",
            name="ci",
            created_at=0,
            disabled_at=None,
        ),
        workspace=WorkspaceId("ws"),
        spent=Spent(
            total=Nanos(3_000_000_001), day=Nanos(1), week=Nanos(10), month=Nanos(100), byok_week=Nanos(7)
        ),
        budget=Balance(
            amount=None if amount is None else Nanos(amount), held=Nanos(500_000_000), settled=Nanos(3_000_000_001)
        ),
        limits=limits,
        policy=policy or Policy(),
    )
    shown = {"data": key_view(account)}
    fits(shown, record_responses.CurrentKey)
    fits(shown, operations.GetCurrentKeyResponse)
    return shown["data"]


# The SDK's own type of the answer warns of two of its fields as soon as it is filled.
pytestmark = pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")


def test_a_key_tells_what_it_has_spent() -> None:
    """To the ninth place; without a budget there is none."""
    shown = key(None)
    assert (shown["usage"], shown["usage_daily"], shown["usage_weekly"]) == (3.000000001, 1e-9, 1e-8)
    assert (shown["byok_usage"], shown["byok_usage_weekly"]) == (0, 7e-9)
    assert (shown["budgets"], shown["effective_budget"]) == ([], None)
    assert (shown["limit"], shown["limit_remaining"], shown["limit_reset"]) == (None, None, None)
    assert (shown["label"], shown["mode"], shown["name"]) == ("rr-live-abcd…", "live", "ci")


def test_credits_are_told_with_what_is_set_aside() -> None:
    """What remains is what the next submit may take."""
    (budget,) = key(5_000_000_000)["budgets"]
    assert (budget["scope"], budget["limit_usd"], budget["spend_usd"]) == ("credits", 5.0, 3.500000001)
    assert budget["remaining_usd"] == 1.499999999


def test_all_that_may_refuse_a_job_is_told_in_its_order() -> None:
    """Credits, the workspace's budgets, the key's own limits; and which of them refuses first."""
    shown = key(
        50_000_000_000,
        limit("k", "daily", 2_000_000_000, 1_000_000_000, byok=True),
        limit("k", "total", 9_000_000_000),
        limit("ws", "monthly", 4_000_000_000),
    )
    assert [(one["scope"], one["reset_interval"], one["budget_id"]) for one in shown["budgets"]] == [
        ("credits", None, None),
        ("workspace", "monthly", "limit_ws_monthly"),
        ("key_limit", "daily", None),
        ("key_limit", None, None),
    ]
    assert shown["effective_budget"] == shown["budgets"][2]
    assert shown["effective_budget"]["resets_at"] == "2027-01-15T08:00:00.000+00:00"
    assert (shown["limit"], shown["limit_remaining"], shown["limit_reset"]) == (2, 1, "daily")
    assert shown["include_byok_in_limit"] is True
    spent = key(None, limit("ws", "total", 1, 5), limit("k", "total", 1, 9))
    assert spent["effective_budget"]["scope"] == "workspace"  # the first that refuses, and not the most overdrawn


def test_the_stricter_of_two_rates_is_told() -> None:
    """With whose it is; the contract's -1 is no limit."""
    assert key(None)["rate_limit"]["requests"] == -1
    shown = key(None, policy=Policy(of_key=Caps(rate=60, concurrency=9), of_workspace=Caps(rate=30)))
    assert (shown["rate_limit"]["requests"], shown["rate_limit"]["interval"]) == (30, "1m")
    assert "all the workspace's keys" in shown["rate_limit"]["note"]
    assert shown["concurrency"] == 9
