"""The rows of the table of routes that are for management keys."""

from collections.abc import Sequence

from reelrouter.api import headers, management_responses, queries
from reelrouter.api.keys import Keys
from reelrouter.api.management_schemas import (
    CreateKeyBody,
    CreateWorkspaceBody,
    UpdateKeyBody,
    UpdateWorkspaceBody,
)
from reelrouter.api.row import Row
from reelrouter.api.videos import Edge
from reelrouter.api.workspaces import Workspaces

_LOOKED_AT = (*headers.VARIED,)
_CHANGED = (*headers.VARIED, headers.WARNINGS)


def management(edge: Edge, base: str) -> Sequence[Row]:
    return (*_workspaces(edge, base), *_keys(edge, base))


def _workspaces(edge: Edge, base: str) -> Sequence[Row]:
    workspaces = Workspaces(edge)
    every, one = f"{base}/workspaces", f"{base}/workspaces/{{ref}}"
    single = management_responses.SingleWorkspace
    return (
        Row(
            method="GET", path=every, handler=workspaces.list_all, operation="listWorkspaces",
            summary="List the workspaces", status=200, answer=management_responses.WorkspaceList,
            errors=(400, 401, 403, 500), query=queries.WorkspacesQuery, answer_headers=_LOOKED_AT,
        ),
        Row(
            method="POST", path=every, handler=workspaces.create, operation="createWorkspace",
            summary="Make a workspace", status=201, answer=single, body=CreateWorkspaceBody,
            errors=(400, 401, 403, 413, 500), answer_headers=_CHANGED,
        ),
        Row(
            method="GET", path=one, handler=workspaces.show, operation="getWorkspace",
            summary="Look a workspace up", status=200, answer=single, errors=(401, 403, 404, 500),
            answer_headers=_LOOKED_AT,
        ),
        Row(
            method="PATCH", path=one, handler=workspaces.update, operation="updateWorkspace",
            summary="Change a workspace: what is left out stays as it is", status=200, answer=single,
            body=UpdateWorkspaceBody, errors=(400, 401, 403, 404, 413, 500), answer_headers=_CHANGED,
        ),
        Row(
            method="DELETE", path=one, handler=workspaces.delete, operation="deleteWorkspace",
            summary="Delete a workspace with its keys; its files go when their retention ends", status=200,
            answer=management_responses.Deleted, errors=(401, 403, 404, 409, 500), answer_headers=_LOOKED_AT,
        ),
        Row(
            method="POST", path=f"{one}/rotate-links", handler=workspaces.rotate_links,
            operation="rotateWorkspaceLinks", summary="End every signed link to a workspace's videos", status=200,
            answer=single, errors=(401, 403, 404, 500), answer_headers=_LOOKED_AT,
        ),
    )  # fmt: skip


def _keys(edge: Edge, base: str) -> Sequence[Row]:
    keys = Keys(edge)
    every, one = f"{base}/keys", f"{base}/keys/{{hash}}"
    single = management_responses.SingleKey
    return (
        Row(
            method="GET", path=every, handler=keys.list_all, operation="listKeys",
            summary="List a workspace's keys, and what they have spent", status=200,
            answer=management_responses.KeyList, errors=(400, 401, 403, 404, 500), query=queries.KeysQuery,
            answer_headers=_LOOKED_AT,
        ),
        Row(
            method="POST", path=every, handler=keys.create, operation="createKeys",
            summary="Make a key; it is shown in the answer, and never again", status=201,
            answer=management_responses.CreatedKey, body=CreateKeyBody, errors=(400, 401, 403, 413, 500),
            answer_headers=_CHANGED,
        ),
        Row(
            method="GET", path=one, handler=keys.show, operation="getKey",
            summary="Look a key up, and what it has spent", status=200, answer=single,
            errors=(401, 403, 404, 500), answer_headers=_LOOKED_AT,
        ),
        Row(
            method="PATCH", path=one, handler=keys.update, operation="updateKeys",
            summary="Change a key: what is left out stays as it is", status=200, answer=single,
            body=UpdateKeyBody, errors=(400, 401, 403, 404, 413, 500), answer_headers=_CHANGED,
        ),
        Row(
            method="DELETE", path=one, handler=keys.delete, operation="deleteKeys",
            summary="Delete a key; it stops working within a second", status=200,
            answer=management_responses.Deleted, errors=(401, 403, 404, 500), answer_headers=_LOOKED_AT,
        ),
    )  # fmt: skip
