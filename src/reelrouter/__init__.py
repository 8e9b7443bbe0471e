"""ReelRouter: one video API in front of every video model.

The client's names can be imported from here. What stands behind them is loaded when the first of them is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reelrouter.client.asynchronous import AsyncClient as AsyncClient
    from reelrouter.client.errors import BadRequest as BadRequest
    from reelrouter.client.errors import ClientError as ClientError
    from reelrouter.client.errors import Conflict as Conflict
    from reelrouter.client.errors import DownloadFailed as DownloadFailed
    from reelrouter.client.errors import Forbidden as Forbidden
    from reelrouter.client.errors import Gone as Gone
    from reelrouter.client.errors import JobFailed as JobFailed
    from reelrouter.client.errors import NoPollingUrl as NoPollingUrl
    from reelrouter.client.errors import NotCompleted as NotCompleted
    from reelrouter.client.errors import NotFound as NotFound
    from reelrouter.client.errors import PaymentRequired as PaymentRequired
    from reelrouter.client.errors import RateLimited as RateLimited
    from reelrouter.client.errors import Refused as Refused
    from reelrouter.client.errors import ServerFailed as ServerFailed
    from reelrouter.client.errors import SignatureInvalid as SignatureInvalid
    from reelrouter.client.errors import SubmitUnclear as SubmitUnclear
    from reelrouter.client.errors import TooLarge as TooLarge
    from reelrouter.client.errors import Unauthorized as Unauthorized
    from reelrouter.client.errors import Unreachable as Unreachable
    from reelrouter.client.errors import Unreadable as Unreadable
    from reelrouter.client.errors import Unusable as Unusable
    from reelrouter.client.results import Cancelled as Cancelled
    from reelrouter.client.results import Choice as Choice
    from reelrouter.client.results import Download as Download
    from reelrouter.client.results import Estimate as Estimate
    from reelrouter.client.results import EstimateLine as EstimateLine
    from reelrouter.client.results import ImageCheck as ImageCheck
    from reelrouter.client.results import Job as Job
    from reelrouter.client.results import JobPage as JobPage
    from reelrouter.client.results import Model as Model
    from reelrouter.client.results import Ranked as Ranked
    from reelrouter.client.results import References as References
    from reelrouter.client.results import Remark as Remark
    from reelrouter.client.results import Route as Route
    from reelrouter.client.results import Ruled as Ruled
    from reelrouter.client.results import UpscaleRange as UpscaleRange
    from reelrouter.client.results import Usage as Usage
    from reelrouter.client.results import WebhookEvent as WebhookEvent
    from reelrouter.client.sync import Client as Client
    from reelrouter.client.webhooks import verify_webhook as verify_webhook

_NAMES = {
    "reelrouter.client.asynchronous": "AsyncClient",
    "reelrouter.client.errors": (
        "BadRequest ClientError Conflict DownloadFailed Forbidden Gone JobFailed NoPollingUrl NotCompleted "
        "NotFound PaymentRequired RateLimited Refused ServerFailed SignatureInvalid SubmitUnclear TooLarge "
        "Unauthorized Unreachable Unreadable Unusable"
    ),
    "reelrouter.client.results": (
        "Cancelled Choice Download Estimate EstimateLine ImageCheck Job JobPage Model Ranked References "
        "Remark Route Ruled UpscaleRange Usage WebhookEvent"
    ),
    "reelrouter.client.sync": "Client",
    "reelrouter.client.webhooks": "verify_webhook",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = list(_HOMES)


if not TYPE_CHECKING:  # a checker that sees it takes every misspelt name for Any

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
