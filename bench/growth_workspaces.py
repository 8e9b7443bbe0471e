"""What submits and the dispatcher's looks cost, by how many workspaces take part: 1 to 200."""

from collections.abc import Mapping

from bench import cluster, load, processes, side_by_side, teams, ticks
from bench.figures import Figure, Plan
from bench.load import Load
from bench.series import Series
from reelrouter.db.opening import file_url
from reelrouter.testing.instant_engine import Behaviour

_POINTS, _QUICK_POINTS = (1, 6, 36, 200), (1, 36)
_SUBMITS = 200
_PLENTY = 10**6


def measure(plan: Plan) -> list[Figure]:
    points = _QUICK_POINTS if plan.quick else _POINTS
    return [*_on_file(plan, points), *_on_server(plan, points)]


class _Costs:
    """By workspaces."""

    def __init__(self, where: str, whose: str) -> None:
        look = f"a look of the dispatcher{where} that"
        self._submits = Series(what=f"submit{where}, by workspaces that take turns: CPU of {whose}", unit="ms")
        self._looks = Series(what=f"{look} finds no place, by workspaces that wait: CPU", unit="ms")
        self._starts = Series(what=f"{look} starts 24 jobs, by workspaces that wait: CPU", unit="ms")

    def submit(self, point: str, address: str, pids: Mapping[str, int], requests: list[str]) -> None:
        """One round; what it places stays, and waits."""
        spent = processes.Spent(**pids)
        _place(address, requests, _SUBMITS)
        self._submits.add(point, sum(spent.each(_SUBMITS).values()))

    def look(self, point: str, url: str, server: int | None = None) -> None:
        """Takes a look with no place to give, and some with many."""
        look, start = ticks.of(url, server)
        self._looks.add(point, look)
        self._starts.add(point, start)

    def figures(self, note: str) -> list[Figure]:
        return [self._submits.figure(), self._looks.figure(note), self._starts.figure(note)]


def _on_file(plan: Plan, points: tuple[int, ...]) -> list[Figure]:
    directories = {str(count): plan.directory / f"workspaces-{count}" for count in points}
    settings, costs = teams.settings(plan.directory), _Costs("", "the API")
    rounds = plan.few_rounds
    with side_by_side.opened(directories, Behaviour(output=plan.clip, capacity=0), settings) as gateways:
        requests = {name: _requests(ours.address, int(name)) for name, ours in gateways.items()}
        for _ in range(rounds):
            for name in gateways:
                with side_by_side.alone(gateways, name) as ours:
                    costs.submit(name, ours.address, {"api": ours.api}, requests[name])
        for name in gateways:
            with side_by_side.alone(gateways, name) as ours:
                _place(ours.address, requests[name], ticks.ENOUGH)
    for name, directory in directories.items():
        costs.look(name, file_url(directory / "app.db"))
    return costs.figures(f"{ticks.ENOUGH + _SUBMITS * rounds:,} jobs wait at every point")


def _on_server(plan: Plan, points: tuple[int, ...]) -> list[Figure]:
    """The same on PostgreSQL, on one server that is given more and more workspaces."""
    costs = _Costs(" on PostgreSQL", "API and server")
    with cluster.opened(plan.directory / "server", []) as ours:
        requests: list[str] = []
        pids = {"api": ours.api, "postgres": ours.postgres}
        for count in points:
            requests += _requests(ours.address, count - len(requests))
            for _ in range(plan.few_rounds):
                costs.submit(str(count), ours.address, pids, requests)
            _place(ours.address, requests, ticks.ENOUGH)
            costs.look(str(count), ours.url, ours.postgres)
    return costs.figures("some hundred jobs wait at every point; with the server's own")


def _requests(address: str, count: int) -> list[str]:
    return [teams.make(address, _PLENTY).submit for _ in range(count)]


def _place(address: str, requests: list[str], count: int) -> None:
    load.apply(Load(address=address, requests=requests, connections=16, count=count), 202)
