"""Measures ReelRouter, each figure beside its floor in the same run, and prints one table. No figure fails it."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from bench import (
    beside,
    clip,
    crash,
    download,
    growth,
    pace,
    peer,
    poll,
    postgres,
    render,
    s3,
    scale,
    sse,
    start,
    submit,
    vendors,
    waiting,
    whole,
)
from bench.figures import Figure, Plan
from bench.report import as_json, as_markdown, as_table

BENCHMARKS: Mapping[str, Callable[[Plan], list[Figure]]] = {
    "submit": submit.measure,
    "poll": poll.measure,
    "download": download.measure,
    "beside": beside.measure,
    "sse": sse.measure,
    "waiting": waiting.measure,
    "vendors": vendors.measure,
    "whole": whole.measure,
    "crash": crash.measure,
    "start": start.measure,
    "render": render.measure,
    "postgres": postgres.measure,
    "scale": scale.measure,
    "growth": growth.measure,
    "s3": s3.measure,
    "peer": peer.measure,
    "pace": pace.measure,
}


def main() -> None:
    asked = _parse()
    names = asked.names or list(BENCHMARKS)
    figures: list[Figure] = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="reelrouter-bench-", dir=asked.directory) as root:
        ready = clip.make(Path(root) / "clip.mp4")
        for name in names:
            directory = Path(root) / name
            directory.mkdir()
            print(f"measuring {name}", file=sys.stderr, flush=True)
            plan = Plan(directory=directory, clip=ready, quick=asked.quick, large=asked.large)
            try:
                figures += BENCHMARKS[name](plan)
            except Exception:  # noqa: BLE001 - what was measured before it, perhaps for an hour, is not thrown away
                traceback.print_exc()
                broken.append(name)
    if asked.json:
        print(as_json(figures))
    elif asked.markdown:
        print(as_markdown(figures))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(as_table(figures))
    if broken:
        sys.exit(f"not measured, for the reasons above: {', '.join(broken)}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which of: {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--large", action="store_true", help="measure downloads of 2 GB too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON in place of a table")
    form.add_argument("--markdown", action="store_true", help="print a table for RESULTS.md")
    parser.add_argument("--directory", type=Path, help="where to put data while measuring; default the system's")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return asked


if __name__ == "__main__":
    main()
