"""What submits and the dispatcher's looks cost, by how many workspaces take part: 1 to 200."""

from bench import load, processes, side_by_side, teams, ticks
from bench.figures import Figure, Plan
from bench.gateway import Gateway
from bench.load import Load
from bench.series import Series
from reelrouter.db.opening import file_url
from reelrouter.testing.instant_engine import Behaviour

_POINTS, _QUICK_POINTS = (1, 6, 36, 200), (1, 36)
_ROUNDS, _QUICK_ROUNDS = 5, 1
_SUBMITS = 200
_PLENTY = 10**6


def measure(plan: Plan) -> list[Figure]:
    points = _QUICK_POINTS if plan.quick else _POINTS
    directories = {str(count): plan.directory / f"workspaces-{count}" for count in points}
    settings = teams.settings(plan.directory)
    submits = Series(what="submit, by workspaces that take turns: CPU of the API", unit="ms")
    with side_by_side.opened(directories, Behaviour(output=plan.clip, capacity=0), settings) as gateways:
        requests = {name: _requests(ours, int(name)) for name, ours in gateways.items()}
        for _ in range(_QUICK_ROUNDS if plan.quick else _ROUNDS):
            for name in gateways:
                with side_by_side.alone(gateways, name) as ours:
                    submits.add(name, _cost(ours, requests[name]))
        for name, ours in gateways.items():
            with side_by_side.alone(gateways, name):
                _place(ours, requests[name])
    looks = Series(what="a look of the dispatcher that finds no place, by workspaces that wait: CPU", unit="ms")
    starts = Series(what="a look of the dispatcher that starts 24 jobs, by workspaces that wait: CPU", unit="ms")
    for name, directory in directories.items():
        look, start = ticks.of(file_url(directory / "app.db"))
        looks.add(name, look)
        starts.add(name, start)
    note = f"{_waiting(plan):,} jobs wait at every point, as many of each workspace"
    return [submits.figure(), looks.figure(note), starts.figure(note)]


def _requests(ours: Gateway, count: int) -> list[str]:
    return [teams.make(ours.address, _PLENTY).submit for _ in range(count)]


def _cost(ours: Gateway, requests: list[str]) -> float:
    spent = processes.Spent(api=ours.api)
    _place(ours, requests, _SUBMITS)
    return spent.each(_SUBMITS)["api"]


def _place(ours: Gateway, requests: list[str], count: int = ticks.ENOUGH) -> None:
    load.apply(Load(address=ours.address, requests=requests, connections=16, count=count), 202)


def _waiting(plan: Plan) -> int:
    return ticks.ENOUGH + _SUBMITS * (_QUICK_ROUNDS if plan.quick else _ROUNDS)
