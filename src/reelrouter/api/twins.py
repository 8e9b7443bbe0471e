"""Headers that stand for what official clients cannot send: their types drop keys that upstream does not know.

| header | stands for |
| --- | --- |
| `X-ReelRouter-Provider` | the body's `provider`, as a JSON object; what the body says wins |
| `X-ReelRouter-Models` | the body's `models`: ids with commas between |
| `Idempotency-Key` | one submit, however often it is sent |
| `Prefer: wait=N` | the answer may take up to N seconds, so that it can show the job's end |
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from reelrouter.api.body import doubts
from reelrouter.api.complaints import not_a_request
from reelrouter.api.schemas import ProviderShape
from reelrouter.catalogue.problems import SESSION_ID_LENGTH
from reelrouter.errors import InvalidRequest, Problem

PROVIDER, MODELS = "X-ReelRouter-Provider", "X-ReelRouter-Models"
IDEMPOTENCY_KEY, PREFER, SESSION = "Idempotency-Key", "Prefer", "x-session-id"
MOST_WAIT = 60
"""Seconds."""
_MOST_KEY = 255
_WAIT = re.compile(r"wait\s*=\s*\"?([^\",;]*)\"?", re.IGNORECASE)


def with_twins(body: object, headers: Mapping[str, str]) -> object:
    """The body as if the headers' wishes stood in it. Raises `InvalidRequest` for headers that cannot be read."""
    provider, models = headers.get(PROVIDER), headers.get(MODELS)
    session = headers.get(SESSION)
    if not isinstance(body, dict) or (provider is None and models is None and session is None):
        return body
    if session is not None and body.get("session_id") is None and len(session) > SESSION_ID_LENGTH:
        raise _refused(SESSION, f"has {len(session)} characters; at most {SESSION_ID_LENGTH} are kept")
    merged = dict(body)
    if provider is not None:
        merged["provider"] = _merged(_provider(provider), body.get("provider"))
    if _stands_for(models, body):
        merged["models"] = _models(models or "")
    return merged


@contextmanager
def named_as_sent(body: object, headers: Mapping[str, str]) -> Iterator[None]:
    """Names the header in refusals of what came by header and not in the body."""
    try:
        yield
    except InvalidRequest as refusal:
        if not isinstance(body, dict) or not _stands_for(headers.get(MODELS), body):
            raise
        raise InvalidRequest([_of_header(problem) for problem in refusal.problems]) from None


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    key = headers.get(IDEMPOTENCY_KEY)
    if key is not None and not 1 <= len(key) <= _MOST_KEY:
        raise _refused(IDEMPOTENCY_KEY, f"has {len(key)} characters; 1 to {_MOST_KEY} will do")
    return key


def wait_seconds(headers: Mapping[str, str]) -> int | None:
    """How long an answer may take; None if the client did not say. More than the most is cut to it, and told."""
    found = _WAIT.search(headers.get(PREFER, ""))
    if found is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", found[1].strip()):
        raise _refused(PREFER, f"must read wait=<seconds>, with whole seconds up to {MOST_WAIT}")
    return min(int(found[1]), MOST_WAIT)


def _stands_for(models: str | None, body: Mapping[str, Any]) -> bool:
    return models is not None and body.get("models") is None


def _of_header(problem: Problem) -> Problem:
    return replace(problem, field=MODELS) if problem.field.startswith("models") else problem


def _provider(text: str) -> dict[str, Any]:
    said = text.encode("latin-1")  # headers are bytes, which the framework shows as this
    try:
        given = from_json(said, allow_inf_nan=False)
    except ValueError as error:
        raise _refused(PROVIDER, f"must be a JSON object, and is not valid JSON: {error}") from None
    if not isinstance(given, dict):
        raise _refused(PROVIDER, 'must be a JSON object, such as {"only": ["google-vertex"]}')
    if problems := doubts(said, PROVIDER):
        raise InvalidRequest(problems)
    try:
        ProviderShape.model_validate(given)
    except ValidationError as error:
        raise not_a_request(error, PROVIDER) from None
    return given


def _merged(twin: Mapping[str, Any], said: object) -> object:
    """The header's object under the body's; each provider's options are one wish."""
    if said is None:
        return dict(twin)
    if not isinstance(said, dict):
        return said  # wrong, and the body's own check says so
    merged = {**twin, **{name: value for name, value in said.items() if value is not None}}
    if isinstance(said.get("options"), dict) and twin.get("options"):
        merged["options"] = {**twin["options"], **said["options"]}
    return merged


def _models(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names) or text.lstrip().startswith("["):
        raise _refused(MODELS, "must be model ids with commas between, such as google/veo-3.1, alibaba/wan-2.7")
    return names


def _refused(header: str, text: str) -> InvalidRequest:
    return InvalidRequest([Problem(header, f"{header} {text}")])
