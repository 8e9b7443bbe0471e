"""The rows of the table of routes that are about workspaces' own vendor keys."""

from collections.abc import Sequence

from reelrouter.api import byok_responses, headers
from reelrouter.api.byok import ByokQuery, CreateBody, UpdateBody, VendorKeys
from reelrouter.api.row import Row
from reelrouter.api.videos import Edge


def rows(edge: Edge, base: str) -> Sequence[Row]:
    keys, one = VendorKeys(edge), f"{base}/byok/{{vendor_key_id}}"
    return (
        Row(
            method="GET", path=f"{base}/byok", handler=keys.list_all, operation="listBYOKKeys",
            summary="List the vendor keys of a workspace", status=200, answer=byok_responses.VendorKeyList,
            errors=(400, 401, 403, 500), query=ByokQuery, answer_headers=headers.CACHED,
        ),
        Row(
            method="POST", path=f"{base}/byok", handler=keys.create, operation="createBYOKKey",
            summary="Add a vendor key of a workspace's own", status=201, answer=byok_responses.ChangedVendorKey,
            body=CreateBody, errors=(400, 401, 403, 413, 500), answer_headers=headers.CACHED,
        ),
        Row(
            method="GET", path=one, handler=keys.show, operation="getBYOKKey", summary="Look a vendor key up",
            status=200, answer=byok_responses.SingleVendorKey, errors=(401, 403, 404, 500),
            answer_headers=headers.CACHED,
        ),
        Row(
            method="PATCH", path=one, handler=keys.update, operation="updateBYOKKey",
            summary="Replace a vendor key, or change how it is used", status=200,
            answer=byok_responses.ChangedVendorKey, body=UpdateBody, errors=(400, 401, 403, 404, 413, 500),
            answer_headers=headers.CACHED,
        ),
        Row(
            method="DELETE", path=one, handler=keys.delete, operation="deleteBYOKKey",
            summary="Remove a vendor key for good", status=200, answer=byok_responses.Deleted,
            errors=(401, 403, 404, 500), answer_headers=headers.CACHED,
        ),
    )  # fmt: skip
