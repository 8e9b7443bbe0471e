import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from reelrouter.errors import (
    InvalidRequest,
    NotFound,
    Problem,
    ReelRouterError,
    StorageFailed,
    TooManyRequests,
    Unavailable,
)
from reelrouter.media.intake import InputStore, Intake, IntakeLimits, Wanted
from reelrouter.net import GuardedClient, Rules, rules_for
from reelrouter.renderer.pool import Pool
from reelrouter.storage.objects import Objects
from reelrouter.work import Media, Report, TaskFailed, TaskLost

T = TypeVar("T")

FIRST = "frame_images[0].image_url.url"
LAST = "frame_images[1].image_url.url"
VIDEO = "input_references[0].video_url.url"
AUDIO = "input_references[1].audio_url.url"

PICTURE = b"pretend that this is a PNG"
FOUND: Mapping[str, Mapping[str, Any]] = {
    "reelrouter.media.pictures:inspect": {"mime": "image/png", "width": 64, "height": 48},
    "reelrouter.media.clips:probe": {"mime": "video/mp4", "width": 320, "height": 180, "duration": 2.5},
    "reelrouter.media.clips:probe_audio": {"mime": "audio/mpeg", "duration": 7.25},
}
LIMITS = IntakeLimits(wait=10, max_image=1000, max_clip=5000)

Answer = Mapping[str, Any] | Exception


@dataclass
class Inspector:
    """Children that find every file good, but for the contents that they were told about."""

    answers: Mapping[bytes, Answer] = field(default_factory=dict)

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        answer = self.answers.get(content_of(arguments["path"]), FOUND[task])
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


async def nobodys(wanted: Wanted, workspace: str) -> Media | None:
    """No address is ours."""
    return None


@dataclass
class Bench:
    """An intake over a store in memory."""

    scratch: Path
    store: Objects
    intake: Intake

    async def take(self, *wanted: Wanted, workspace: str = "ws_1", own: Any = nobodys) -> tuple[Media, ...]:
        return await self.intake.take(wanted, workspace, own, self.scratch)

    async def problems(self, *wanted: Wanted, own: Any = nobodys) -> Sequence[Problem]:
        with pytest.raises(InvalidRequest) as caught:
            await self.take(*wanted, own=own)
        return caught.value.problems

    async def stored(self) -> list[str]:
        return sorted([found.key async for found in self.store.list("")])


@asynccontextmanager
async def bench(
    directory: Path,
    children: Any = None,
    limits: IntakeLimits = LIMITS,
    rules: Rules = rules_for(allow_private=True),  # noqa: B008 (a frozen value)
) -> AsyncIterator[Bench]:
    scratch = directory / "scratch"
    scratch.mkdir()
    store = Objects.from_url("memory:///")
    async with GuardedClient(rules) as client:
        intake = Intake(children or Inspector(), client, store, limits)
        try:
            yield Bench(scratch, store, intake)
        finally:
            intake.close()
            store.close()
    assert list(scratch.iterdir()) == [], "temporary files are left over"


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


async def by_path(request: web.Request) -> web.Response:
    """`/404` answers with that status, `/bytes/10` with ten bytes, anything else with the picture."""
    parts = request.path.strip("/").split("/")
    if parts[0].isdigit():
        return web.Response(status=int(parts[0]), text="internal secret")
    if parts[0] == "bytes":
        return web.Response(body=b"x" * int(parts[1]))
    return web.Response(body=PICTURE)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def image(url: str, name: str = FIRST) -> Wanted:
    return Wanted(field=name, kind="image", url=url)


def data_url(content: bytes = PICTURE, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def key_of(content: bytes, workspace: str = "ws_1") -> str:
    return f"inputs/{workspace}/{hashlib.sha256(content).hexdigest()}"


def test_an_image_in_a_data_url_is_stored(tmp_path: Path) -> None:
    """Its bytes lie under the workspace and their hash, described as the decoder saw them."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            (media,) = await at.take(image(data_url()))
            assert media == Media(
                kind="image",
                key=key_of(PICTURE),
                sha256=hashlib.sha256(PICTURE).hexdigest(),
                mime="image/png",
                size=len(PICTURE),
                width=64,
                height=48,
            )
            assert await at.stored() == [media.key]

    run(scenario())


def test_inputs_of_every_kind_are_fetched(tmp_path: Path) -> None:
    """Images, videos and audio come back in the order asked for, each with what its decoder measured."""

    async def scenario() -> None:
        async with serving(by_path) as server, bench(tmp_path) as at:
            taken = await at.take(
                image(str(server.make_url("/a.png"))),
                Wanted(field=VIDEO, kind="video", url=str(server.make_url("/bytes/5000"))),
                Wanted(field=AUDIO, kind="audio", url=str(server.make_url("/bytes/4000"))),
                image(data_url(b"other"), LAST),
            )
            assert [media.kind for media in taken] == ["image", "video", "audio", "image"]
            assert [media.size for media in taken] == [len(PICTURE), 5000, 4000, 5]
            assert (taken[1].width, taken[1].duration) == (320, 2.5)
            assert (taken[2].width, taken[2].duration) == (None, 7.25)
            assert await at.stored() == sorted(media.key for media in taken)

    run(scenario())


def test_workspaces_do_not_share_inputs(tmp_path: Path) -> None:
    """The same image is stored once for each workspace, so that one's deletion is not the other's loss."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            for workspace in ("ws_1", "ws_2", "ws_1"):
                await at.take(image(data_url()), workspace=workspace)
            assert await at.stored() == [key_of(PICTURE, "ws_1"), key_of(PICTURE, "ws_2")]

    run(scenario())


def test_an_address_named_twice_is_fetched_once(tmp_path: Path) -> None:
    """A loop names one image as its first and its last frame."""
    visits: list[str] = []

    async def count(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response(body=PICTURE)

    async def scenario() -> None:
        async with serving(count) as server, bench(tmp_path) as at:
            url = str(server.make_url("/a.png"))
            first, last = await at.take(image(url), image(url, LAST))
            assert first == last

    run(scenario())
    assert visits == ["/a.png"]


def test_our_own_outputs_are_never_fetched(tmp_path: Path) -> None:
    """What the gateway recognises as its own is taken as it is: not fetched, not stored again."""
    ours = Media(kind="video", key="outputs/j/0.mp4", sha256="0" * 64, mime="video/mp4", size=9)

    async def own(wanted: Wanted, workspace: str) -> Media | None:
        assert workspace == "ws_1"
        return ours if wanted.url.startswith("reelrouter://") else None

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            wanted = Wanted(field=VIDEO, kind="video", url="reelrouter://job/gen-vid-1-abc")
            assert (await at.take(wanted, image(data_url()), own=own))[0] == ours
            assert await at.stored() == [key_of(PICTURE)]

    run(scenario())


async def not_found(wanted: Wanted, workspace: str) -> Media | None:
    if wanted.url.startswith("reelrouter://"):
        raise NotFound("Job gen-vid-1-x not found")
    return None


def test_an_own_output_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """If that is all that is wrong, the answer is a 404 and not a 400."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            with pytest.raises(NotFound, match="Job gen-vid-1-x not found"):
                await at.take(image("reelrouter://job/gen-vid-1-x"), image(data_url(), LAST), own=not_found)
            assert await at.stored() == []

    run(scenario())


def test_a_missing_own_output_is_listed_among_other_problems(tmp_path: Path) -> None:
    """Beside a bad input it is one problem of several, and says what it is."""

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path) as at:
            return await at.problems(image("reelrouter://job/gen-vid-1-x"), image("data:,", LAST), own=not_found)

    missing, other = run(scenario())
    assert (missing.field, missing.error_type) == (FIRST, "not_found")
    assert missing.message == f"{FIRST}: Job gen-vid-1-x not found"
    assert other.field == LAST


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Each bad input is named by its field with its own kind of error, and the good ones leave nothing."""
    broken = b"broken"
    inspector = Inspector({broken: TaskFailed("image_too_small", "The image has 2x2 pixels.")})

    async def scenario() -> Sequence[Problem]:
        async with serving(by_path) as server, bench(tmp_path, inspector) as at:
            urls = [
                str(server.make_url("/404")),
                str(server.make_url("/410")),
                str(server.make_url("/500")),
                str(server.make_url("/bytes/1001")),
                data_url(b"fine"),
                data_url(broken),
                data_url(b"<svg/>", "image/svg+xml"),
                "https://user:secret@example.com/a.png",
                str(server.make_url("/fine.png")),
            ]
            wanted = [image(url, f"input_references[{n}].image_url.url") for n, url in enumerate(urls)]
            problems = await at.problems(*wanted)
            assert await at.stored() == []
            return problems

    problems = run(scenario())
    assert [(problem.field[17], problem.error_type) for problem in problems] == [
        ("0", "image_not_found"),
        ("1", "image_not_found"),
        ("2", "image_download_failed"),
        ("3", "image_too_large"),
        ("5", "image_too_small"),
        ("6", "unsupported_image_format"),
        ("7", "invalid_request"),
    ]
    for problem in problems:
        assert problem.field in problem.message
        assert "secret" not in problem.message


def test_the_words_for_images_are_not_used_for_clips(tmp_path: Path) -> None:
    """The contract has no word for a bad video: it is an invalid request that says what is wrong."""
    bad = b"x" * 100
    inspector = Inspector({bad: TaskFailed("not_a_video", "The file is not a video.")})

    async def scenario() -> Sequence[Problem]:
        async with serving(by_path) as server, bench(tmp_path, inspector) as at:
            paths = ("/404", "/bytes/5001", "/bytes/100")
            return await at.problems(
                *(Wanted(field=VIDEO, kind="video", url=str(server.make_url(path))) for path in paths)
            )

    problems = run(scenario())
    assert [problem.error_type for problem in problems] == ["invalid_request"] * 3
    assert problems[2].message == f"{VIDEO}: The file is not a video."


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(field=VIDEO, kind="video", url="data:video/mp4;base64,AAAA"), "Only HTTPS URLs are allowed"),
        (Wanted(field=AUDIO, kind="audio", url="DATA:audio/mpeg;base64,AAAA"), "Only HTTPS URLs are allowed"),
        (image("http://example.com/a.png"), "Only HTTPS URLs are allowed"),
        (image("ftp://example.com/a.png"), "Only HTTPS URLs are allowed"),
        (image("example.com/a.png"), "Only HTTPS URLs are allowed"),
        (image("https://127.0.0.1/a.png"), "the host's address is not a public one"),
        (image("https://169.254.169.254/latest/meta-data"), "the host's address is not a public one"),
    ],
)
def test_addresses_that_may_not_be_fetched_are_refused(wanted: Wanted, message: str, tmp_path: Path) -> None:
    """The message has the form that clients match on."""

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path, rules=Rules()) as at:
            return await at.problems(wanted)

    (problem,) = run(scenario())
    assert problem.message == f"Invalid reference URL: {wanted.field}: {message}"
    assert problem.error_type == "invalid_request"


@pytest.mark.parametrize("mime", ["png", "jpeg", "webp", "gif", "avif", "PNG"])
def test_the_five_image_formats_pass_as_data_urls(mime: str, tmp_path: Path) -> None:
    """What the URL claims is only the way in; the decoder has the last word."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            (media,) = await at.take(image(data_url(mime=f"image/{mime}")))
            assert media.mime == "image/png"

    run(scenario())


@pytest.mark.parametrize(
    ("url", "error_type"),
    [
        ("data:", "unsupported_image_format"),
        ("data:,hello", "unsupported_image_format"),
        ("data:image/png,hello", "unsupported_image_format"),
        ("data:image/png;charset=utf-8;base64,AAAA", "unsupported_image_format"),
        ("data:image/svg+xml;base64,AAAA", "unsupported_image_format"),
        ("data:image/heic;base64,AAAA", "unsupported_image_format"),
        ("data:text/html;base64,AAAA", "unsupported_image_format"),
        ("data:image/png;base64,", "invalid_image"),
        ("data:image/png;base64,AAA", "invalid_image"),
        ("data:image/png;base64,AA=A", "invalid_image"),
        ("data:image/png;base64,====", "invalid_image"),
        ("data:image/png;base64,AAAA====", "invalid_image"),
        ("data:image/png;base64,AA==AAAA", "invalid_image"),
        ("data:image/png;base64,AA A", "invalid_image"),
        ("data:image/png;base64,AAA\n", "invalid_image"),
        ("data:image/png;base64,__--", "invalid_image"),
        ("data:image/png;base64,%2B%2B%2B%2B", "invalid_image"),
        ("data:image/png;base64,ÄÖÜß", "invalid_image"),
    ],
)
def test_malformed_data_urls_are_refused(url: str, error_type: str, tmp_path: Path) -> None:
    """The form is taken strictly: no other types, no other alphabet, no slack in the padding."""

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path) as at:
            return await at.problems(image(url))

    (problem,) = run(scenario())
    assert problem.error_type == error_type


@pytest.mark.parametrize("size", [1, 2, 3, 998, 999, 1000])
def test_a_data_url_up_to_the_limit_passes(size: int, tmp_path: Path) -> None:
    """Every length, with one, two or no padding characters, arrives exact."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            (media,) = await at.take(image(data_url(b"y" * size)))
            assert (media.size, media.key) == (size, key_of(b"y" * size))

    run(scenario())


def test_a_data_url_over_the_limit_is_refused_undecoded(tmp_path: Path) -> None:
    """Its length alone tells, even if the rest is nonsense."""

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path) as at:
            return await at.problems(
                image(data_url(b"y" * 1001)), image("data:image/png;base64," + "!" * 4000, LAST)
            )

    assert [problem.error_type for problem in run(scenario())] == ["image_too_large"] * 2


def test_a_long_data_url_is_decoded_in_steps(tmp_path: Path) -> None:
    """Megabytes arrive exact, and padding in the middle is no way to hide an end."""
    content = bytes(index % 256 for index in range(2 * 1024 * 1024 + 1))
    url = data_url(content)
    step = len("data:image/png;base64,") + 1024 * 1024
    spoiled = url[: step - 1] + "=" + url[step:]
    limits = replace(LIMITS, max_image=3 * 1024 * 1024)

    async def scenario() -> None:
        async with bench(tmp_path, limits=limits) as at:
            (media,) = await at.take(image(url))
            assert (media.size, media.key) == (len(content), key_of(content))
            (problem,) = await at.problems(image(spoiled))
            assert problem.error_type == "invalid_image"

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "error_type", "words"),
    [
        (TaskFailed("invalid_image", "It is damaged."), "invalid_image", "It is damaged."),
        (TaskFailed("unsupported_image_format", "Send PNG."), "unsupported_image_format", "Send PNG."),
        (TaskFailed("out_of_memory", "It needs too much."), "invalid_image", "It needs too much."),
        (TaskLost("killed"), "invalid_image", "more time or memory than is allowed"),
    ],
)
def test_what_the_decoder_refuses_is_a_bad_image(
    answer: Exception, error_type: str, words: str, tmp_path: Path
) -> None:
    """Its own words reach the caller; a file that kills its decoder is as bad as one that is refused."""

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path, Inspector({PICTURE: answer})) as at:
            return await at.problems(image(data_url()))

    (problem,) = run(scenario())
    assert problem.error_type == error_type
    assert words in problem.message


class Stuck:
    """Children that are busy for ever with something else."""

    async def run(self, task: str, arguments: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("nobody ends this wait")


def test_a_gateway_too_busy_to_check_says_so(tmp_path: Path) -> None:
    """When the time runs out before a decoder is free, the input is not to blame."""

    async def scenario() -> None:
        async with bench(tmp_path, Stuck(), replace(LIMITS, wait=0.05)) as at:
            with pytest.raises(Unavailable, match=r"within 0\.05 s"):
                await at.take(image(data_url()))
            (problem,) = await at.problems(image(data_url()), image("data:,", LAST))
            assert problem.field == LAST

    run(scenario())


def test_what_is_wrong_for_good_is_told_before_what_may_pass(tmp_path: Path) -> None:
    """A missing output stays missing, so it is told rather than that the gateway is busy just now."""

    async def scenario() -> None:
        async with bench(tmp_path, Stuck(), replace(LIMITS, wait=0.05)) as at:
            missing = image("reelrouter://job/gen-vid-1-x", LAST)
            for wanted in ((image(data_url()), missing), (missing, image(data_url()))):
                with pytest.raises(NotFound):
                    await at.take(*wanted, own=not_found)

    run(scenario())


class Gate:
    """A server that keeps its visitors until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()
        self.present = 0
        self.most = 0

    async def __call__(self, request: web.Request) -> web.Response:
        self.present += 1
        self.most = max(self.most, self.present)
        self.arrivals.put_nowait(request.path)
        await self.opened.wait()
        self.present -= 1
        return web.Response(body=request.path.encode())

    async def until(self, arrived: int) -> None:
        for _ in range(arrived):
            await self.arrivals.get()


@asynccontextmanager
async def gated() -> AsyncIterator[tuple[Gate, TestServer]]:
    gate = Gate()

    async def answer(request: web.Request) -> web.Response:
        return await gate(request)

    async with serving(answer) as server:
        try:
            yield gate, server
        finally:
            gate.opened.set()


def images(server: TestServer, count: int, prefix: str = "") -> list[Wanted]:
    return [image(str(server.make_url(f"/{prefix}{n}")), f"input_references[{n}]") for n in range(count)]


def test_a_server_that_does_not_finish_costs_only_its_own_input(tmp_path: Path) -> None:
    """The wait ends for all inputs together, and the late one is named."""

    async def scenario() -> Sequence[Problem]:
        async with gated() as (_, server), bench(tmp_path, limits=replace(LIMITS, wait=0.1)) as at:
            return await at.problems(image(data_url()), *images(server, 1))

    (problem,) = run(scenario())
    assert (problem.field, problem.error_type) == ("input_references[0]", "image_download_failed")
    assert "within the 0.1 s" in problem.message


def test_a_request_fetches_no_more_at_one_time_than_its_workspace_may(tmp_path: Path) -> None:
    """One that names many inputs gets them in turn, and is not refused for their number."""

    async def scenario() -> tuple[int, int]:
        async with gated() as (gate, server), bench(tmp_path) as at:
            taking = asyncio.create_task(at.take(*images(server, 20)))
            await gate.until(8)
            gate.opened.set()
            return len(await taking), gate.most

    assert run(scenario()) == (20, 8)


def test_a_workspace_with_all_its_fetches_under_way_is_told_to_wait(tmp_path: Path) -> None:
    """Others are not held up, inputs without a fetch pass, and afterwards all is as before."""

    async def scenario() -> None:
        async with gated() as (gate, server), bench(tmp_path) as at:
            taking = asyncio.create_task(at.take(*images(server, 8)))
            await gate.until(8)
            with pytest.raises(TooManyRequests) as caught:
                await at.take(*images(server, 1, "late"))
            assert caught.value.retry_after == 10
            await at.take(image(data_url()))
            elsewhere = asyncio.create_task(at.take(*images(server, 1, "else"), workspace="ws_2"))
            await gate.until(1)
            gate.opened.set()
            await asyncio.gather(taking, elsewhere)
            await at.take(*images(server, 1, "late"))

    run(scenario())


def test_the_process_has_a_limit_too(tmp_path: Path) -> None:
    """Many workspaces together cannot open more connections than the process allows."""

    async def scenario() -> None:
        async with gated() as (gate, server), bench(tmp_path, limits=replace(LIMITS, fetches=3)) as at:
            one = asyncio.create_task(at.take(*images(server, 2), workspace="ws_1"))
            two = asyncio.create_task(at.take(*images(server, 2), workspace="ws_2"))
            await gate.until(3)
            with pytest.raises(TooManyRequests):
                await at.take(*images(server, 1, "late"), workspace="ws_3")
            gate.opened.set()
            await asyncio.gather(one, two)
            assert gate.most == 3

    run(scenario())


def test_an_input_whose_turn_never_came_is_not_blamed(tmp_path: Path) -> None:
    """Only the one that held up the others is a problem of the request."""

    async def scenario() -> Sequence[Problem]:
        limits = replace(LIMITS, wait=0.1, workspace_fetches=1)
        async with gated() as (_, server), bench(tmp_path, limits=limits) as at:
            return await at.problems(*images(server, 3))

    assert [problem.field for problem in run(scenario())] == ["input_references[0]"]


def test_a_caller_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    """Cancelling ends the fetches, frees their places and removes what had arrived."""

    async def scenario() -> None:
        async with gated() as (gate, server), bench(tmp_path) as at:
            taking = asyncio.create_task(at.take(image(data_url()), *images(server, 8)))
            await gate.until(8)
            taking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await taking
            assert await at.stored() == []
            assert list(at.scratch.iterdir()) == []
            gate.opened.set()
            await at.take(*images(server, 8, "again"))

    run(scenario())


class FullStore:
    async def move_file(self, key: str, path: Path) -> None:
        raise StorageFailed("the storage failed")


def test_a_storage_that_fails_is_not_the_inputs_fault(tmp_path: Path) -> None:
    """The failure passes through as it is, and the temporary files go."""

    async def scenario() -> None:
        store: InputStore = FullStore()
        async with GuardedClient(Rules()) as client:
            intake = Intake(Inspector(), client, store, LIMITS)
            with pytest.raises(StorageFailed):
                await intake.take([image(data_url())], "ws_1", nobodys, tmp_path)
            intake.close()

    run(scenario())
    assert list(tmp_path.iterdir()) == []


def test_a_request_without_inputs_takes_nothing(tmp_path: Path) -> None:
    """Most requests name none."""

    async def scenario() -> None:
        async with bench(tmp_path) as at:
            assert await at.take() == ()

    run(scenario())


def test_an_unusable_own_output_keeps_its_own_words(tmp_path: Path) -> None:
    """What the gateway has against one of its own outputs is passed on unchanged."""
    problem = Problem(FIRST, f"{FIRST}: this is a video; use its last frame")

    async def own(wanted: Wanted, workspace: str) -> Media | None:
        raise InvalidRequest([problem])

    async def scenario() -> Sequence[Problem]:
        async with bench(tmp_path) as at:
            return await at.problems(image("reelrouter://job/gen-vid-1-x"), own=own)

    assert list(run(scenario())) == [problem]


def test_refusals_are_errors_that_the_api_knows() -> None:
    """Everything that intake raises on purpose has a place in the error tree."""
    for error in (InvalidRequest, NotFound, TooManyRequests, Unavailable, StorageFailed):
        assert issubclass(error, ReelRouterError)


@pytest.fixture(scope="module")
def pictures() -> Mapping[str, bytes]:
    """Real files: one good, the others bad in ways that only a decoder can tell."""
    noise = Image.effect_noise((200, 120), 60).convert("RGB")
    return {
        "good": saved(noise, "PNG"),
        "bomb": saved(Image.new("1", (12_000, 12_000)), "PNG"),
        "cut short": saved(noise, "JPEG")[:2000],
        "tiny": saved(Image.new("RGB", (4, 4)), "PNG"),
        "another format": saved(noise, "TIFF"),
        "a web page": b"<!doctype html><html><body>Sign in</body></html>",
    }


def saved(picture: Image.Image, form: str) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def test_real_decoders_tell_good_files_from_bad(pictures: Mapping[str, bytes], tmp_path: Path) -> None:
    """With real child processes each bad file is named for what it is, and the good one is measured."""
    names = [name for name in pictures if name != "good"]

    async def scenario() -> tuple[Sequence[Problem], Media]:
        pool = Pool(1, preload=["reelrouter.media.pictures"])
        limits = IntakeLimits(wait=60, max_image=10_000_000, max_clip=10_000_000)
        try:
            async with bench(tmp_path, pool, limits) as at:
                problems = await at.problems(*(image(data_url(pictures[name]), name) for name in names))
                assert await at.stored() == []
                (media,) = await at.take(image(data_url(pictures["good"])))
                return problems, media
        finally:
            await pool.close()

    problems, media = run(scenario())
    assert {problem.field: problem.error_type for problem in problems} == {
        "bomb": "image_too_large",
        "cut short": "invalid_image",
        "tiny": "image_too_small",
        "another format": "unsupported_image_format",
        "a web page": "invalid_image",
    }
    assert (media.mime, media.width, media.height) == ("image/png", 200, 120)
