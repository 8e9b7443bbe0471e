"""The public guides on video generation, followed once with the Python client and once by hand on Node.

The guides: a video between a first and a last frame, a video guided by reference images, a video from text.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reelrouter import Client, JobFailed, verify_webhook
from reelrouter.client.webhooks import sign
from tests.acceptance.films import decoded, psnr
from tests.acceptance.node.runs import Told, run_client
from tests.acceptance.orders import frame, image
from tests.acceptance.pictures import png, served
from tests.acceptance.serving import TEST_KEY, Server
from tests.acceptance.studio import CARDS, FIRST, LAST

FRAMES: Mapping[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "The camera comes closer while the light grows warmer",
    "duration": 4,
    "resolution": "480p",
    "aspect_ratio": "16:9",
    "generate_audio": False,
}
REFERENCES: Mapping[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "The same rucksack on a wet pavement at night, shape and colour as in the pictures",
    "duration": 4,
    "resolution": "480p",
    "aspect_ratio": "16:9",
    "generate_audio": False,
}
TEXT: Mapping[str, Any] = {
    "prompt": "A quiet valley in the evening",
    "duration": 2,
    "resolution": "720p",
    "aspect_ratio": "1:1",
}
SIZES = {"frames": (854, 480), "references": (854, 480), "text": (720, 720)}

Settings = Callable[[str], None]


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """The address of a server with the guides' pictures, and with a page that is none."""
    pictures = {"first": FIRST, "last": LAST, "front": CARDS[0], "side": CARDS[1]}
    files = {f"/{name}.png": ("image/png", png(picture)) for name, picture in pictures.items()}
    with served({**files, "/page.png": ("text/html", b"<p>Log in to see this picture</p>")}) as address:
        yield address


@pytest.fixture
def settings(server: Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Sets key and address as a guide's reader does, under the names of one service."""
    for prefix in ("REELROUTER", "OPENROUTER", "MODELGATES"):
        for name in ("API_KEY", "BASE_URL"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)

    def put(prefix: str) -> None:
        monkeypatch.setenv(f"{prefix}_API_KEY", TEST_KEY)
        monkeypatch.setenv(f"{prefix}_BASE_URL", server.base_url)

    return put


@pytest.fixture(scope="module")
def by_hand(server: Server, gallery: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Told]:
    """What came of the guides' flow on Node."""
    given = {
        "server": server.base_url,
        "key": TEST_KEY,
        "folder": str(tmp_path_factory.mktemp("guides")),
        "first": f"{gallery}/first.png",
        "last": f"{gallery}/last.png",
        "references": [f"{gallery}/front.png", f"{gallery}/side.png"],
        "notAPicture": f"{gallery}/page.png",
        "pause": 1000,
    }
    return run_client("guides.mjs", given)


def test_a_video_between_two_frames(settings: Settings, gallery: str, tmp_path: Path) -> None:
    """Check the images, check the model, and make the video; it begins and ends with them."""
    settings("OPENROUTER")
    first, last, path = f"{gallery}/first.png", f"{gallery}/last.png", tmp_path / "frames.mp4"
    with Client() as client:
        checks = [client.check_image(url) for url in (first, last)]
        model = client.model(FRAMES["model"])
        frames = [frame(first, "first_frame"), frame(last, "last_frame")]
        job, saved = client.generate({**FRAMES, "frame_images": frames}, path)
    assert [check.ok for check in checks] == [True, True]
    assert model.id in checks[0].first_frame_models
    assert model.id in checks[1].last_frame_models
    assert (job.status, saved.bytes) == ("completed", path.stat().st_size)
    film = decoded(path.read_bytes())
    assert (film.width, film.height, film.frames) == (854, 480, 96)
    assert psnr(film.first, FIRST) > 30
    assert psnr(film.last, LAST) > 30


def test_a_video_guided_by_references(settings: Settings, gallery: str, tmp_path: Path) -> None:
    """The models that take as many references are found; the others are named with the reason."""
    settings("MODELGATES")
    urls = [f"{gallery}/front.png", f"{gallery}/side.png"]
    wanted = {**REFERENCES, "input_references": [image(url) for url in urls]}
    with Client() as client:
        checks = [client.check_image(url) for url in urls]
        choice = client.choose({name: value for name, value in wanted.items() if name != "model"})
        job, saved = client.generate(wanted, tmp_path / "references.mp4")
    assert all(REFERENCES["model"] in check.reference_models for check in checks)
    assert REFERENCES["model"] in {ranked.model.id for ranked in choice.ranked}
    assert all(ruled.reasons for ruled in choice.ruled_out)
    assert (job.status, job.warnings) == ("completed", ())
    assert decoded(saved.path.read_bytes()).frames == 96


def test_a_video_from_text(settings: Settings, tmp_path: Path) -> None:
    """Choose a model, ask for the price, make the video; and believe only those webhooks that are signed."""
    settings("REELROUTER")
    with Client() as client:
        best = client.choose(TEXT, profile="fast-and-cheap").best
        assert best is not None
        wanted = {**TEXT, "model": best.model.id}
        price = client.estimate(wanted)
        job, saved = client.generate(wanted, tmp_path / "text.mp4")
    assert job.usage is not None
    assert job.usage.cost == price.cost == best.price
    film = decoded(saved.path.read_bytes())
    assert (film.width, film.height) == (720, 720)
    body = json.dumps({"type": "video.generation.completed", "data": job.raw}).encode()
    headers = sign(body, "whsec_c2VjcmV0", event_id=f"{job.id}-completed", timestamp=1_790_000_000)
    event = verify_webhook(headers, body, "whsec_c2VjcmV0", now=1_790_000_100)
    assert (event.job.id, event.job.unsigned_urls) == (job.id, job.unsigned_urls)


def test_a_page_is_no_picture(settings: Settings, gallery: str) -> None:
    """It is found out before anything is paid for, with what to do about it."""
    settings("OPENROUTER")
    with Client() as client:
        check = client.check_image(f"{gallery}/page.png")
    assert not check.ok
    assert check.is_web_page
    assert all(problem.next_step for problem in check.problems)


def test_a_failure_stops_the_flow(settings: Settings, tmp_path: Path) -> None:
    """With the error's text, and without a file."""
    settings("OPENROUTER")
    wanted = {"model": "alibaba/wan-2.7", "prompt": "[[fail:content_policy_violation]]"}
    with Client() as client, pytest.raises(JobFailed) as caught:
        client.generate(wanted, tmp_path / "failure.mp4")
    assert caught.value.job.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("guide", ["frames", "references", "text"])
def test_the_same_by_hand_on_node(guide: str, by_hand: Mapping[str, Told]) -> None:
    """Every step that the guides have everybody write works here as it does there."""
    told = by_hand[guide].value()
    assert (told["placed"]["status"], told["job"]["status"]) == ("pending", "completed")
    assert told["polls"][-1] == "completed"
    mp4 = Path(told["path"]).read_bytes()
    assert len(mp4) == told["bytes"]
    film = decoded(mp4)
    assert (film.width, film.height) == SIZES[guide]
    if guide == "frames":
        assert psnr(film.first, FIRST) > 30
        assert psnr(film.last, LAST) > 30


def test_by_hand_a_failure_stops_the_flow_too(by_hand: Mapping[str, Told]) -> None:
    """A failed job's error is a text that can be thrown; a page is told from a picture by its type."""
    assert by_hand["failure"].error()["message"].startswith("failed: ")
    assert "is no picture: 200 text/html" in by_hand["not_a_picture"].error()["message"]
