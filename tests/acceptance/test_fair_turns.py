"""A full gateway: what one team has waiting by the hundred does not hold up the one job of another."""

from concurrent.futures import ThreadPoolExecutor

from tests.acceptance.conftest import Starter
from tests.acceptance.orders import placed, small
from tests.acceptance.teams import team
from tests.acceptance.waiting import until

_MANY = 600
_PLACES = 200
"""Test jobs that are under way at one time; the others wait."""
_AT_ONCE = 24
"""Jobs of one kind that may be between their start and their acceptance: some may have been on their way."""


def test_the_one_job_of_a_team_is_among_the_next_to_start(start_server: Starter) -> None:
    """It has been waiting for a moment, and four hundred others for longer. Starts are counted, not seconds."""
    server = start_server()
    (many,), (one,) = team(server).keys, team(server).keys
    slow = small(prompt="[[delay:4]] [[fail:server]]")
    with server.client(many) as busy, server.client(one) as late, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: placed(busy, slow), range(_MANY)))
        until(lambda: len(server.events("job_started")) >= _PLACES, "the gateway to be full")
        job_id = placed(late, small(prompt="[[fail:server]]"))

        def started() -> list[str]:
            return [event["job"] for event in server.events("job_placed", "job_started")]

        until(lambda: started().count(job_id) == 2, "the start of the late job")
        told = started()
        first, second = (at for at, job in enumerate(told) if job == job_id)
        assert second - first - 1 <= _AT_ONCE
        assert len(server.events("job_started")) < _MANY
