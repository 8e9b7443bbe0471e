"""Whether this process lives, and whether it can do its work."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import OutageCause, ReelRouterError, StorageFailed, cause_of_os_error
from reelrouter.gateway.readiness import Check


class Health:
    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def live(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """200 if jobs can be taken and made, else 503 that names each part that cannot be used, and the cause."""
        found = await asyncio.gather(*(_verdict(name, check) for name, check in self._checks.items()))
        verdicts = dict(zip(self._checks, found, strict=True))
        ready = all(verdict.told == "ok" for verdict in found)
        causes = {name: verdict.cause for name, verdict in verdicts.items() if verdict.cause is not None}
        body = {
            "status": "ok" if ready else "unavailable",
            "parts": {name: verdict.told for name, verdict in verdicts.items()},
            **({"causes": causes} if causes else {}),
        }
        return JSONResponse(body, 200 if ready else 503)


@dataclass(frozen=True, slots=True)
class _Verdict:
    told: str
    cause: OutageCause | None = None


async def _verdict(name: str, check: Check) -> _Verdict:
    """Anybody may ask, so that nothing is told but the kind of trouble."""
    try:
        await check()
    except (StorageFailed, DatabaseGone) as error:
        return _outage(name, error.cause)
    except OSError as error:
        return _outage(name, cause_of_os_error(error))
    except ReelRouterError as error:
        return _Verdict(error.message)
    return _Verdict("ok")


def _outage(name: str, cause: OutageCause) -> _Verdict:
    return _Verdict(f"The {name} cannot be used: {cause.told}.", cause)
