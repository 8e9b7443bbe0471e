"""A workspace's rules in a request: they narrow what was asked for, and never widen it."""

from hypothesis import given
from hypothesis import strategies as st

from reelrouter.accounts.policy import Policy
from reelrouter.catalogue.request import ProviderWish
from reelrouter.gateway.governing import governed, governed_wish
from tests.catalogue.examples import VEO, ask

WISHES = st.builds(
    ProviderWish,
    only=st.sampled_from([(), ("a",)]),
    sort=st.sampled_from([None, "price", "latency"]),
    zdr=st.booleans(),
    require_parameters=st.booleans(),
)
POLICIES = st.builds(
    Policy,
    strict=st.booleans(),
    zdr=st.booleans(),
    providers=st.sampled_from([None, frozenset(), frozenset({"a", "b"})]),
    sort=st.sampled_from([None, "price", "latency"]),
)


def test_a_workspace_without_rules_leaves_a_request_as_it_is() -> None:
    """The very same value: nothing is copied on the way of most submits."""
    request = ask(VEO)
    assert governed(request, Policy()) is request


@given(wish=WISHES, policy=POLICIES)
def test_of_two_rules_the_stricter_one_holds(wish: ProviderWish, policy: Policy) -> None:
    """A request can ask for more care than its workspace, and not for less."""
    merged = governed_wish(wish, policy)
    assert merged.zdr == (wish.zdr or policy.zdr)
    assert merged.require_parameters == (wish.require_parameters or policy.strict)
    assert (merged.allowed, merged.only) == (policy.providers, wish.only)


@given(wish=WISHES, policy=POLICIES)
def test_the_rank_is_the_requests_where_it_names_one(wish: ProviderWish, policy: Policy) -> None:
    """Else the workspace's: this is a default and no rule."""
    assert governed_wish(wish, policy).sort == (wish.sort or policy.sort)
