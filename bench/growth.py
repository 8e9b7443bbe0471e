"""How cost grows: with stored jobs, with jobs in flight, with workspaces, and with the size of files.

A row is one cost at four sizes; the second column is the cost at the first of them.
"""

from dataclasses import replace

from bench import growth_files, growth_in_flight, growth_stored, growth_workspaces
from bench.figures import Figure, Plan

_PARTS = {
    "stored": growth_stored.measure,
    "workspaces": growth_workspaces.measure,
    "in-flight": growth_in_flight.measure,
    "files": growth_files.measure,
}


def measure(plan: Plan) -> list[Figure]:
    figures: list[Figure] = []
    for name, part in _PARTS.items():
        directory = plan.directory / name
        directory.mkdir()
        figures += part(replace(plan, directory=directory))
    return figures
