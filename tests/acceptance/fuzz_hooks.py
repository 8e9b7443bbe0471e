"""What the fuzzer cannot know from a schema: a model that exists, and what it can do. Loaded by schemathesis."""

from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.hooks import HookContext

_FREE = frozenset({"seed", "session_id", "user", "trace", "generate_audio"})
"""Fields that any model of ours takes as they come."""
_HEADERS = ("X-ReelRouter-Models", "Prefer")
"""Models that exist nowhere, and waits that take as long as they say."""
_ORDER: dict[str, Any] = {
    "model": "reelrouter/animatic",
    "prompt": "[[fail:server]] a boat",
    "duration": 1,
    "resolution": "360p",
}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Turns valid orders into ones that are placed, and fail at once. Invalid ones stay as they are."""
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    orders = case.method == "POST" and case.path.startswith("/api/v1/videos")
    if valid and orders and isinstance(case.body, dict):
        case.body = {**{name: value for name, value in case.body.items() if name in _FREE}, **_ORDER}
        for header in _HEADERS:
            case.headers.pop(header, None)
