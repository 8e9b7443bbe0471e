"""Two workspaces on one gateway: whatever the one does with the other's ids, it is told what an unknown id gets.

`KINDS` is the table of ids that there are, each with everything that can be asked with one. A new kind of id, or a
new way to use one, is a row in it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.governing import BASE, made_key, made_workspace
from tests.acceptance.orders import frame, placed, small, submit, video
from tests.acceptance.serving import Server
from tests.acceptance.waiting import ended, in_progress, poll

Probe = Callable[[httpx.Client, str], httpx.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace, with a key of either mode, and what its test key has made."""

    workspace: Mapping[str, Any]
    key_id: str
    test: httpx.Client
    live: httpx.Client
    finished: Mapping[str, Any]
    """A job, as it was polled at its end."""
    waiting: str
    """The id of a job that goes on and on."""
    delivery: str
    vendor_key: str
    signing: str
    """The id of a secret that signs its webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of id."""

    theirs: Callable[[Team], str]
    status: int
    """What whoever may not know of it is answered."""
    probes: Mapping[str, Probe]


EDIT = "black-forest-labs/flux-video-edit"
NOBODY = "http://127.0.0.1:9/"
"""A receiver that does not answer."""
SIGNED = "?index=0&expires=4102444800&signature="


def _get(path: str) -> Probe:
    return lambda client, one: client.get(BASE + path.format(one))


def _submit(**body: Any) -> Probe:
    """`body` with the id wherever it has braces."""
    return lambda client, one: submit(client, _filled(body, one))


def _filled(value: Any, one: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, one) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, one) for inner in value]
    return value.replace("{}", one) if isinstance(value, str) else value


def _edit_by_address(client: httpx.Client, one: str) -> httpx.Response:
    url = f"{str(client.base_url).rstrip('/')}{BASE}/videos/{one}/content"
    return submit(client, {"model": EDIT, "prompt": "snow", "input_references": [video(url)]})


JOB_PROBES: Mapping[str, Probe] = {
    "poll": _get("/videos/{}"),
    "events": _get("/videos/{}/events"),
    "generation": _get("/generation?id={}"),
    "content": _get("/videos/{}/content"),
    "content that there is not": _get("/videos/{}/content?index=7"),
    "poster": _get("/videos/{}/content?variant=poster"),
    "content with a signature": _get("/videos/{}/content" + SIGNED + "A" * 32),
    "size of the content": lambda client, one: client.head(f"{BASE}/videos/{one}/content"),
    "cancel": lambda client, one: client.post(f"{BASE}/videos/{one}/cancel"),
    "delete": lambda client, one: client.delete(f"{BASE}/videos/{one}"),
    "continue": _submit(model="black-forest-labs/flux-3-video", prompt="on", duration=5, previous_job_id="{}"),
    "edit": _submit(model=EDIT, prompt="snow", input_references=[video("reelrouter://job/{}")]),
    "edit by address": _edit_by_address,
    "last frame": _submit(**small(frame_images=[frame("reelrouter://job/{}/last_frame", "first_frame")])),
    "estimate": lambda client, one: client.post(
        f"{BASE}/videos/estimate",
        json={"model": EDIT, "prompt": "snow", "input_references": [video(f"reelrouter://job/{one}")]},
    ),
}
KINDS: Mapping[str, Kind] = {
    "finished job": Kind(theirs=lambda team: str(team.finished["id"]), status=404, probes=JOB_PROBES),
    "waiting job": Kind(theirs=lambda team: team.waiting, status=404, probes=JOB_PROBES),
    "key": Kind(
        theirs=lambda team: team.key_id,
        status=403,
        probes={
            "show": _get("/keys/{}"),
            "change": lambda client, one: client.patch(f"{BASE}/keys/{one}", json={"disabled": True}),
            "delete": lambda client, one: client.delete(f"{BASE}/keys/{one}"),
        },
    ),
    "workspace": Kind(
        theirs=lambda team: str(team.workspace["id"]),
        status=403,
        probes={
            "show": _get("/workspaces/{}"),
            "list of keys": _get("/keys?workspace_id={}"),
            "change": lambda client, one: client.patch(f"{BASE}/workspaces/{one}", json={"name": "ours"}),
            "delete": lambda client, one: client.delete(f"{BASE}/workspaces/{one}"),
            "rotate": lambda client, one: client.post(f"{BASE}/workspaces/{one}/rotate-links"),
            "make a key": lambda client, one: client.post(
                f"{BASE}/keys", json={"name": "ours", "workspace_id": one}
            ),
            "grant credits": lambda client, one: client.post(
                f"{BASE}/workspaces/{one}/credits", json={"amount": 5}
            ),
            "budgets": _get("/workspaces/{}/budgets"),
            "ledger": _get("/workspaces/{}/ledger"),
            "signing secrets": _get("/workspaces/{}/webhook-secrets"),
            "new signing secret": lambda client, one: client.post(f"{BASE}/workspaces/{one}/webhook-secrets"),
        },
    ),
    "delivery": Kind(
        theirs=lambda team: team.delivery,
        status=404,
        probes={
            "show": _get("/webhooks/deliveries/{}"),
            "replay": lambda client, one: client.post(f"{BASE}/webhooks/deliveries/{one}/replay"),
        },
    ),
    "vendor key": Kind(
        theirs=lambda team: team.vendor_key,
        status=403,
        probes={
            "show": _get("/byok/{}"),
            "change": lambda client, one: client.patch(f"{BASE}/byok/{one}", json={"disabled": True}),
            "delete": lambda client, one: client.delete(f"{BASE}/byok/{one}"),
        },
    ),
    "signing secret": Kind(
        theirs=lambda team: team.signing,
        status=403,
        probes={"revoke": lambda client, one: client.delete(f"{BASE}/workspaces/default/webhook-secrets/{one}")},
    ),
}
ROWS = [(kind, probe) for kind, row in KINDS.items() for probe in row.probes]


def team(server: Server, manager: httpx.Client, stack: ExitStack) -> Team:
    workspace = made_workspace(manager)
    keys = [made_key(manager, workspace_id=workspace["id"], mode=mode) for mode in ("test", "live")]
    test, live = (stack.enter_context(server.client(key["key"])) for key in keys)
    waiting = placed(test, small(prompt="[[stuck]]"))
    return Team(
        workspace=workspace,
        key_id=keys[0]["data"]["hash"],
        test=test,
        live=live,
        finished=ended(test, placed(test, small())),
        waiting=waiting,
        delivery=_made(test.post(f"{BASE}/webhooks/test", json={"url": NOBODY})),
        vendor_key=_made(
            manager.post(
                f"{BASE}/byok", json={"provider": "byteplus", "key": "a-key", "workspace_id": workspace["id"]}
            )
        ),
        signing=_made(manager.post(f"{BASE}/workspaces/{workspace['id']}/webhook-secrets")),
    )


def _made(answer: httpx.Response) -> str:
    assert answer.is_success, answer.text
    found = answer.json()
    return str(found.get("data", found)["id"])


@pytest.fixture(scope="module")
def teams(server: Server, manager: httpx.Client) -> Iterator[tuple[Team, Team]]:
    """Whose ids they are, and who tries them."""
    with ExitStack() as stack:
        theirs, ours = team(server, manager, stack), team(server, manager, stack)
        in_progress(theirs.test, theirs.waiting)
        yield theirs, ours
        for one in (theirs, ours):
            one.test.post(f"{BASE}/videos/{one.waiting}/cancel").raise_for_status()


@pytest.mark.parametrize("who", ["another workspace's test key", "another workspace's live key", "own live key"])
@pytest.mark.parametrize(("kind", "probe"), ROWS)
def test_an_id_of_somebody_else_is_an_unknown_one(
    kind: str, probe: str, who: str, teams: tuple[Team, Team]
) -> None:
    """The same status, the same headers, and the same body to the byte; and nothing comes of it."""
    theirs, ours = teams
    row = KINDS[kind]
    client = {"another workspace's test key": ours.test, "another workspace's live key": ours.live}.get(
        who, theirs.live
    )
    known = row.theirs(theirs)
    unknown = known[:-12] + "0" * 12
    answer, other = row.probes[probe](client, known), row.probes[probe](client, unknown)
    assert answer.status_code == row.status, answer.text
    assert _told(answer, known) == _told(other, unknown)
    assert poll(theirs.test, str(theirs.finished["id"]))["status"] == "completed"
    assert poll(theirs.test, theirs.waiting)["status"] == "in_progress"
    assert theirs.test.get(f"{BASE}/key").status_code == 200


def _told(answer: httpx.Response, one: str) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, headers, answer.content.replace(one.encode(), b"<id>")


def test_whoever_it_belongs_to_is_answered(teams: tuple[Team, Team]) -> None:
    """Each way to use a job is one: with one's own id it leads somewhere, and deleting ends that."""
    ours = teams[1]
    one = str(ended(ours.test, placed(ours.test, small()))["id"])
    for name, probe in sorted(JOB_PROBES.items(), key=lambda item: item[0] == "delete"):
        answer = probe(ours.test, one)
        assert answer.status_code != 404, name
        if answer.status_code == 202:
            made = str(answer.json()["id"])
            ended(ours.test, made)
            ours.test.delete(f"{BASE}/videos/{made}").raise_for_status()
    assert ours.test.get(f"{BASE}/videos/{one}").status_code == 404


def test_a_list_shows_one_s_own(teams: tuple[Team, Team]) -> None:
    """Jobs of the workspace and the mode, whatever else is in the gateway."""
    theirs, ours = teams
    listed = {job["id"] for job in ours.test.get(f"{BASE}/videos").json()["data"]}
    assert listed == {ours.finished["id"], ours.waiting}
    assert theirs.live.get(f"{BASE}/videos").json()["data"] == []


def test_a_link_opens_the_file_that_it_was_made_for(
    teams: tuple[Team, Team], keyless_client: httpx.Client
) -> None:
    """Neither a signature of one's own nor one of theirs opens anything else of theirs."""
    theirs, ours = teams
    link = str(theirs.finished["urls"][0])
    assert keyless_client.get(link).status_code == 200
    signature = str(ours.finished["urls"][0]).partition("?")[2]
    for address in (
        link.partition("?")[0] + "?" + signature,
        link.replace("index=0", "index=1"),
        link.replace("content?", "content?variant=poster&"),
        link.replace(str(theirs.finished["id"]), theirs.waiting),
    ):
        for client in (keyless_client, ours.test):
            assert client.get(address).status_code == 404, address


def test_an_idempotency_key_of_theirs_is_free(teams: tuple[Team, Team]) -> None:
    """The same word makes a job of one's own, for the same body and for another one, in either mode."""
    theirs, ours = teams
    headers = {"Idempotency-Key": "a word that both have thought of"}
    body = small(prompt="[[fail:server]]", seed=1)
    first = theirs.test.post(f"{BASE}/videos", json=body, headers=headers)
    second = ours.test.post(f"{BASE}/videos", json=body | {"seed": 2}, headers=headers)
    third = theirs.live.post(f"{BASE}/videos", json=small(seed=3), headers=headers)
    answers = (first, second, third)
    assert [answer.status_code for answer in answers] == [202] * 3
    assert not any("Idempotent-Replayed" in answer.headers for answer in answers)
    assert len({answer.json()["id"] for answer in answers}) == 3
    theirs.live.post(f"{BASE}/videos/{third.json()['id']}/cancel")
    ended(ours.test, second.json()["id"])
    ours.test.delete(f"{BASE}/videos/{second.json()['id']}").raise_for_status()
    ended(theirs.live, third.json()["id"])
    theirs.live.delete(f"{BASE}/videos/{third.json()['id']}").raise_for_status()


def test_deliveries_are_a_workspace_s_own(teams: tuple[Team, Team]) -> None:
    """The list shows those of one's workspace and mode."""
    theirs, ours = teams
    listed = {one["id"] for one in ours.test.get(f"{BASE}/webhooks/deliveries").json()["data"]}
    assert ours.delivery in listed
    assert theirs.delivery not in listed
    assert theirs.live.get(f"{BASE}/webhooks/deliveries").json()["data"] == []
