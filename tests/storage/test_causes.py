"""Each way in which a storage fails, brought about for real: the cause that operators are told, and no secret."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reelrouter.errors import OutageCause, StorageFailed, cause_of_os_error
from reelrouter.storage import objects
from reelrouter.storage.buckets import READING_RETRIES, RETRIES, client_options
from reelrouter.storage.objects import Folder, Objects
from tests.buckets import BUCKET, s3_server

KEY, SECRET = "AKIAEXAMPLEEXAMPLE", "a-very-secret-key"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of a bucket, and no patience: no failure is tried again."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for retries in (RETRIES, READING_RETRIES):
        monkeypatch.setitem(retries, "max_retries", 0)


class Answering:
    """A server that has one answer to everything."""

    def __init__(self, status: int, body: bytes) -> None:
        self.requests = 0
        counted = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                counted.requests += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_PUT = do_GET = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815 - the library looks for these names

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - as the library calls it

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@contextmanager
def answering(status: int, body: bytes = b"") -> Iterator[tuple[str, Answering]]:
    """The address, and the server that counts."""
    answer = Answering(status, body)
    thread = threading.Thread(target=answer.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{answer.server.server_port}", answer
    finally:
        answer.server.shutdown()
        thread.join()
        answer.server.server_close()


def failure(url: str, endpoint: str | None = None) -> StorageFailed:
    """What a probe of the store raises."""

    async def scenario() -> None:
        store = Objects.from_url(url)
        try:
            await store.probe()
        finally:
            store.close()

    with pytest.MonkeyPatch.context() as patch:
        if endpoint is not None:
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageFailed) as raised:
            asyncio.run(scenario())
    return raised.value


def code(name: str) -> bytes:
    return f"<Error><Code>{name}</Code><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "cause", "detail"),
    [
        (
            403,
            code("SignatureDoesNotMatch"),
            OutageCause.CREDENTIALS_REFUSED,
            "403 Forbidden, SignatureDoesNotMatch",
        ),
        (403, code("AccessDenied"), OutageCause.CREDENTIALS_REFUSED, "403 Forbidden, AccessDenied"),
        (401, b"", OutageCause.CREDENTIALS_REFUSED, "401 Unauthorized"),
        (
            400,
            code("AuthorizationHeaderMalformed"),
            OutageCause.CREDENTIALS_REFUSED,
            "AuthorizationHeaderMalformed",
        ),
        (400, code("ExpiredToken"), OutageCause.CREDENTIALS_REFUSED, "ExpiredToken"),
        (404, code("NoSuchBucket"), OutageCause.NO_SUCH_BUCKET, "NoSuchBucket"),
        (301, code("PermanentRedirect"), OutageCause.NO_SUCH_BUCKET, "BareRedirect"),
        (403, code("QuotaExceeded"), OutageCause.FULL, "QuotaExceeded"),
        (507, code("XMinioStorageFull"), OutageCause.FULL, "507 Insufficient Storage"),
        (504, b"", OutageCause.TIMED_OUT, "504 Gateway Timeout"),
        (503, code("SlowDown"), OutageCause.OTHER, "503 Service Unavailable, SlowDown"),
        (418, b"<html>a proxy</html>", OutageCause.OTHER, "418"),
    ],
)
def test_what_a_bucket_answers_has_a_cause(status: int, body: bytes, cause: OutageCause, detail: str) -> None:
    """Operators get status and code. The rest of an answer repeats keys, and is passed on to nobody."""
    with answering(status, body) as (endpoint, _):
        failed = failure(f"s3://{BUCKET}/gateway", endpoint)
    assert failed.cause is cause
    assert detail in (failed.detail or "")
    assert failed.__cause__ is None
    assert KEY not in str(failed)
    assert SECRET not in str(failed)


def test_a_bucket_that_is_not_there_is_told_from_a_missing_object() -> None:
    """The real answers of an S3 API."""
    with s3_server() as found:
        failed = failure("s3://no-such-bucket/gateway", found["AWS_ENDPOINT_URL"])
    assert failed.cause is OutageCause.NO_SUCH_BUCKET


def test_an_address_where_nobody_listens_is_unreachable() -> None:
    """A closed port, and a name that nobody knows."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failed = failure(f"s3://{BUCKET}", f"http://127.0.0.1:{port}")
    assert (failed.cause, "Connection refused" in str(failed)) == (OutageCause.UNREACHABLE, True)
    assert failure(f"s3://{BUCKET}", "http://storage.invalid").cause is OutageCause.UNREACHABLE


def test_plain_http_is_refused_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and the remedy names the variable."""
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with answering(200) as (endpoint, server):
        failed = failure(f"s3://{BUCKET}", endpoint)
    assert (failed.cause, server.requests) == (OutageCause.HTTP_NOT_ALLOWED, 0)
    assert "AWS_ALLOW_HTTP=true" in str(failed)


def test_keys_that_nobody_set_are_a_matter_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though all that fails is the question for this machine's identity."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with answering(404) as (endpoint, _):
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", endpoint)
        assert failure(f"s3://{BUCKET}", endpoint).cause is OutageCause.CREDENTIALS_REFUSED


def test_a_bucket_that_never_answers_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing."""
    monkeypatch.setenv("AWS_READ_TIMEOUT", "200ms")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert failure(f"s3://{BUCKET}", endpoint).cause is OutageCause.TIMED_OUT


def test_object_that_never_comes_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download may take hours, but its first bytes may not."""
    monkeypatch.setattr(objects, "_ANSWER_SECONDS", 0.2)

    async def scenario() -> None:
        await anext(Objects.from_url(f"s3://{BUCKET}").open_range("a/b", 0, 1))

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(StorageFailed) as raised:
            asyncio.run(scenario())
    assert raised.value.cause is OutageCause.TIMED_OUT


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, OutageCause.FULL),
        (errno.EDQUOT, OutageCause.FULL),
        (errno.EROFS, OutageCause.NOT_WRITABLE),
        (errno.EACCES, OutageCause.NOT_WRITABLE),
        (errno.EPERM, OutageCause.NOT_WRITABLE),
        (errno.EIO, OutageCause.OTHER),
    ],
)
def test_what_a_disk_says_has_a_cause(
    number: int, cause: OutageCause, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the system's own words, and nothing is left of the object."""

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    url = (tmp_path / "store").as_uri()
    monkeypatch.setattr(os, "fsync", fail)
    failed = failure(url)
    assert (failed.cause, failed.detail) == (cause, os.strerror(number))
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_file_where_the_folder_should_be_cannot_be_written_to(tmp_path: Path) -> None:
    """Writing, looking and deleting find the same cause: two of them through the library."""
    store = Objects.from_url((tmp_path / "store").as_uri())
    (tmp_path / "store" / "outputs").write_text("no folder")
    for verb in (store.put_bytes("outputs/a", b"x"), store.head("outputs/a"), store.delete(["outputs/a"])):
        with pytest.raises(StorageFailed) as raised:
            asyncio.run(verb)
        assert raised.value.cause is OutageCause.NOT_WRITABLE


def test_time_that_ran_out_is_a_cause_without_a_number() -> None:
    """Asyncio's TimeoutError is an OSError with no number."""
    assert cause_of_os_error(TimeoutError()) is OutageCause.TIMED_OUT


def test_clients_are_told_the_kind_of_trouble_alone() -> None:
    """Key, detail and remedy are for operators; a missing object says nothing but that."""
    failed = StorageFailed("The storage failed.", OutageCause.FULL, key="outputs/a", detail="No space left")
    assert failed.message == "The storage failed."
    assert str(failed) == f"The storage failed (full, at outputs/a, No space left): {OutageCause.FULL.remedy}"
    assert str(StorageFailed("a/b is not in the storage")) == "a/b is not in the storage"


def test_every_cause_has_words() -> None:
    """A sentence for clients and a remedy for operators, no two alike."""
    for words in ([cause.told for cause in OutageCause], [cause.remedy for cause in OutageCause]):
        assert len(set(words)) == len(OutageCause)


@pytest.mark.parametrize(
    ("scheme", "environment", "found"),
    [
        ("s3", {}, {"connect_timeout": "5s", "read_timeout": "20s", "timeout": "24h"}),
        (
            "s3",
            {"AWS_ALLOW_HTTP": "true", "AWS_READ_TIMEOUT": "60s"},
            {"allow_http": "true", "read_timeout": "60s"},
        ),
        ("gs", {"GOOGLE_PROXY_URL": "http://proxy", "AWS_ALLOW_HTTP": "true"}, {"proxy_url": "http://proxy"}),
        ("az", {"AZURE_ALLOW_HTTP": "true", "AZURE_STORAGE_ACCOUNT_KEY": "k"}, {"allow_http": "true"}),
    ],
)
def test_an_operator_can_change_our_patience(
    scheme: str, environment: Mapping[str, str], found: Mapping[str, str]
) -> None:
    """By the library's names; what is no option of the connection is left to the library."""
    usual = {"connect_timeout": "5s", "read_timeout": "20s", "timeout": "24h"}
    assert client_options(scheme, environment) == {**usual, **found}


def test_a_busy_bucket_is_asked_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each verb gives up after its number of tries."""
    monkeypatch.setitem(RETRIES, "max_retries", 2)
    with answering(503) as (endpoint, server):
        assert failure(f"s3://{BUCKET}", endpoint).cause is OutageCause.OTHER
    assert server.requests == 3


def test_a_storage_that_forgets_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written has to come back."""

    def forget(folder: Folder, key: str, data: bytes) -> bytes:
        return b"something else"

    monkeypatch.setattr(Folder, "probe", forget)
    assert "does not give back" in failure(tmp_path.as_uri()).message
