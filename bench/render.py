"""The embedded renderer in a warm process, against x264 alone on the same frames (more in `render_bench`)."""

from multiprocessing import get_context

from bench import render_bench
from bench.figures import Figure, Plan, at_least, at_most
from bench.render_bench import CASES, Row

_FILM, _FRAMES = "text with audio", "first and last, unrelated"


def measure(plan: Plan) -> list[Figure]:
    render_bench.draw_pictures(plan.directory)
    film = _row(plan, _FILM)
    figures = [
        Figure(
            what="render of 4 s, 720p, with audio",
            unit="s",
            ours=film.wall,
            floor=film.x264_cpu,
            target=at_most(2.5),
            note=f"{film.cpu} s of CPU; floor: CPU of x264 alone",
        )
    ]
    return figures if plan.quick else [*figures, *_likeness(_row(plan, _FRAMES))]


def _row(plan: Plan, name: str) -> Row:
    """In a process of its own, which renders another film first."""
    case = next(case for case in CASES if case.name == name)
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(render_bench.measure, (case, plan.directory))


def _likeness(row: Row) -> list[Figure]:
    frames = {"first": row.first_psnr, "last": row.last_psnr}
    return [
        Figure(
            what=f"render: {name} frame against its input", unit="dB", ours=likeness or 0.0, target=at_least(38)
        )
        for name, likeness in frames.items()
    ]
