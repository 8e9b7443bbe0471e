"""The use cases as one value: what a door is given."""

from dataclasses import dataclass

from reelrouter.gateway.budgets import Budgets
from reelrouter.gateway.byok import Byok, Desk
from reelrouter.gateway.deliveries import Deliveries, Reach
from reelrouter.gateway.files import Files
from reelrouter.gateway.jobs import Jobs
from reelrouter.gateway.keys import KeyAdmin
from reelrouter.gateway.management import Office
from reelrouter.gateway.nudges import Nudges
from reelrouter.gateway.records import Records
from reelrouter.gateway.shelf import Shelf
from reelrouter.gateway.signing import Signing
from reelrouter.gateway.stations import Stations
from reelrouter.gateway.submissions import Submissions
from reelrouter.gateway.usage import Usage
from reelrouter.gateway.workspaces import WorkspaceAdmin


@dataclass(frozen=True, slots=True)
class Gateway:
    submissions: Submissions
    jobs: Jobs
    files: Files
    shelf: Shelf
    records: Records
    nudges: Nudges
    byok: Byok
    deliveries: Deliveries
    signing: Signing
    workspaces: WorkspaceAdmin
    keys: KeyAdmin
    budgets: Budgets
    usage: Usage


def open_gateway(stations: Stations, desk: Desk, office: Office) -> Gateway:
    return Gateway(
        Submissions(stations),
        Jobs(stations),
        Files(stations),
        Shelf(stations),
        Records(stations),
        Nudges(stations),
        Byok(desk),
        Deliveries(stations.db, _reach(stations), stations.clock),
        Signing(stations.db, stations.vault, stations.clock),
        WorkspaceAdmin(office),
        KeyAdmin(office),
        Budgets(stations.db, stations.clock),
        Usage(stations.db, stations.clock),
    )


def _reach(stations: Stations) -> Reach:
    return Reach(rules=stations.terms.callbacks, loopback=stations.terms.loopback_callbacks)
