"""Whose turn it is: nobody waits while others have more, or is given more than they want; nothing is left."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reelrouter.jobs.turns import Party, Turns, share_out

NAMES = st.integers(0, 30).map(str)
PARTIES = st.lists(
    st.builds(Party, name=NAMES, has=st.integers(0, 20), wants=st.integers(-2, 20), turn=st.integers(0, 50)),
    unique_by=lambda party: party.name,
    max_size=12,
)


def party(name: str, wants: int, has: int = 0, turn: int = 0) -> Party:
    return Party(name=name, has=has, wants=wants, turn=turn)


def test_one_that_wants_little_is_not_held_up_by_one_that_wants_much() -> None:
    """Ten thousand wait of one, and one of the other: it is the second to start, at the latest."""
    assert share_out([party("many", 10_000), party("one", 1)], 5) == ("many", "one", "many", "many", "many")


def test_whoever_has_fewest_comes_first_until_all_have_the_same() -> None:
    """Places that are held already count."""
    given_to = share_out([party("a", 9, has=3), party("b", 9, has=1), party("c", 9)], 8)
    assert given_to[:3] == ("c", "b", "c")
    assert Counter(given_to) == {"c": 4, "b": 3, "a": 1}


def test_equals_take_turns() -> None:
    """Even where there is one place at a time, and it is free again before the next is given."""
    turns, waiting = Turns(), ["a", "b", "c"]
    served: list[str] = []
    for _ in range(9):
        given_to = share_out([party(name, 100, turn=turns.of(name)) for name in waiting], 1)
        turns.note(given_to)
        served.extend(given_to)
    assert served == waiting * 3


@given(parties=PARTIES, room=st.integers(0, 100))
def test_every_place_is_given_while_anybody_wants_one(parties: list[Party], room: int) -> None:
    """And nobody is given more than they want."""
    given_to = Counter(share_out(parties, room))
    wants = {party.name: max(0, party.wants) for party in parties}
    assert given_to.total() == min(room, sum(wants.values()))
    assert all(count <= wants[name] for name, count in given_to.items())


@given(parties=PARTIES, room=st.integers(0, 100))
def test_nobody_who_wants_more_ends_with_less_than_somebody_who_was_served(
    parties: list[Party], room: int
) -> None:
    """Whoever was given a place had no more than they have, before it."""
    given_to = Counter(share_out(parties, room))
    ends = {party.name: party.has + given_to[party.name] for party in parties}
    left_wanting = [party.name for party in parties if party.wants > given_to[party.name]]
    for name in left_wanting:
        assert all(ends[other] - 1 <= ends[name] for other in given_to)


def test_what_is_remembered_of_turns_is_bounded() -> None:
    """Those whose turn is longest ago are forgotten, and so come first."""
    turns = Turns(most=3)
    for name in "abcda":
        turns.note([name])
    assert [name for name in "abcd" if turns.of(name)] == ["a", "c", "d"]
    assert turns.of("c") < turns.of("d") < turns.of("a")
