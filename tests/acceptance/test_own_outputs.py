"""Videos made here as the inputs of further videos: named, not fetched, and only by whoever owns them."""

from typing import Any

import httpx
import pytest

from tests.acceptance.films import as_picture, decoded, psnr
from tests.acceptance.orders import frame, placed, small, submit, video
from tests.acceptance.studio import Studio
from tests.acceptance.waiting import ended

FAITHFUL = 38.0


def edit_of(url: str, prompt: str) -> dict[str, Any]:
    return {"model": "black-forest-labs/flux-video-edit", "prompt": prompt, "input_references": [video(url)]}


def download(client: httpx.Client, job: dict[str, Any]) -> bytes:
    assert job["status"] == "completed", job
    return client.get(job["unsigned_urls"][0]).content


def test_a_shot_goes_on_where_the_last_one_ended(studio: Studio, client: httpx.Client) -> None:
    """`reelrouter://job/<id>/last_frame` as a first frame gives a film that begins with that very picture."""
    before = studio.take("small")
    url = f"reelrouter://job/{before.job.id}/last_frame"
    job = ended(client, placed(client, small(prompt="on it goes", frame_images=[frame(url, "first_frame")])))
    after = decoded(download(client, job))
    assert psnr(after.first, as_picture(before.film.last)) >= FAITHFUL


def test_a_video_is_edited_by_its_link(studio: Studio, client: httpx.Client) -> None:
    """The signed address of a video as `video_url`: the edit has its pixels and length, at its length's price."""
    take = studio.take("small")
    assert take.job.urls is not None
    job = ended(client, placed(client, edit_of(take.job.urls[0], "snow falls")))
    film = decoded(download(client, job))
    assert (film.width, film.height, film.frames) == (take.film.width, take.film.height, take.film.frames)
    assert film.fps == take.film.fps
    assert job["usage"]["cost"] == pytest.approx(0.03)


@pytest.mark.parametrize("form", ["/api/v1/videos/{}/content", "reelrouter://job/{}"])
def test_an_own_address_is_never_fetched(form: str, studio: Studio, client: httpx.Client) -> None:
    """The bare address would be refused to whoever fetched it without a key: it is looked up in storage."""
    url = form.format(studio.take("small").job.id)
    own = url if url.startswith("reelrouter:") else f"{client.base_url}".rstrip("/") + url
    assert submit(client, edit_of(own, "[[fail:server]]")).status_code == 202


def test_another_workspaces_video_is_404(studio: Studio, stranger: httpx.Client) -> None:
    """By its link too, and nothing is placed."""
    take = studio.take("small")
    assert take.job.urls is not None
    urls = (take.job.urls[0], f"reelrouter://job/{take.job.id}")
    refused = [submit(stranger, edit_of(url, "snow")) for url in urls]
    refused.append(submit(stranger, small(frame_images=[frame(f"{urls[1]}/first_frame", "first_frame")])))
    assert [response.status_code for response in refused] == [404] * 3
    assert refused[0].json()["error"]["metadata"]["error_type"] == "not_found"
    assert stranger.get("/api/v1/videos").json()["data"] == []


def test_another_modes_video_is_404(studio: Studio, live_client: httpx.Client) -> None:
    """What a test key made cannot be used with a live key of the same workspace."""
    before = live_client.get("/api/v1/videos").json()
    url = f"reelrouter://job/{studio.take('small').job.id}/first_frame"
    refused = submit(live_client, small(frame_images=[frame(url, "first_frame")]))
    assert refused.status_code == 404
    after = live_client.get("/api/v1/videos").json()
    assert [job["id"] for job in after["data"]] == [job["id"] for job in before["data"]]


def test_a_video_that_does_not_exist_yet_is_a_400(client: httpx.Client) -> None:
    """Whoever chains shots has to wait for the first one."""
    waiting = placed(client, small(prompt="[[stuck]]"))
    refused = submit(client, edit_of(f"reelrouter://job/{waiting}", "snow"))
    assert refused.status_code == 400
    assert "wait until it is completed" in refused.json()["error"]["message"]
    client.post(f"/api/v1/videos/{waiting}/cancel").raise_for_status()


def test_a_video_where_a_picture_belongs_is_a_400_with_advice(studio: Studio, client: httpx.Client) -> None:
    """The answer says which address would do."""
    job_id = studio.take("small").job.id
    refused = submit(client, small(frame_images=[frame(f"reelrouter://job/{job_id}", "first_frame")]))
    assert refused.status_code == 400
    assert f"reelrouter://job/{job_id}/last_frame" in refused.json()["error"]["message"]
