"""JSON answers: the fast encoder, and the headers that repeat what official clients drop from a body."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from starlette.responses import JSONResponse

from reelrouter.accounts.keys import Caller
from reelrouter.jobs.model import JobView

MODE, WARNINGS = "X-ReelRouter-Mode", "X-ReelRouter-Warnings"
PROVIDER, PROGRESS = "X-ReelRouter-Provider", "X-ReelRouter-Progress"
_LONGEST = 4000
"""Characters of the warnings in a header: common proxies refuse answers whose headers exceed 8 kB."""


class Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return to_json(content)


def mode_headers(caller: Caller) -> dict[str, str]:
    return {MODE: "test"} if caller.mode == "test" else {}


def job_headers(caller: Caller, view: JobView) -> dict[str, str]:
    headers = mode_headers(caller)
    headers |= warning_headers(view.warnings)
    if view.provider is not None:
        headers[PROVIDER] = view.provider
    if view.progress is not None or view.status == "completed":
        headers[PROGRESS] = "100" if view.status == "completed" else str(round((view.progress or 0) * 100))
    return headers


def warning_headers(warnings: Sequence[str]) -> dict[str, str]:
    return {WARNINGS: _warnings(warnings)} if warnings else {}


def _warnings(warnings: Sequence[str]) -> str:
    """A JSON array in ASCII; if it is too long, the last item says how many more the body has."""
    kept: list[str] = []
    for at, warning in enumerate(warnings):
        if len(_ascii([*kept, warning])) > _LONGEST:
            return _ascii([*kept, f"and {len(warnings) - at} more, listed in the body's warnings"])
        kept.append(warning)
    return _ascii(kept)


def _ascii(warnings: Sequence[str]) -> str:
    return json.dumps(list(warnings))
