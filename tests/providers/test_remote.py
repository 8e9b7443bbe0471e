"""What a vendor's answer means for money: refused, unknown, or as it was; and how outputs are collected."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from reelrouter.providers.addresses import same_root
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Ticket, Unclear
from reelrouter.providers.drive import Lost, NotSent
from reelrouter.providers.reading import class_of_status, json_object, polled, refused, text
from reelrouter.providers.remote import Remote
from reelrouter.work import (
    Accepted,
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    MadeElsewhere,
    NotAnswered,
    Order,
    Outcome,
    Output,
    Running,
    SubmitRefused,
)
from tests.providers.orders import order
from tests.providers.wire import NOWHERE, Plain, SignsIn, driving, ok, remote, saying, serving, wired

pytestmark = pytest.mark.anyio

HANDLE = Handle(endpoint="plain", credential="a", native_id="1")


def http(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


# Submits -------------------------------------------------------------------------------------------------------


async def test_an_acceptance_becomes_a_handle(tmp_path: Path) -> None:
    """With the account that pays."""
    async with serving(saying(b'{"id": "j-1"}')) as vendor, driving(tmp_path) as drive:
        accepted = await remote(drive, vendor.url).submit(order())
    handle = Handle(endpoint="plain", credential="a", native_id="j-1", origin=vendor.url)
    assert accepted == Accepted(handle=handle, poll_after=1.0)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429])
async def test_a_documented_refusal_is_believed(status: int, tmp_path: Path) -> None:
    """With the hour at which the vendor wants to be asked again."""
    async with wired(http(status, b"no", "Retry-After: 7")) as vendor, driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await remote(drive, vendor.url).submit(order())
    assert caught.value.failed == Failed(failure=class_of_status(status), vendor_text="no", retry_after=7)


@pytest.mark.parametrize("status", [408, 409, 425, 499, 500, 502, 503, 504, 529])
async def test_an_answer_that_proves_nothing_leaves_it_open(status: int, tmp_path: Path) -> None:
    """Though the adapter says that it was refused."""
    async with wired(http(status)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(Lost, match=f"HTTP {status} on a submit"):
            await remote(drive, vendor.url).submit(order())


@pytest.mark.parametrize(
    "answer",
    [http(201, b'{"id": "x"}'), http(302), http(307), http(200, b"<html>"), http(200, b""), http(200, b'{"id": ')],
)
async def test_a_success_that_cannot_be_read_is_drift(answer: bytes, tmp_path: Path) -> None:
    """A job may exist: it is not said to be refused."""
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(ProviderDrift):
            await remote(drive, vendor.url).submit(order())


async def test_an_acceptance_of_many_megabytes_is_no_refusal(tmp_path: Path) -> None:
    """Drift as well: the order arrived."""
    async with wired(ok(b" " * 3_000_000)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(ProviderDrift):
            await remote(drive, vendor.url).submit(order())


async def test_a_submit_that_never_left_is_refused(tmp_path: Path) -> None:
    """Another vendor may have it."""
    async with driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await remote(drive, NOWHERE).submit(order())
    assert caught.value.failed.failure is FailureClass.TRANSIENT


async def test_a_submit_that_may_have_arrived_is_open(tmp_path: Path) -> None:
    """The connection was cut after it."""
    async with wired(None) as vendor, driving(tmp_path) as drive:
        with pytest.raises(Lost):
            await remote(drive, vendor.url).submit(order())


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (http(403), FailureClass.AUTH),
        (http(200, b"<html>"), FailureClass.DRIFT),
        (None, FailureClass.TRANSIENT),
    ],
)
async def test_without_a_sign_in_a_submit_is_refused(
    answer: bytes | None, failure: FailureClass, tmp_path: Path
) -> None:
    """By the reason for which the account was granted nothing."""
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await remote(drive, vendor.url, SignsIn()).submit(order())
    assert caught.value.failed.failure is failure


class Refuses(Plain):
    """Before any call."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        yield from ()
        raise refused(FailureClass.USER_ERROR, "cannot_be_sent", "no such mode")


async def test_an_order_that_cannot_be_served_is_refused_unasked(tmp_path: Path) -> None:
    """In the adapter's own words."""
    async with driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await remote(drive, NOWHERE, Refuses()).submit(order())
    assert caught.value.failed.vendor_text == "no such mode"


class Waits(Plain):
    """Reads from the body when it may come back."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        yield Call(method="POST", url="jobs", json={}, creates=True)
        raise SubmitRefused(Failed(failure=FailureClass.RATE_LIMITED, retry_after=99.0))


async def test_an_adapters_own_hour_counts_before_the_headers(tmp_path: Path) -> None:
    """Some vendors name it in the body alone."""
    async with wired(http(429, b"", "Retry-After: 7")) as vendor, driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await remote(drive, vendor.url, Waits()).submit(order())
    assert caught.value.failed.retry_after == 99


# Submits of several calls --------------------------------------------------------------------------------------


class Several(Plain):
    """Uploads, creates, then starts: the second call is the one that creates."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        job = ""
        for url, creates in (("uploads", False), ("jobs", True), ("start", False)):
            reply = yield Call(method="POST", url=url, json={}, creates=creates)
            if reply.status != 200:
                raise refused(class_of_status(reply.status))
            job = text(json_object(reply), "id")
        return Ticket(native_id=job)


YES, GARBAGE = ok(b'{"id": "1"}'), http(200, b"<html>")
NO, TROUBLE = http(403), http(500)


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ([NO], FailureClass.AUTH),
        ([TROUBLE], FailureClass.TRANSIENT),
        ([http(408)], FailureClass.USER_ERROR),
        ([None], FailureClass.TRANSIENT),
        ([GARBAGE], FailureClass.DRIFT),
        ([http(302)], FailureClass.DRIFT),
        ([ok(b" " * 3_000_000)], FailureClass.DRIFT),
        ([YES, NO], FailureClass.AUTH),
        ([YES, TROUBLE], Lost),
        ([YES, None], Lost),
        ([YES, GARBAGE], ProviderDrift),
        ([YES, http(302)], ProviderDrift),
        ([YES, YES, None], Lost),
        ([YES, YES, GARBAGE], ProviderDrift),
        ([YES, YES, YES], Accepted),
    ],
)
async def test_only_the_creating_call_puts_money_at_risk(
    answers: Iterable[bytes | None], ends: object, tmp_path: Path
) -> None:
    """What breaks before it proves that nothing was created; what breaks from there on proves nothing."""
    assert await _end_of_submit(tmp_path, Several(), answers) == ends


async def _end_of_submit(directory: Path, provider: Provider, answers: Iterable[bytes | None]) -> object:
    async with wired(*answers) as vendor, driving(directory) as drive:
        try:
            return type(await remote(drive, vendor.url, provider).submit(order()))
        except SubmitRefused as refusal:
            return refusal.failed.failure
        except ProviderDrift:
            return ProviderDrift
        except (Lost, NotSent) as error:
            return type(error)


class LooksAround(Plain):
    """Asks the vendor's list after a failed submit, and believes that it tells the truth at once."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        yield Call(method="POST", url="jobs", json={}, creates=True)
        yield Call(method="GET", url="jobs")
        raise refused(FailureClass.TRANSIENT)


async def test_a_later_call_refutes_no_trouble(tmp_path: Path) -> None:
    """It is the creating call's own answer that must prove that nothing was created."""
    assert await _end_of_submit(tmp_path, LooksAround(), [TROUBLE, YES]) is Lost
    assert await _end_of_submit(tmp_path, LooksAround(), [NO, YES]) is FailureClass.TRANSIENT


class Leaves(Plain):
    """Goes on at a place where nobody is."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        yield Call(method="POST", url="jobs", json={}, creates=order.prompt == "create")
        yield Call(method="POST", url=f"{NOWHERE}/start", json={})
        raise AssertionError


async def test_a_later_call_that_never_left_proves_nothing(tmp_path: Path) -> None:
    """Unless nothing was created before it."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        backend = remote(drive, vendor.url, Leaves())
        with pytest.raises(NotSent):
            await backend.submit(order(prompt="create"))
        with pytest.raises(SubmitRefused):
            await backend.submit(order(prompt="look"))


# Polls, cancels, look-ups --------------------------------------------------------------------------------------


class Asks(Plain):
    """Can be cancelled, and looked up by our key."""

    def cancel(self, handle: Handle, account: Account) -> Flow[str]:  # type: ignore[override]
        polled((yield Call(method="DELETE", url="jobs/1")))
        return "cancelled"

    def find(self, order: Order, account: Account) -> Flow[Ticket | None]:
        found = polled((yield Call(method="GET", url=f"by-key/{order.attempt_key}")))
        return Ticket(native_id=found["id"]) if "id" in found else None


@pytest.mark.parametrize("answer", [None, http(500), http(429), http(401), http(302)])
async def test_who_cannot_be_asked_says_nothing(answer: bytes | None, tmp_path: Path) -> None:
    """The job is as it was, whatever was asked."""
    for ask in (_polls, _cancels, _finds):
        async with wired(answer, answer) as vendor, driving(tmp_path) as drive:
            with pytest.raises(NotAnswered):
                await ask(remote(drive, vendor.url, Asks()))


async def _polls(backend: Remote) -> object:
    return await backend.poll(HANDLE)


async def _cancels(backend: Remote) -> object:
    return await backend.cancel(HANDLE)


async def _finds(backend: Remote) -> object:
    return await backend.find(order())


@pytest.mark.parametrize("ask", [_polls, _cancels, _finds])
async def test_an_account_that_is_gone_cannot_be_asked(ask: Callable[[Remote], object], tmp_path: Path) -> None:
    """It is said which, and the job goes on when it is there again."""
    async with driving(tmp_path) as drive:
        backend = replace(remote(drive, NOWHERE), accounts={})
        with pytest.raises(NotAnswered, match="the account a of plain is not configured"):
            await ask(backend)  # type: ignore[misc]


async def test_an_account_that_is_gone_takes_no_orders(tmp_path: Path) -> None:
    """Nothing was sent: another route may have it."""
    async with driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused) as caught:
            await replace(remote(drive, NOWHERE), accounts={}).submit(order())
    assert caught.value.failed.failure is FailureClass.AUTH


async def test_a_sign_in_that_fails_is_no_news_of_the_job(tmp_path: Path) -> None:
    """A key that was revoked ends no job that is paid."""
    async with wired(http(403)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(NotAnswered):
            await remote(drive, vendor.url, SignsIn()).poll(HANDLE)


async def test_a_job_that_the_vendor_does_not_know_is_lost(tmp_path: Path) -> None:
    """Which may be untrue just after a submit: the poller asks again."""
    async with wired(http(404)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(JobLost):
            await remote(drive, vendor.url).poll(HANDLE)


async def test_a_poll_without_words_is_drift(tmp_path: Path) -> None:
    """It raises an alarm, and the job goes on."""
    async with wired(http(200, b"[1, 2]")) as vendor, driving(tmp_path) as drive:
        with pytest.raises(ProviderDrift):
            await remote(drive, vendor.url).poll(HANDLE)


@pytest.mark.parametrize("body", [b"<html>Back soon</html>", b"", b'{"id": '])
async def test_a_page_in_the_place_of_an_answer_says_nothing(body: bytes, tmp_path: Path) -> None:
    """The vendor is asked again when it wants to be."""
    async with wired(http(200, body, "Retry-After: 20")) as vendor, driving(tmp_path) as drive:
        with pytest.raises(NotAnswered) as caught:
            await remote(drive, vendor.url).poll(HANDLE)
    assert caught.value.retry_after == 20


# Words that nobody knows ---------------------------------------------------------------------------------------

MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(60)


class Puzzles(Plain):
    """Answers in riddles."""

    def __init__(self, *outputs: Output) -> None:
        super().__init__()
        self.outputs = outputs

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        yield from ()
        outputs = tuple(
            replace(one, url=f"{account.root}{one.url}") if isinstance(one, Fetch) else one for one in self.outputs
        )
        return Unclear(reason="it is archived", outputs=outputs, vendor_cost=7, seed=3, notes=("a note",))


async def test_an_unknown_word_costs_no_video_that_is_there(tmp_path: Path) -> None:
    """Those of the outputs that are videos are delivered, and operators are told of the word."""
    answers = [http(404), http(200, MP4), http(200, b"<html>")]
    files = Fetch(url="/none"), Fetch(url="/video"), Fetch(url="/page")
    async with wired(*answers) as vendor, driving(tmp_path) as drive:
        told = await remote(drive, vendor.url, Puzzles(*files)).poll(HANDLE)
    assert told == Finished(
        outputs=(Fetch(url=f"{vendor.url}/video"),),
        vendor_cost=7,
        seed=3,
        notes=("a note", "it is archived; its video was there"),
    )


@pytest.mark.parametrize("answer", [None, http(404), http(503), http(200, b""), http(200, b'{"status": "x"}')])
async def test_an_unknown_word_without_a_video_is_drift(answer: bytes | None, tmp_path: Path) -> None:
    """With the word, whatever is the matter with the file."""
    async with wired(answer, answer) as vendor, driving(tmp_path) as drive:
        for outputs in ((Fetch(url="/v"),), ()):
            with pytest.raises(ProviderDrift, match="it is archived"):
                await remote(drive, vendor.url, Puzzles(*outputs)).poll(HANDLE)


async def test_of_files_that_came_with_a_riddle_the_videos_stay(tmp_path: Path) -> None:
    """The others are removed."""
    video, other = tmp_path / "video", tmp_path / "other"
    video.write_bytes(MP4)
    other.write_bytes(b"<html>")
    async with driving(tmp_path) as drive:
        told = await remote(drive, NOWHERE, Puzzles(Blob(path=video), Blob(path=other))).poll(HANDLE)
    assert isinstance(told, Finished)
    assert told.outputs == (Blob(path=video),)
    assert list(tmp_path.iterdir()) == [video]


# Where a job was made ------------------------------------------------------------------------------------------


async def _collects(backend: Remote, handle: Handle) -> object:
    return await backend.collect(handle, Fetch(url=f"{NOWHERE}/v"))


@pytest.mark.parametrize("ask", [Remote.poll, Remote.cancel, _collects])
async def test_a_job_that_was_made_elsewhere_is_not_asked_for(
    ask: Callable[[Remote, Handle], Awaitable[object]], tmp_path: Path
) -> None:
    """The same id may be a stranger's there."""
    elsewhere = replace(HANDLE, origin="https://old.test/v1")
    async with serving(saying(b'{"url": "x"}')) as vendor, driving(tmp_path) as drive:
        with pytest.raises(
            MadeElsewhere, match=f"made at https://old.test/v1, and the account a is now at {vendor.url}"
        ):
            await ask(remote(drive, vendor.url, Asks()), elsewhere)
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("made", "now", "same"),
    [
        ("https://api.test/v1", "https://api.test/v1", True),
        ("HTTPS://API.test:443/v1/", "https://api.test/v1", True),
        ("http://api.test:80", "http://api.test/", True),
        ("https://api.test/v1", "http://api.test/v1", False),
        ("https://api.test/v1", "https://api.test/v2", False),
        ("https://api.test/v1", "https://api.test/V1", False),
        ("https://api.test:8443", "https://api.test", False),
        ("https://[", "https://[", True),
        ("https://[", "https://api.test", False),
    ],
)
def test_one_place_may_be_spelled_in_several_ways(made: str, now: str, same: bool) -> None:
    """Letter case of scheme and host, a default port, a slash at the end."""
    assert same_root(made, now) is same


async def test_a_handle_without_a_place_is_asked_for(tmp_path: Path) -> None:
    """It was accepted before places were kept."""
    async with serving(saying(b"{}")) as vendor, driving(tmp_path) as drive:
        assert await remote(drive, vendor.url).poll(HANDLE) == Running()
        same = replace(HANDLE, origin=vendor.url.upper().replace("HTTP", "http") + "/")
        assert await remote(drive, vendor.url).poll(same) == Running()


async def test_an_order_is_looked_up_by_our_key(tmp_path: Path) -> None:
    """Found, or not known."""
    async with wired(ok(b'{"id": "j-7"}'), ok()) as vendor, driving(tmp_path) as drive:
        backend = remote(drive, vendor.url, Asks())
        assert await backend.find(order()) == replace(HANDLE, native_id="j-7", origin=vendor.url)
        assert await backend.find(order()) is None
    assert vendor.requests[0] == "GET /by-key/gen-vid-1-a-0 HTTP/1.1"


async def test_vendors_without_a_look_up_or_a_cancel_say_so(tmp_path: Path) -> None:
    """Without a call."""
    async with driving(tmp_path) as drive:
        backend = remote(drive, NOWHERE)
        assert await backend.find(order()) is None
        assert await backend.cancel(HANDLE) == "not_cancellable"
