"""The project's own client, both kinds of it, against a running server."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelrouter import (
    AsyncClient,
    BadRequest,
    Client,
    Conflict,
    JobFailed,
    NotCompleted,
    NotFound,
    SubmitUnclear,
    Unauthorized,
)
from tests.acceptance.films import decoded
from tests.acceptance.orders import SMALL, small
from tests.acceptance.serving import TEST_KEY, Server
from tests.client.drivers import DRIVERS, opened

BRIEFLY: dict[str, Any] = {"attempts": 120, "interval": 0.5}


@pytest.fixture(params=DRIVERS)
def reel(request: pytest.FixtureRequest, server: Server) -> Iterator[Client]:
    """Either of the two clients, with the test key."""
    with opened(request.param, TEST_KEY, server.base_url) as client:
        yield client


def test_a_video_is_made_by_one_call(reel: Client, tmp_path: Path) -> None:
    """Its progress is heard of without polling, its bytes are counted, and the file is a film."""
    path = tmp_path / "boat.mp4"
    states: list[str] = []
    sizes: list[tuple[int, int | None]] = []
    job, saved = reel.generate(
        SMALL,
        path,
        on_change=lambda job: states.append(job.status),
        on_bytes=lambda have, total: sizes.append((have, total)),
        **BRIEFLY,
    )
    assert job.polls == 1
    assert (states[0], states[-1]) == ("pending", "completed")
    assert sizes[-1] == (saved.bytes, saved.bytes)
    film = decoded(path.read_bytes())
    assert (film.width, film.height, film.frames) == (640, 360, 24)
    assert [found.name for found in tmp_path.iterdir()] == ["boat.mp4"]


def test_many_videos_are_made_beside_each_other(server: Server, tmp_path: Path) -> None:
    """With one asynchronous client."""

    async def make() -> list[int]:
        async with AsyncClient(TEST_KEY, server.base_url) as client:
            made = [client.generate(small(seed=seed), tmp_path / f"{seed}.mp4", **BRIEFLY) for seed in range(3)]
            return [saved.bytes for _, saved in await asyncio.gather(*made)]

    assert sorted(asyncio.run(make())) == sorted(found.stat().st_size for found in tmp_path.iterdir())


def test_the_models_say_more_than_upstreams(reel: Client) -> None:
    """How many references they take, and for which keys they work; one is found by either name."""
    models = reel.models()
    assert all(model.supported_references and model.available for model in models)
    one = reel.model("google/veo-3.1-lite")
    assert one.canonical_slug is not None
    assert reel.model(one.canonical_slug) == one


def test_the_estimate_is_the_servers_own(reel: Client) -> None:
    """The price that the job will have, with what was filled in."""
    estimate = reel.estimate({"model": "google/veo-3.1-lite", "prompt": "a fox", "duration": 4})
    assert (estimate.source, estimate.model) == ("server", "google/veo-3.1-lite")
    assert estimate.cost == sum((line.cost for line in estimate.lines), Decimal(0)) > 0
    assert estimate.resolved["resolution"] == "720p"


def test_an_end_without_a_video_says_why(reel: Client) -> None:
    """In the server's words, with its word for the kind of failure."""
    job = reel.submit(small(prompt="a fox [[fail:content_policy_violation]]"))
    with pytest.raises(JobFailed) as caught:
        reel.wait(job, **BRIEFLY)
    assert (caught.value.job.status, caught.value.job.error_type) == ("failed", "content_policy_violation")


def test_a_job_that_never_ends_is_given_up_and_can_be_cancelled(reel: Client) -> None:
    """Patience counts in the stream too; what is cancelled once cannot be cancelled again, but deleted."""
    job = reel.submit(small(prompt="a fox [[stuck]]"))
    with pytest.raises(NotCompleted, match="did not complete after 2 attempts"):
        reel.wait(job, attempts=2, interval=0.5)
    cancelled = reel.cancel(job)
    assert cancelled.outcome in {"cancelled", "cancel_requested"}
    with pytest.raises(JobFailed, match="was cancelled"):
        reel.wait(job.id, **BRIEFLY)
    with pytest.raises(Conflict):
        reel.cancel(job.id)
    reel.delete(job.id)
    with pytest.raises(NotFound):
        reel.get(job.id)


def test_the_list_goes_from_page_to_page(reel: Client) -> None:
    """Newest first, until there is no next cursor; no job comes twice."""
    placed = [reel.submit(small(prompt="a fox [[fail:server]]")).id for _ in range(3)]
    first = reel.list(limit=2)
    second = reel.list(limit=2, cursor=first.next_cursor)
    ids = [job.id for job in (*first.jobs, *second.jobs)]
    assert len(set(ids)) == 4
    assert set(placed) <= set(ids)


def test_a_refusal_names_every_problem(reel: Client) -> None:
    """With what would do."""
    with pytest.raises(BadRequest) as caught:
        reel.submit({"model": "google/veo-3.1-lite", "prompt": "a fox", "duration": 99, "resolution": "4K"})
    assert {problem["field"] for problem in caught.value.problems} == {"duration", "resolution"}
    assert "duration: 4, 6, 8" in str(caught.value.next_step)


def test_a_wrong_key_is_told_from_a_wrong_job(server: Server, reel: Client) -> None:
    """401 and 404."""
    with pytest.raises(NotFound):
        reel.get("gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt")
    with Client("rr-test-nobody", server.base_url) as stranger, pytest.raises(Unauthorized):
        stranger.list()


def test_an_interrupted_download_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    """Somebody presses Ctrl-C after the first bytes; the second download asks for the rest alone."""
    path = tmp_path / "boat.mp4"

    def interrupt(have: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with Client(TEST_KEY, server.base_url) as client:
        job = client.wait(client.submit(small(duration=3, prompt="waves")), **BRIEFLY)
        with pytest.raises(KeyboardInterrupt):
            client.download(job, path, on_bytes=interrupt)
        (part,) = tmp_path.iterdir()
        begun = part.stat().st_size
        saved = client.download(job, path)
    assert 0 < begun < saved.bytes
    assert saved.resumed
    assert decoded(path.read_bytes()).frames == 72


def test_one_key_is_one_job(reel: Client) -> None:
    """Whoever submits again with the same idempotency key gets the job that is there."""
    key = f"order-{id(reel)}"
    first, again = (reel.submit(small(prompt="a fox [[stuck]]"), idempotency_key=key) for _ in range(2))
    assert first.id == again.id
    reel.cancel(first)


def test_a_lost_answer_to_a_submit_costs_nothing_with_a_key(server: Server, tmp_path: Path) -> None:
    """The server documents its replays: with a key the submit is sent again, and without one it is not."""
    body = small(prompt="a fox [[fail:server]]")
    with losing_first_answers(server.base_url) as (address, posts):
        with Client(TEST_KEY, address) as client:
            job = client.submit(body, idempotency_key=f"order-{tmp_path}")
        assert [job.id] == list(dict.fromkeys(posts))
        assert len(posts) == 2
    with losing_first_answers(server.base_url) as (address, posts), Client(TEST_KEY, address) as client:
        with pytest.raises(SubmitUnclear):
            client.submit(body)
        assert len(posts) == 1


@contextmanager
def losing_first_answers(server: str) -> Iterator[tuple[str, list[str]]]:
    """A proxy whose first answer to a POST is a 502, though the server has acted; and the ids of the jobs made."""
    posts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            length = int(self.headers.get("content-length", 0))
            kept = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
            }
            answer = httpx.request(
                self.command, server + self.path, headers=kept, content=self.rfile.read(length), trust_env=False
            )
            if self.command == "POST":
                posts.append(answer.json()["id"])
            lost = len(posts) == 1 and self.command == "POST"
            self.send_response(502 if lost else answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.end_headers()
            self.wfile.write(b"Bad Gateway" if lost else answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Tests print what matters."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_address[1]}", posts
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
