"""A workspace's rules over real HTTP: which models and endpoints, how long videos stay, and what is never kept."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from openrouter import errors

from tests.acceptance.books import Books
from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import frame, placed, small, submit
from tests.acceptance.serving import Server
from tests.acceptance.teams import team
from tests.acceptance.waiting import ended, until

ANIMATIC, WAN = "reelrouter/animatic", "alibaba/wan-2.7"
CANARY = "a canary that nobody may remember"
LIST = "/api/v1/videos"


def bytes_of(job_id: str, data_dir: Path) -> str:
    """All that the rows which belong to a job say."""
    with closing(sqlite3.connect(data_dir / "app.db", timeout=30)) as connection:
        rows = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchall()
        rows += connection.execute("SELECT * FROM attempts WHERE job_id = ?", (job_id,)).fetchall()
        rows += connection.execute("SELECT * FROM inputs WHERE job_id = ?", (job_id,)).fetchall()
    return json.dumps(rows)


def files_of(job_id: str, data_dir: Path) -> list[str]:
    folder = data_dir / "objects" / "outputs" / job_id
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# Models and endpoints --------------------------------------------------------------------------------------------


def test_only_allowed_models_can_be_used_and_are_listed(server: Server, sdk_of: SdkOf) -> None:
    """The refusal says which there are; among several models, the others are passed over with a word."""
    (key,) = team(server, rules={"allowed_models": json.dumps([ANIMATIC])}).keys
    with server.client(key) as client:
        assert [row["id"] for row in client.get(f"{LIST}/models").json()["data"]] == [ANIMATIC]
        assert [row["id"] for row in client.get("/api/v1/models/user?output_modalities=all").json()["data"]] == [
            ANIMATIC
        ]
        for path in (LIST, f"{LIST}/estimate"):
            refused = client.post(path, json={"model": WAN, "prompt": "a boat"})
            assert refused.status_code == 403
            error = refused.json()["error"]
            assert error["metadata"]["error_type"] == "permission_denied"
            assert (error["metadata"]["model"], error["metadata"]["allowed"]) == (WAN, [ANIMATIC])
            assert WAN in error["message"]
            assert ANIMATIC in error["message"]
        job = submit(client, small(prompt="[[fail:server]]", model=WAN, models=[ANIMATIC])).json()
        assert any(WAN in warning and "may not use" in warning for warning in job["warnings"])
        assert client.get(f"{LIST}/{job['id']}").json()["model"] == ANIMATIC
    with pytest.raises(errors.ForbiddenResponseError):
        sdk_of(key).video_generation.generate(model=WAN, prompt="a boat")


def test_only_allowed_endpoints_serve(server: Server) -> None:
    """A model all of whose endpoints are ruled out is 404 with each reason, and is not listed."""
    (key,) = team(server, rules={"allowed_providers": json.dumps(["renderer"])}).keys
    with server.client(key) as client:
        refused = submit(client, {"model": WAN, "prompt": "a boat"})
        assert refused.status_code == 404
        assert "the workspace's rules do not allow it" in refused.json()["error"]["message"]
        assert [row["id"] for row in client.get(f"{LIST}/models").json()["data"]] == [ANIMATIC]
        everything = client.get(f"{LIST}/models?all=true").json()["data"]
        assert len(everything) > 1
        assert submit(client, small(prompt="[[fail:server]]")).status_code == 202


def test_a_strict_workspace_refuses_what_others_are_warned_of(server: Server) -> None:
    """As if each of its requests had asked for it."""
    (strict,), (lax,) = team(server, rules={"strict": 1}).keys, team(server).keys
    body = small(prompt="[[fail:server]]", colour="red")
    with server.client(strict) as client, server.client(lax) as other:
        assert submit(client, body).status_code == 400
        assert submit(other, body).json()["warnings"]


def test_videos_are_kept_as_long_as_the_workspace_says(server: Server) -> None:
    """Its links end with them; the gateway's own setting holds for everybody else."""
    (key,) = team(server, rules={"retention": 600}).keys
    with server.client(key) as client:
        job_id = placed(client, small())
        shown = ended(client, job_id)
        assert shown["expires_at"] - shown["created_at"] < 900
        assert client.get(f"{LIST}/{job_id}/content").status_code == 200
        Books(server.data_dir).end_retention(job_id)
        assert client.get(f"{LIST}/{job_id}/content").status_code == 410


# Zero data retention ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["live", "test"])
def test_hosted_models_are_not_routed_where_nothing_may_be_kept(server: Server, mode: str) -> None:
    """By the workspace's rule or the request's own wish: 404, with the reason endpoint by endpoint."""
    ruled = team(server, mode=mode, rules={"zdr": 1}).keys[0]  # type: ignore[arg-type]
    free = team(server, mode=mode).keys[0]  # type: ignore[arg-type]
    for key, wish in ((ruled, {}), (free, {"zdr": True}), (ruled, {"zdr": False})):
        with server.client(key) as client:
            refused = submit(client, {"model": WAN, "prompt": "a boat", "provider": wish})
            assert refused.status_code == 404
            assert "zero data retention" in refused.json()["error"]["message"]


@pytest.mark.parametrize("by", ["workspace", "request"])
@pytest.mark.parametrize("mode", ["live", "test"])
def test_what_was_asked_goes_at_the_end_and_the_video_after_its_download(
    server: Server, images: str, by: str, mode: str
) -> None:
    """The row stays, with its state and its price; a look at the headers, or at a part, takes nothing away."""
    rules = {"zdr": 1} if by == "workspace" else {}
    (key,) = team(server, mode=mode, rules=rules).keys  # type: ignore[arg-type]
    picture = frame(f"{images}/last.png", "first_frame")
    wish = {} if by == "workspace" else {"provider": {"zdr": True}}
    with server.client(key) as client:
        job_id = placed(
            client, small(prompt=CANARY, user="ann", trace={"note": CANARY}, frame_images=[picture], **wish)
        )
        ((key_of_input,),) = [Books(server.data_dir).inputs(job_id)]
        stored = server.data_dir / "objects" / key_of_input
        assert stored.exists()
        shown = ended(client, job_id)
        assert shown["status"] == "completed"
        assert shown["expires_at"] <= shown["created_at"] + 15 * 60 + 120
        left = bytes_of(job_id, server.data_dir)
        assert CANARY not in left
        assert key_of_input not in left
        until(lambda: not stored.exists(), "the input's file to be gone")
        assert not any(CANARY in path.read_text(errors="ignore") for path in server.data_dir.parent.glob("*.log"))

        content = f"{LIST}/{job_id}/content"
        assert client.head(content).status_code == 200
        assert client.get(content, headers={"Range": "bytes=-100"}).status_code == 206
        assert client.get(f"{content}?variant=poster").status_code == 200
        film = client.get(shown["unsigned_urls"][0])
        assert film.status_code == 200
        assert len(film.content) == int(film.headers["Content-Length"])
        until(lambda: client.get(content).status_code == 410, "the video to be gone")
        assert "zero data retention" in client.get(shown["unsigned_urls"][0]).json()["error"]["message"]
        assert client.get(f"{content}?variant=poster").status_code == 410
        until(lambda: not files_of(job_id, server.data_dir), "its files to be gone")

        again = client.get(f"{LIST}/{job_id}").json()
        assert (again["status"], again["usage"]) == (shown["status"], shown["usage"])
        assert [job["id"] for job in client.get(LIST, params={"user": "ann"}).json()["data"]] == [job_id]
        record = client.get("/api/v1/generation", params={"id": job_id}).json()["data"]
        assert record["total_cost"] == shown["usage"]["cost"]


def test_a_part_is_no_download_and_all_of_it_is_one_however_it_is_asked_for(server: Server) -> None:
    """Players look at the end first; a download that was broken off is gone on with."""
    (key,) = team(server, rules={"zdr": 1}).keys
    with server.client(key) as client:
        job_id = placed(client, small())
        (link,) = ended(client, job_id)["unsigned_urls"]
        with client.stream("GET", link, headers={"Range": "bytes=1-"}) as part:
            assert part.status_code == 206
            part.read()
        assert client.get(link, headers={"If-None-Match": "*"}).status_code == 304
        whole = client.get(link, headers={"Range": "bytes=0-"})
        assert whole.status_code == 206
        until(lambda: client.get(link).status_code == 410, "the video to be gone")


def test_a_cancelled_job_is_erased_too(server: Server) -> None:
    """Whether it was waiting or under way."""
    (key,) = team(server, rules={"zdr": 1}).keys
    with server.client(key) as client:
        job_id = placed(client, small(prompt=f"[[stuck]] {CANARY}"))
        client.post(f"{LIST}/{job_id}/cancel")
        assert ended(client, job_id)["status"] == "cancelled"
        assert CANARY not in bytes_of(job_id, server.data_dir)


# Deleting --------------------------------------------------------------------------------------------------------


def test_deleting_removes_the_pictures_and_the_links_at_once(server: Server, client: httpx.Client) -> None:
    """Not with the next sweep: with the answer."""
    job_id = placed(client, small())
    (link,) = ended(client, job_id)["unsigned_urls"]
    for variant in ("poster", "spritesheet"):
        assert client.get(f"{link.partition('?')[0]}?variant={variant}").status_code == 200
    assert files_of(job_id, server.data_dir) == ["0.mp4", "0.poster.jpg", "0.spritesheet.jpg"]
    assert client.delete(f"{LIST}/{job_id}").status_code == 204
    assert files_of(job_id, server.data_dir) == []
    with server.client(None) as anybody:
        assert anybody.get(link).status_code == 404
    assert client.get(f"{LIST}/{job_id}/content").status_code == 404
