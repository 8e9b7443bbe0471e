"""The use cases as one value: what a door is given."""

from dataclasses import dataclass

from reelrouter.gateway.budgets import Budgets
from reelrouter.gateway.files import Files
from reelrouter.gateway.jobs import Jobs
from reelrouter.gateway.nudges import Nudges
from reelrouter.gateway.records import Records
from reelrouter.gateway.shelf import Shelf
from reelrouter.gateway.stations import Stations
from reelrouter.gateway.submissions import Submissions
from reelrouter.gateway.usage import Usage


@dataclass(frozen=True, slots=True)
class Gateway:
    submissions: Submissions
    jobs: Jobs
    files: Files
    shelf: Shelf
    records: Records
    nudges: Nudges
    budgets: Budgets
    usage: Usage


def open_gateway(stations: Stations) -> Gateway:
    return Gateway(
        Submissions(stations),
        Jobs(stations),
        Files(stations),
        Shelf(stations),
        Records(stations),
        Nudges(stations),
        Budgets(stations.db, stations.clock),
        Usage(stations.db, stations.clock),
    )
