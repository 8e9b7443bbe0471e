"""Choosing a model and checking an image against a real server: what the client says, the server then does."""

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from reelrouter.client.errors import Refused
from reelrouter.client.prices import estimate as by_row
from reelrouter.client.results import Model
from reelrouter.client.sync import Client
from tests.acceptance.orders import frame, image
from tests.acceptance.pictures import data_url
from tests.acceptance.serving import TEST_KEY, Server

PICTURE = data_url(Image.new("RGB", (320, 180), "teal"))
REQUESTS: dict[str, dict[str, Any]] = {
    "from words": {},
    "eight seconds upright": {"duration": 8, "resolution": "720p", "aspect_ratio": "9:16"},
    "from one frame to another": {
        "resolution": "1080p",
        "aspect_ratio": "16:9",
        "frame_images": [frame(PICTURE, "first_frame"), frame(PICTURE, "last_frame")],
    },
    "by a picture, silently": {"input_references": [image(PICTURE)], "generate_audio": False},
    "a size, for two dollars": {"size": "1280x720", "duration": 6, "provider": {"max_price": 2}},
}


@pytest.fixture(scope="module")
def reelrouter(server: Server) -> Iterator[Client]:
    with Client(TEST_KEY, server.base_url) as client:
        yield client


@pytest.fixture(scope="module")
def rows(reelrouter: Client) -> tuple[Model, ...]:
    return reelrouter.models()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_ranked_model_takes_the_request_at_its_price(
    name: str, reelrouter: Client, rows: tuple[Model, ...]
) -> None:
    """The server's own estimate is the price that the model was ranked by, to the last digit."""
    request = {"prompt": "a red fox", **REQUESTS[name]}
    choice = reelrouter.choose(request, models=rows)
    assert choice.best is not None
    assert len(choice.ranked) + len(choice.ruled_out) == len(rows)
    for one in choice.ranked:
        found = reelrouter.estimate({**request, "model": one.model.id})
        assert (one.model.id, found.source, found.cost) == (one.model.id, "server", one.price)


@pytest.mark.parametrize("name", ["eight seconds upright", "from one frame to another"])
def test_a_model_that_was_ruled_out_is_refused(name: str, reelrouter: Client, rows: tuple[Model, ...]) -> None:
    """For what was said of it, the server would not take the request either."""
    request = {"prompt": "a red fox", **REQUESTS[name]}
    fallen = reelrouter.choose(request, models=rows).ruled_out
    assert fallen
    for one in fallen:
        with pytest.raises(Refused):
            reelrouter.estimate({**request, "model": one.model.id})


def test_every_model_is_priced_by_its_row_as_by_the_server(reelrouter: Client, rows: tuple[Model, ...]) -> None:
    """Each of the 34 that makes a video without being given one, with all left to the model."""
    choice = reelrouter.choose({}, models=rows)
    assert len(rows) == 34
    assert {one.model.id for one in choice.ruled_out} == {
        "black-forest-labs/flux-video-edit",
        "black-forest-labs/flux-video-upscale",
        "heygen/avatar-iv",
        "runway/aleph-2",
    }
    for row in (one.model for one in choice.ranked):
        request = {"model": row.id, "prompt": "a red fox"}
        own, servers = by_row(row, request), reelrouter.estimate(request)
        assert (own.source, servers.source) == ("catalogue", "server")
        assert (row.id, own.cost) == (row.id, servers.cost)
        assert [(line.sku, line.cost) for line in own.lines] == [(line.sku, line.cost) for line in servers.lines]


def test_what_was_chosen_is_made(reelrouter: Client, rows: tuple[Model, ...]) -> None:
    """The best of the cheap ones, submitted as it was asked about, is accepted."""
    request = {"prompt": "a red fox", "duration": 1, "resolution": "360p"}
    best = reelrouter.choose(request, models=rows, profile="fast-and-cheap").best
    assert best is not None
    job = reelrouter.submit({**request, "model": best.model.id})
    assert job.polling_url is not None
    reelrouter.cancel(job)


def test_an_image_that_the_check_passes_is_taken(reelrouter: Client, images: str) -> None:
    """It is on this machine, which this server may reach: a warning, and no problem."""
    check = reelrouter.check_image(f"{images}/last.png")
    assert check.ok
    assert (check.status, check.content_type, check.format) == (200, "image/png", "png")
    assert "127.0.0.1 is a private address" in check.warnings[0].text
    assert "google/veo-3.1" in check.first_frame_models
    request = {"prompt": "a red fox", "frame_images": [frame(check.source, "first_frame")]}
    assert reelrouter.estimate({**request, "model": "google/veo-3.1"}).cost > 0


@pytest.mark.parametrize("path", ["not-a-picture.png", "absent.png"])
def test_an_image_that_the_check_fails_is_refused(path: str, reelrouter: Client, images: str) -> None:
    """What the check says beforehand, the server would say after."""
    check = reelrouter.check_image(f"{images}/{path}")
    assert not check.ok
    request = {"prompt": "a red fox", "frame_images": [frame(check.source, "first_frame")]}
    with pytest.raises(Refused):
        reelrouter.estimate({**request, "model": "google/veo-3.1"})


def test_an_output_of_this_server_needs_no_download(reelrouter: Client, server: Server) -> None:
    """It is known by its address, and the check asks nobody for it."""
    check = reelrouter.check_image(f"{server.base_url}/api/v1/videos/gen-vid-1-a/content?index=0")
    assert check.ok
    assert check.status is None


def test_a_check_needs_no_server_of_the_contract(images: str) -> None:
    """Without a list of models, the image is looked at all the same."""
    with Client("a-key", images) as client:
        check = client.check_image(f"{images}/last.png")
    assert check.ok
    assert check.first_frame_models == ()
