"""Downloading: whole or not at all, gone on with where that is possible, and with the key for nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reelrouter.client.errors import BadRequest, DownloadFailed, Gone, Unauthorized, Unreadable, Unusable
from reelrouter.client.results import Job
from reelrouter.client.sync import Client
from tests.client.drivers import Clock
from tests.client.fake_openrouter import (
    FILM,
    JOB,
    FakeOpenRouter,
    Fault,
    breaks_after,
    fails,
    fake_openrouter,
    hangs_up,
    redirects,
    says,
    sends,
)

DONE = Job(id=JOB, status="completed")
HALF = len(FILM) // 2


@pytest.fixture
def foreign() -> Iterator[FakeOpenRouter]:
    """Somebody else's server, to which the key must not come."""
    with fake_openrouter() as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fox.mp4"


def parts(path: Path) -> list[Path]:
    return [other for other in path.parent.iterdir() if other != path]


def test_without_a_link_the_video_is_where_the_contract_has_it(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """At /content?index=0, with the key."""
    saved = client.download(DONE, path)
    assert (saved.path, saved.bytes, path.read_bytes()) == (path, len(FILM), FILM)
    assert [seen.path for seen in fake.seen] == [f"/api/v1/videos/{JOB}/content?index=0"]


def test_a_video_that_came_after_its_jobs_end_is_downloaded(client: Client, path: Path) -> None:
    """Where a job says what files there are, it does not matter how it ended."""
    late = Job(id=JOB, status="expired", unsigned_urls=(f"/api/v1/videos/{JOB}/content?index=0",))
    assert client.download(late, path).bytes == len(FILM)


def test_by_its_id_a_job_is_asked_for_first(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """The link is the server's to give."""
    fake.pending_polls = 0
    client.download(JOB, path)
    assert [seen.kind for seen in fake.seen] == ["poll", "content"]


def test_a_job_without_a_video_has_none_to_download(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """Neither one that is still going nor one that failed; nor is there a second where there is one."""
    with pytest.raises(Unusable, match="is pending"):
        client.download(JOB, path)
    with pytest.raises(Unusable, match="is failed"):
        client.download(Job(id=JOB, status="failed"), path)
    with pytest.raises(Unusable, match="has no video 1"):
        client.download(Job(id=JOB, status="completed", unsigned_urls=("/a",)), path, index=1)
    with pytest.raises(BadRequest, match="Video index 1 out of range"):
        client.download(DONE, path, index=1)
    assert fake.asked("content")[0].path.endswith("?index=1")
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_there_is_replaced_by_a_whole_one(client: Client, path: Path) -> None:
    """And until then it stays as it is."""
    path.write_bytes(b"an older video")
    meanwhile: set[bytes] = set()
    client.download(DONE, path, on_bytes=lambda *_: meanwhile.add(path.read_bytes()))
    assert meanwhile == {b"an older video"}
    assert path.read_bytes() == FILM


def test_a_broken_download_goes_on_where_the_server_can(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """Only what is missing is sent again, and only of the same file."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF))
    saved = client.download(DONE, path)
    assert (saved.bytes, saved.resumed, path.read_bytes()) == (len(FILM), True, FILM)
    again = fake.asked("content")[1].headers
    assert (again["range"], again["if-range"]) == (f"bytes={HALF}-", f'"{len(FILM)}"')
    assert parts(path) == []


def test_a_broken_download_begins_anew_where_the_server_cannot(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """It asks for the rest, is sent the whole, and keeps no byte twice."""
    fake.plan("content", breaks_after(HALF))
    saved = client.download(DONE, path)
    assert (saved.bytes, saved.resumed, path.read_bytes()) == (len(FILM), False, FILM)
    assert fake.asked("content")[1].headers["range"] == f"bytes={HALF}-"


def test_a_later_download_goes_on_from_an_earlier_one(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """What has arrived is kept beside the file that it will be, and the error says how much it is."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF), *[fails(503, "the cellar is under water")] * 5)
    with pytest.raises(DownloadFailed, match="the cellar is under water") as caught:
        client.download(DONE, path)
    assert caught.value.bytes_so_far == HALF
    assert not path.exists()
    (part,) = parts(path)
    assert part.read_bytes() == FILM[:HALF]
    assert str(part) in str(caught.value.next_step)
    assert client.download(DONE, path).resumed
    assert path.read_bytes() == FILM


def test_what_is_left_of_another_video_is_not_gone_on_with(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """Each job's part has a name of its own."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF), *[hangs_up] * 5)
    with pytest.raises(DownloadFailed):
        client.download(Job(id="gen-vid-another", status="completed"), path)
    client.download(DONE, path)
    assert path.read_bytes() == FILM


def test_a_part_that_is_all_of_it_only_takes_its_name(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """The server has nothing left to send, and says how long the file is."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(len(FILM) - 1), *[hangs_up] * 5)
    with pytest.raises(DownloadFailed):
        client.download(DONE, path)
    (part,) = parts(path)
    part.write_bytes(FILM)
    assert client.download(DONE, path).bytes == len(FILM)
    assert path.read_bytes() == FILM


def test_a_part_that_is_longer_than_the_file_is_thrown_away(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """It cannot be the beginning of it."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF), *[hangs_up] * 5)
    with pytest.raises(DownloadFailed):
        client.download(DONE, path)
    (part,) = parts(path)
    part.write_bytes(FILM + b"more")
    assert client.download(DONE, path).bytes == len(FILM)
    assert path.read_bytes() == FILM


def test_a_server_that_breaks_off_every_time_is_left_after_some_tries(
    client: Client, fake: FakeOpenRouter, clock: Clock, path: Path
) -> None:
    """Each time at the same byte: nothing is gained, and the pauses grow."""
    fake.plan("content", *[breaks_after(1000)] * 20)
    with pytest.raises(DownloadFailed) as caught:
        client.download(DONE, path)
    assert caught.value.bytes_so_far == 1000
    assert clock.pauses == [0.5, 0.5, 1.0, 2.0, 4.0]
    assert len(fake.asked("content")) == 6


SHORT: dict[str, Fault] = {
    "an empty file": sends(200, b"", content_type="video/mp4"),
    "an unasked part": sends(206, FILM[7:9], content_type="video/mp4", content_range="bytes 7-8/262144"),
    "a part of nothing": sends(206, FILM, content_type="video/mp4"),
}


@pytest.mark.parametrize("fault", SHORT.values(), ids=SHORT)
def test_what_is_not_the_file_is_asked_for_again(
    fault: Fault, client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """And never takes its name."""
    fake.plan("content", fault)
    assert client.download(DONE, path).bytes == len(FILM)
    assert path.read_bytes() == FILM


NO_VIDEO: dict[str, Fault] = {
    "a page": sends(200, b"<!doctype html><title>Log in</title>", content_type="text/html"),
    "a text": says(200, {"message": "Log in"}),
    "a picture": sends(200, b"Log in", content_type="image/png"),
}


@pytest.mark.parametrize("fault", NO_VIDEO.values(), ids=NO_VIDEO)
def test_another_kind_of_file_is_no_video(fault: Fault, client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """Though it comes with 200: what came instead is said, and no file is made."""
    fake.plan("content", fault)
    with pytest.raises(DownloadFailed, match="Log in"):
        client.download(DONE, path)
    assert list(path.parent.iterdir()) == []
    assert len(fake.asked("content")) == 1


def test_a_busy_server_is_waited_for_and_a_no_is_not(
    client: Client, fake: FakeOpenRouter, clock: Clock, path: Path
) -> None:
    """For as long as it asks."""
    fake.plan("content", fails(502), fails(429, retry_after="7"))
    client.download(DONE, path)
    assert clock.pauses == [0.5, 7.0]
    fake.plan("content", fails(410, "The video is gone"))
    with pytest.raises(Gone, match="The video is gone"):
        client.download(DONE, path)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_is_not_taken_along_to_another_origin(
    status: int, client: Client, fake: FakeOpenRouter, foreign: FakeOpenRouter, path: Path
) -> None:
    """A redirect is followed without it, and from there back to us it is not taken up again."""
    fake.plan("content", redirects(f"{foreign.base_url}/film", status))
    foreign.plan("else", sends(200, FILM, content_type="video/mp4"))
    client.download(DONE, path)
    assert path.read_bytes() == FILM
    assert "authorization" in fake.seen[0].headers
    assert "authorization" not in foreign.seen[0].headers


def test_a_key_left_behind_is_not_taken_up_again(
    client: Client, fake: FakeOpenRouter, foreign: FakeOpenRouter, path: Path
) -> None:
    """A stranger who sends us back does not decide what we do with it."""
    fake.plan("content", redirects(f"{foreign.base_url}/film"))
    foreign.plan("else", redirects(f"{fake.base_url}/api/v1/videos/x/content"))
    with pytest.raises(Unauthorized):
        client.download(DONE, path)
    assert ["authorization" in seen.headers for seen in fake.seen] == [True, False]


def test_a_link_to_another_origin_is_followed_without_the_key(
    client: Client, foreign: FakeOpenRouter, path: Path
) -> None:
    """Some servers hand out links of their storage."""
    foreign.plan("else", sends(200, FILM, content_type="application/octet-stream"))
    client.download(Job(id=JOB, status="completed", unsigned_urls=(f"{foreign.base_url}/film",)), path)
    assert path.read_bytes() == FILM
    assert "authorization" not in foreign.seen[0].headers


def test_a_ring_of_redirects_is_left(client: Client, fake: FakeOpenRouter, path: Path) -> None:
    """After five of them."""
    fake.plan("content", *[redirects(f"/api/v1/videos/{JOB}/content?index=0")] * 9)
    with pytest.raises(Unreadable, match="more than 5 times"):
        client.download(DONE, path)


def test_a_file_that_cannot_be_written_is_an_error_with_the_reason(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """Here a folder stands where the part should be."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF), *[hangs_up] * 5)
    with pytest.raises(DownloadFailed):
        client.download(DONE, path)
    (part,) = parts(path)
    part.unlink()
    part.mkdir()
    with pytest.raises(DownloadFailed, match="cannot be written") as caught:
        client.download(DONE, path)
    assert caught.value.next_step


def test_progress_is_told_with_the_whole_where_it_is_known(
    client: Client, fake: FakeOpenRouter, path: Path
) -> None:
    """Also when a download is gone on with: the bytes that were there count."""
    fake.has_ranges = True
    fake.plan("content", breaks_after(HALF))
    told: list[Any] = []
    client.download(DONE, path, on_bytes=lambda have, total: told.append((have, total)))
    assert told == sorted(told)
    assert told[-1] == (len(FILM), len(FILM))
