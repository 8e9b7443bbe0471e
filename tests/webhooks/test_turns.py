"""Whose webhooks are sent next."""

from hypothesis import given
from hypothesis import strategies as st

from reelrouter.webhooks.turns import Places, rooms

PLACES = Places(per_host=3, in_all=8)


def test_a_host_gets_its_places_and_no_more() -> None:
    """However much waits for it, and counting what is under way."""
    assert rooms(["a"], {}, set(), PLACES) == [("a", 3)]
    assert rooms(["a"], {"a": 2}, set(), PLACES) == [("a", 1)]
    assert rooms(["a"], {"a": 3}, set(), PLACES) == []


def test_places_go_around() -> None:
    """With more hosts than places, each of the first gets one."""
    hosts = [f"h{number}" for number in range(10)]
    assert rooms(hosts, {}, set(), PLACES) == [(host, 1) for host in hosts[:8]]
    assert dict(rooms(["a", "b", "c"], {}, set(), PLACES)) == {"a": 3, "b": 3, "c": 2}


def test_whoever_has_least_under_way_comes_first() -> None:
    """A host with a long queue does not take the last place from one that has nothing."""
    assert rooms(["busy", "idle"], {"busy": 2, "others": 5}, set(), PLACES) == [("idle", 1)]


def test_a_silent_host_holds_one_place() -> None:
    """Until it answers: many dead receivers leave places to the living."""
    dead = [f"dead{number}" for number in range(5)]
    given_places = dict(rooms([*dead, "alive"], {}, set(dead), PLACES))
    assert given_places == {**dict.fromkeys(dead, 1), "alive": 3}
    assert rooms(["dead0"], {"dead0": 1}, set(dead), PLACES) == []


NAMES = st.sampled_from("abcdefgh")


@given(
    st.lists(NAMES, unique=True),
    st.dictionaries(NAMES, st.integers(1, 5)),
    st.sets(NAMES),
    st.builds(Places, per_host=st.integers(1, 5), in_all=st.integers(1, 12)),
)
def test_no_bound_is_ever_passed(hosts: list[str], busy: dict[str, int], silent: set[str], places: Places) -> None:
    """Neither the host's nor that of all; and while a place is left, nobody who could have it goes without."""
    found = dict(rooms(hosts, busy, silent, places))
    most = {host: 1 if host in silent else places.per_host for host in hosts}
    assert set(found) <= set(hosts)
    assert all(given > 0 and busy.get(host, 0) + given <= most[host] for host, given in found.items())
    left = places.in_all - sum(busy.values()) - sum(found.values())
    assert left >= 0 or not found
    if left > 0:
        assert all(busy.get(host, 0) + found.get(host, 0) >= most[host] for host in hosts)
