"""What a job costs its workspace, and what is set aside for it, whoever's key makes it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reelrouter.ids import WorkspaceId
from reelrouter.jobs.charging import Pricing, charge_of, dearest, on_own_keys
from reelrouter.money import Nanos
from reelrouter.routing.choose import Route
from tests.jobs.conftest import make_job

OWN = Route(endpoint="a", provider="a", native_model="m", credential="byok:vk_1")
OPERATORS = replace(OWN, credential="default")


@pytest.mark.parametrize(
    ("fee", "is_byok", "charged"),
    [
        ("0", True, 0),
        ("5", True, 20_000_000),
        ("100", True, 400_000_001),
        ("5", False, 400_000_001),
        ("0.1", True, 400_000),
    ],
)
def test_own_keys_cost_the_fee_and_others_the_whole(fee: str, is_byok: bool, charged: int) -> None:
    """Rounded at the ninth place."""
    terms = Pricing(byok_fee=Decimal(fee))
    assert charge_of(Nanos(400_000_001), None, terms, is_byok=is_byok).price == charged


def test_as_much_is_held_as_the_dearest_route_may_cost() -> None:
    """The fee where no route is the operator's; of several models, the dearest."""
    job = make_job(WorkspaceId("ws"), ("a",), 0.0)
    dear = replace(job.plan, model="other", estimate=Nanos(3 * job.plan.estimate))
    assert dearest(replace(job, routes=(OWN, OPERATORS)), Decimal(5)) == job.plan.estimate
    assert dearest(replace(job, routes=(OWN, OWN)), Decimal(5)) == job.plan.estimate // 20
    both = replace(job, spares=(dear,), routes=(OWN, replace(OPERATORS, plan=1)))
    assert dearest(both, Decimal(5)) == dear.estimate


def test_a_job_can_be_left_to_the_workspaces_own_keys() -> None:
    """Its owner is told; where that changes nothing, or leaves nothing, it cannot."""
    job = replace(make_job(WorkspaceId("ws"), ("a",), 0.0), routes=(OPERATORS, OWN), queue=OPERATORS.queue)
    own = on_own_keys(job)
    assert own is not None
    assert (own.routes, own.queue) == ((OWN,), "a/byok:vk_1")
    assert "only the workspace's own vendor keys" in own.plan.warnings[-1]
    assert on_own_keys(replace(job, routes=(OWN,))) is None
    assert on_own_keys(replace(job, routes=(OPERATORS,))) is None
