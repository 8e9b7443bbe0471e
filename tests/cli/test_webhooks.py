"""`verify-webhook` and `send-test-webhook`: what the one sends, the other takes for genuine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelrouter.cli.ending import Exit
from tests.cli.receiving import Receiver, receiving
from tests.cli.running import run, run_json, run_well

SECRET = ("--webhook-secret", "whsec_c2VjcmV0")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as got:
        yield got


def kept(receiver: Receiver) -> tuple[str, ...]:
    """What came in, in files, as arguments of verify-webhook."""
    Path("body.json").write_bytes(receiver.body)
    Path("headers.txt").write_text("\n".join(f"{name}: {value}" for name, value in receiver.headers.items()))
    return ("body.json", "-H", "@headers.txt")


@pytest.mark.parametrize("brand", ["openrouter", "modelgates", "reelrouter"])
@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired"])
def test_what_is_sent_is_genuine(brand: str, status: str, receiver: Receiver) -> None:
    """Under each brand and for each end, in the contract's shape."""
    told = run_well("send-test-webhook", receiver.url, "--brand", brand, "--status", status, *SECRET)
    assert told.startswith(f"{receiver.url} answered 204")
    event = run_json("verify-webhook", *kept(receiver), *SECRET)
    assert event == json.loads(receiver.body)
    assert event["type"] == f"video.generation.{status}"
    assert ("error" in event["data"]) == (status != "completed")
    names = {name.lower() for name in receiver.headers}
    assert {f"x-{brand}-idempotency-key", f"x-{brand}-signature", "webhook-id"} <= names


def test_a_forgery_ends_with_1(receiver: Receiver) -> None:
    """The line says what does not hold."""
    run_well("send-test-webhook", receiver.url, *SECRET)
    result = run("verify-webhook", *kept(receiver), "--webhook-secret", "another")
    assert result.exit_code == Exit.FAILED
    assert "signature" in result.stderr
    assert result.stdout == ""


def test_the_body_may_come_by_a_pipe(receiver: Receiver) -> None:
    """And what holds is told in a few lines."""
    run_well("send-test-webhook", receiver.url, "--id", "gen-1", *SECRET)
    arguments = kept(receiver)[1:]
    shown = run_well("verify-webhook", "-", *arguments, *SECRET, stdin=receiver.body.decode())
    assert shown.splitlines()[0] == "The signature holds."
    assert "gen-1" in shown


def test_without_a_secret_it_is_sent_unsigned(receiver: Receiver) -> None:
    """And cannot be checked."""
    result = run("send-test-webhook", receiver.url)
    assert "without a signature" in result.stderr
    assert not any("signature" in name.lower() for name in receiver.headers)
    assert run("verify-webhook", *kept(receiver)).exit_code == Exit.USAGE


def test_a_receiver_that_refuses_ends_with_1(receiver: Receiver) -> None:
    """So does one that is not there, and an address that is none is wrong usage."""
    receiver.status = 500
    result = run("send-test-webhook", receiver.url, *SECRET)
    assert result.exit_code == Exit.FAILED
    assert "answered 500" in result.stderr
    assert run("send-test-webhook", "http://127.0.0.1:9/hook", *SECRET).exit_code == Exit.FAILED
    assert run("send-test-webhook", "here", *SECRET).exit_code == Exit.USAGE
