"""The content address as browsers, players and download tools use it: parts, conditions and links."""

from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from tests.acceptance.books import Books
from tests.acceptance.orders import placed, small
from tests.acceptance.serving import Server
from tests.acceptance.studio import Studio, Take
from tests.acceptance.waiting import ended, poll


@pytest.fixture
def take(studio: Studio) -> Take:
    return studio.take("small")


@pytest.fixture
def address(take: Take) -> str:
    """The bare address, which needs a key."""
    return f"/api/v1/videos/{take.job.id}/content"


@pytest.fixture
def link(take: Take) -> str:
    """The signed address, which needs none."""
    assert take.job.urls is not None
    return take.job.urls[0]


def test_the_whole_file_comes_with_what_a_player_needs(take: Take, address: str, client: httpx.Client) -> None:
    """Length, type, tag and the offer of parts; kept by the reader's own cache alone."""
    response = client.get(address)
    assert response.content == take.mp4
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["content-length"] == str(len(take.mp4))
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["etag"].startswith('"')
    assert "private" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_head_tells_the_same_and_sends_nothing(address: str, client: httpx.Client) -> None:
    """Download managers ask first."""
    head, whole = client.head(address), client.get(address)
    assert head.status_code == 200
    assert head.content == b""
    told = {"content-length", "content-type", "etag", "accept-ranges"}
    assert {name: head.headers[name] for name in told} == {name: whole.headers[name] for name in told}


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-99", (0, 100)),
        ("bytes=100-", (100, None)),
        ("bytes=-50", (-50, None)),
        ("bytes=7-9999999", (7, None)),
    ],
)
def test_a_range_is_answered_with_that_part(
    asked: str, span: tuple[int, int | None], take: Take, address: str, client: httpx.Client
) -> None:
    """206 with the exact bytes, and where they stand in the whole."""
    response = client.get(address, headers={"Range": asked})
    part = take.mp4[slice(*span)]
    start = span[0] if span[0] >= 0 else len(take.mp4) + span[0]
    assert response.status_code == 206
    assert response.content == part
    assert response.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(take.mp4)}"


def test_a_range_beyond_the_end_is_416(take: Take, address: str, client: httpx.Client) -> None:
    """With the file's true length, so that the client can correct itself."""
    response = client.get(address, headers={"Range": f"bytes={len(take.mp4)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(take.mp4)}"
    assert response.json()["error"]["code"] == 416


def test_an_unchanged_file_is_not_sent_again(address: str, client: httpx.Client) -> None:
    """304 for the tag of the file, the whole file for any other."""
    etag = client.head(address).headers["etag"]
    unchanged = client.get(address, headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    assert unchanged.content == b""
    assert unchanged.headers["etag"] == etag
    assert client.get(address, headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_download_is_resumed_only_if_the_file_is_the_same(address: str, client: httpx.Client) -> None:
    """`If-Range` with the file's tag gets the rest; with any other, the whole."""
    etag = client.head(address).headers["etag"]
    assert client.get(address, headers={"Range": "bytes=10-", "If-Range": etag}).status_code == 206
    assert client.get(address, headers={"Range": "bytes=10-", "If-Range": '"another"'}).status_code == 200


def test_the_bare_address_needs_a_key(address: str, keyless_client: httpx.Client, stranger: httpx.Client) -> None:
    """401 for nobody, 404 for somebody else."""
    assert keyless_client.get(address).status_code == 401
    assert stranger.get(address).status_code == 404


def test_a_link_needs_no_key_and_minds_no_wrong_one(take: Take, link: str, keyless_client: httpx.Client) -> None:
    """A browser that sends none gets the file; so does a client that sends somebody else's."""
    wrong = {"Authorization": "Bearer rr-test-unknown"}
    assert keyless_client.get(link).content == take.mp4
    assert keyless_client.get(link, headers=wrong).content == take.mp4
    assert keyless_client.head(link).status_code == 200
    assert keyless_client.get(link, headers={"Range": "bytes=0-9"}).content == take.mp4[:10]
    assert keyless_client.post(link).status_code == 405


def test_a_link_is_good_for_what_it_was_signed_for_alone(
    link: str, studio: Studio, keyless_client: httpx.Client
) -> None:
    """Another job, another index, another variant, a longer life or a changed signature: all refused."""
    marks = parse_qs(urlsplit(link).query)
    expires, signature = marks["expires"][0], marks["signature"][0]
    forged = [
        link.replace(studio.take("small").job.id, studio.take("references").job.id),
        link.replace("index=0", "index=1"),
        f"{link}&variant=poster",
        link.replace(expires, str(int(expires) + 3600)),
        link.replace(signature, signature[::-1]),
    ]
    assert [keyless_client.get(one).status_code for one in forged] == [404] * len(forged)


def test_polls_hand_out_the_same_link(link: str, take: Take, client: httpx.Client) -> None:
    """So that caches see one address; it lives until `expires_at`, a full hour, and moves on with the hour."""
    jobs = [poll(client, take.job.id) for _ in range(3)]
    for job in jobs:
        assert job["urls"] == job["unsigned_urls"]
        assert expires_of(job["urls"][0]) == job["expires_at"]
    links = {link, *(job["urls"][0] for job in jobs)}
    hours = {expires_of(one) / 3600 for one in links}
    assert all(hour.is_integer() for hour in hours)
    assert max(hours) - min(hours) == len(links) - 1 <= 1, "the hour turns but once in between"


def expires_of(link: str) -> int:
    return int(parse_qs(urlsplit(link).query)["expires"][0])


@pytest.mark.parametrize("index", ["-1", "one", "0.5", ""])
def test_an_index_that_is_no_number_is_400(index: str, address: str, client: httpx.Client) -> None:
    """It is not read as some other index."""
    response = client.get(address, params={"index": index})
    assert response.status_code == 400
    assert response.json()["error"]["metadata"]["problems"][0]["field"] == "index"


@pytest.mark.parametrize("variant", ["poster", "spritesheet"])
def test_pictures_of_a_video_come_from_the_same_address(variant: str, address: str, client: httpx.Client) -> None:
    """A poster and a sheet of frames, as JPEGs."""
    response = client.get(address, params={"variant": variant})
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    with Image.open(BytesIO(response.content)) as picture:
        assert picture.format == "JPEG"
        picture.load()


def test_after_its_retention_a_video_is_410(
    server: Server, client: httpx.Client, keyless_client: httpx.Client
) -> None:
    """With a key and with a link that is otherwise alive; the job itself can still be looked at."""
    job_id = placed(client, small())
    link = ended(client, job_id)["urls"][0]
    Books(server.data_dir).end_retention(job_id)
    assert client.get(f"/api/v1/videos/{job_id}/content").status_code == 410
    assert keyless_client.get(link).status_code == 410
    assert poll(client, job_id)["status"] == "completed"


def test_a_video_that_storage_has_lost_is_502(server: Server, client: httpx.Client) -> None:
    """It is nobody's request that is wrong, and the operator is told."""
    job_id = placed(client, small())
    ended(client, job_id)
    (server.data_dir / "objects" / "outputs" / job_id / "0.mp4").unlink()
    response = client.get(f"/api/v1/videos/{job_id}/content")
    assert response.status_code == 502
    assert response.json()["error"]["code"] == 502
    assert [event["key"] for event in server.events("object_missing")] == [f"outputs/{job_id}/0.mp4"]
