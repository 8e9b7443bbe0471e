"""All cases, and their sending: side by side, as many at a time as a gateway's limits and this machine allow."""

import asyncio
from collections.abc import Mapping

from tests.acceptance.bad_requests import (
    callbacks,
    clips,
    fields,
    framing,
    headers,
    hosts,
    images,
    json_text,
    models,
    numbers,
    origins,
    routes,
    texts,
)
from tests.acceptance.bad_requests.case import Case
from tests.acceptance.bad_requests.wire import Gateway, Reply, send

_MODULES = (
    fields,
    numbers,
    texts,
    json_text,
    framing,
    models,
    headers,
    routes,
    hosts,
    callbacks,
    images,
    origins,
    clips,
)
CASES: tuple[Case, ...] = tuple(case for module in _MODULES for case in module.cases())

_AT_ONE_TIME = {"guarded": 8, "open": 4}
"""`open` fetches up to two files for each, and turns away what is more than eight for one workspace."""

Result = Reply | TimeoutError | OSError | ValueError


def send_all(gateways: Mapping[str, Gateway]) -> Mapping[str, Result]:
    """What became of each case, by its name."""
    return asyncio.run(_send_all(gateways))


async def _send_all(gateways: Mapping[str, Gateway]) -> Mapping[str, Result]:
    turns = {name: asyncio.Semaphore(most) for name, most in _AT_ONE_TIME.items()}

    async def one(case: Case) -> tuple[str, Result]:
        async with turns[case.gateway]:
            try:
                return case.name, await send(case, gateways[case.gateway])
            except (TimeoutError, OSError, ValueError) as failure:
                return case.name, failure

    return dict(await asyncio.gather(*map(one, CASES)))
