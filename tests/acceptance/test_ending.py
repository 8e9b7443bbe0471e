"""What an owner does with jobs beside waiting: cancel, delete, list."""

import httpx
import pytest

from tests.acceptance.books import Books
from tests.acceptance.orders import frame, placed, small
from tests.acceptance.pictures import data_url, landscape
from tests.acceptance.processes import has_open, is_alive
from tests.acceptance.serving import Server
from tests.acceptance.waiting import ended, in_progress, poll, until


def test_a_render_is_cancelled_and_its_process_is_gone(server: Server, client: httpx.Client) -> None:
    """Within the answer: the job is cancelled, what drew it is dead, and its files are removed."""
    job_id = placed(client, small(duration=30, resolution="1080p"))
    child = until(lambda: next((pid for pid in server.family() if has_open(pid, job_id)), 0), "a child at work")
    response = client.post(f"/api/v1/videos/{job_id}/cancel")
    assert response.status_code == 200
    assert (response.json()["cancel"], response.json()["status"]) == ("cancelled", "cancelled")
    assert not is_alive(child)
    assert not any((server.data_dir / "work" / "renders").glob(f"{job_id}*"))


def test_a_job_that_waits_for_its_backend_is_cancelled(client: httpx.Client) -> None:
    """Even one that would never end by itself; its owner reads that it was cancelled."""
    job_id = placed(client, small(prompt="[[stuck]]"))
    in_progress(client, job_id)
    assert client.post(f"/api/v1/videos/{job_id}/cancel").json()["cancel"] == "cancelled"
    job = poll(client, job_id)
    assert job["status"] == "cancelled"
    assert "cancelled" in job["error"]


def test_what_has_ended_cannot_be_cancelled(client: httpx.Client, stranger: httpx.Client) -> None:
    """409 for its owner, 404 for anybody else."""
    job_id = placed(client, small(prompt="[[fail:server]]"))
    ended(client, job_id)
    assert client.post(f"/api/v1/videos/{job_id}/cancel").status_code == 409
    assert stranger.post(f"/api/v1/videos/{job_id}/cancel").status_code == 404
    assert poll(client, job_id)["status"] == "failed"


def test_a_deleted_job_leaves_nothing(server: Server, client: httpx.Client, keyless_client: httpx.Client) -> None:
    """Its video, poster and input are gone from the disk, its addresses answer 404, and its link is dead."""
    first = frame(data_url(landscape(20)), "first_frame")
    job_id = placed(client, small(frame_images=[first]))
    link = ended(client, job_id)["urls"][0]
    client.get(f"/api/v1/videos/{job_id}/content", params={"variant": "poster"}).raise_for_status()
    objects = server.data_dir / "objects"
    inputs = [objects / key for key in Books(server.data_dir).inputs(job_id)]
    assert [path.is_file() for path in inputs] == [True]
    assert len(list((objects / "outputs" / job_id).iterdir())) == 2
    assert client.delete(f"/api/v1/videos/{job_id}").status_code == 204
    assert not any(path.exists() for path in [*inputs, *(objects / "outputs").glob(f"{job_id}/*")])
    assert client.get(f"/api/v1/videos/{job_id}").status_code == 404
    assert client.get(f"/api/v1/videos/{job_id}/content").status_code == 404
    assert keyless_client.get(link).status_code == 404
    assert client.delete(f"/api/v1/videos/{job_id}").status_code == 404
    assert job_id not in {job["id"] for job in client.get("/api/v1/videos").json()["data"]}


def test_a_job_under_way_cannot_be_deleted(client: httpx.Client, stranger: httpx.Client) -> None:
    """409 that says to cancel it first; once that is done it can."""
    job_id = placed(client, small(prompt="[[stuck]]"))
    refused = client.delete(f"/api/v1/videos/{job_id}")
    assert refused.status_code == 409
    assert "cancel" in refused.json()["error"]["message"]
    assert stranger.delete(f"/api/v1/videos/{job_id}").status_code == 404
    client.post(f"/api/v1/videos/{job_id}/cancel").raise_for_status()
    assert client.delete(f"/api/v1/videos/{job_id}").status_code == 204


def test_jobs_are_listed_page_by_page(stranger: httpx.Client) -> None:
    """The newest first, each once, whatever is placed in between."""
    jobs = [placed(stranger, small(prompt="[[fail:server]]")) for _ in range(5)]
    first = stranger.get("/api/v1/videos", params={"limit": 2}).json()
    placed(stranger, small(prompt="[[fail:server]]"))
    second = stranger.get("/api/v1/videos", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = stranger.get("/api/v1/videos", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    pages = [[job["id"] for job in page["data"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {job_id for page in pages for job_id in page} == set(jobs)
    assert (first["has_more"], second["has_more"], third["has_more"]) == (True, True, False)
    assert "next_cursor" not in third
    created = [job["created_at"] for page in (first, second, third) for job in page["data"]]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"cursor": "nonsense"}])
def test_a_page_that_makes_no_sense_is_400(query: dict[str, str], client: httpx.Client) -> None:
    """With the field's name."""
    response = client.get("/api/v1/videos", params=query)
    assert response.status_code == 400
    assert response.json()["error"]["metadata"]["problems"][0]["field"] == next(iter(query))
