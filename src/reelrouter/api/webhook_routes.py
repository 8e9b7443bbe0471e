"""The rows of the table of routes that are about webhooks on their way out."""

from collections.abc import Sequence

from reelrouter.api import headers, queries, webhook_responses
from reelrouter.api.row import Row
from reelrouter.api.videos import Edge
from reelrouter.api.webhook_bodies import WebhookSecretBody, WebhookTestBody
from reelrouter.api.webhooks import Webhooks, WebhookSecrets


def webhooks(edge: Edge, base: str) -> Sequence[Row]:
    return (*_deliveries(edge, base), *_secrets(edge, base))


def _deliveries(edge: Edge, base: str) -> Sequence[Row]:
    own = Webhooks(edge)
    every, one = f"{base}/webhooks/deliveries", f"{base}/webhooks/deliveries/{{delivery_id}}"
    details = webhook_responses.WebhookDeliveryDetails
    return (
        Row(
            method="GET", path=every, handler=own.list_all, operation="listWebhookDeliveries",
            summary="List what your receivers were told, newest first", status=200,
            answer=webhook_responses.WebhookDeliveryList, errors=(400, 401, 403, 500),
            query=queries.DeliveriesQuery, answer_headers=headers.OWN,
        ),
        Row(
            method="GET", path=one, handler=own.show, operation="getWebhookDelivery",
            summary="Look at a delivery and at every attempt", status=200, answer=details,
            errors=(401, 403, 404, 500), answer_headers=headers.OWN,
        ),
        Row(
            method="POST", path=f"{one}/replay", handler=own.replay, operation="replayWebhookDelivery",
            summary="Send a delivery once more, now, under the same key", status=202, answer=details,
            errors=(401, 403, 404, 409, 500), answer_headers=(headers.MODE,),
        ),
        Row(
            method="POST", path=f"{base}/webhooks/test", handler=own.test, operation="testWebhook",
            summary="Send your receiver a sample, about a job that never was", status=202, answer=details,
            body=WebhookTestBody, needs_body=False, errors=(400, 401, 403, 413, 500),
            answer_headers=(headers.MODE,),
        ),
    )  # fmt: skip


def _secrets(edge: Edge, base: str) -> Sequence[Row]:
    secrets = WebhookSecrets(edge)
    every = f"{base}/workspaces/{{ref}}/webhook-secrets"
    return (
        Row(
            method="GET", path=every, handler=secrets.list_all, operation="listWebhookSecrets",
            summary="List the secrets that a workspace's webhooks are signed with", status=200,
            answer=webhook_responses.WebhookSecretList, errors=(401, 403, 404, 500),
            answer_headers=headers.VARIED,
        ),
        Row(
            method="POST", path=every, handler=secrets.rotate, operation="rotateWebhookSecret",
            summary="Make a new signing secret; the present one goes on beside it for a while", status=201,
            answer=webhook_responses.NewWebhookSecret, body=WebhookSecretBody, needs_body=False,
            errors=(400, 401, 403, 404, 413, 500), answer_headers=headers.CACHED,
        ),
        Row(
            method="DELETE", path=f"{every}/{{secret_id}}", handler=secrets.revoke,
            operation="revokeWebhookSecret", summary="End a signing secret at once", status=204, answer=None,
            errors=(401, 403, 404, 500),
        ),
    )  # fmt: skip
