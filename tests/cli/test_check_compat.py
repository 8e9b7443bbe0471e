"""`reelrouter check-compat`, against a server on the loopback that behaves as OpenRouter was recorded to."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from reelrouter.cli.check_compat import KEY_NAMES
from reelrouter.cli.commands import app
from tests.compat.fake import KEY, TEST_KEY, Fake, serving

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEY_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    """Serves from a thread of its own, since the command runs a loop itself."""
    served = Fake(*getattr(request, "param", ()))
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(served):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10), "the fake did not start"
    yield served
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def check(*arguments: str) -> Result:
    return RUNNER.invoke(app, ["check-compat", *arguments])


def test_a_server_that_keeps_the_contract_ends_with_0(fake: Fake) -> None:
    """Each area has its table, and the last line counts."""
    result = check(fake.base, "--api-key", TEST_KEY)
    assert result.exit_code == 0, result.stdout
    for area in ("models", "submit", "poll", "content", "errors", "headers", "extensions"):
        assert f"\n{area}" in result.stdout
    assert "No rule is broken" in result.stdout.splitlines()[-1]
    assert "0 failed" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize("fake", [("submit is 200",)], indirect=True)
def test_a_broken_rule_ends_with_1_and_says_who_is_hurt(fake: Fake) -> None:
    """What was seen stands beside it."""
    result = check(fake.base, "--api-key", TEST_KEY, "--only", "submit")
    assert result.exit_code == 1
    assert "FAIL" in result.stdout
    assert "expected 202" in result.stdout
    assert "This breaks the official SDKs" in result.stdout


def test_json_goes_to_stdout_alone(fake: Fake) -> None:
    """So that it can be piped; an object with a row for each rule."""
    result = check(fake.base + "/api/v1", "--api-key", TEST_KEY, "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["base_url"] == fake.base + "/api/v1"
    assert report["compatible"] is True
    assert "test key" in report["jobs"]
    assert {rule["outcome"] for rule in report["rules"]} == {"pass", "absent"}
    assert sum(report["summary"].values()) == len(report["rules"])


def test_only_narrows_and_may_be_repeated(fake: Fake) -> None:
    """A mistyped area is told, with those there are."""
    report = json.loads(check(fake.base, "--only", "models", "--only", "headers", "--json").stdout)
    assert {rule["area"] for rule in report["rules"]} == {"models", "headers"}
    mistyped = check(fake.base, "--only", "model")
    assert mistyped.exit_code == 2
    assert "headers" in mistyped.stderr


@pytest.mark.parametrize("name", KEY_NAMES)
def test_the_key_may_come_from_the_environment(name: str, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name that each service's own tools use."""
    monkeypatch.setenv(name, KEY)
    assert check(fake.base, "--only", "poll").exit_code == 0
    assert f"Bearer {KEY}" in {key for _method, _path, key in fake.requests}


def test_money_is_spent_on_request_alone(fake: Fake) -> None:
    """A key that is no test key makes no job without --spend, and one with it."""
    assert check(fake.base, "--api-key", KEY).exit_code == 0
    assert fake.jobs == {}
    spent = check(fake.base, "--api-key", KEY, "--spend")
    assert spent.exit_code == 0
    assert len(fake.jobs) == 1
    assert "$0.05" in spent.stdout


def test_what_cannot_be_asked_ends_with_2(fake: Fake) -> None:
    """One line says why: no address, nobody there, a wrong key, an unlisted model."""
    for arguments, reason in (
        (("openrouter.ai",), "not an address"),
        (("http://127.0.0.1:9",), "cannot reach"),
        ((fake.base, "--api-key", "mistyped"), "does not know the key"),
        ((fake.base, "--api-key", KEY, "--model", "no/such"), "no/such"),
    ):
        result = check(*arguments)
        assert result.exit_code == 2, arguments
        assert reason in result.stderr
        assert result.stdout == ""


def test_the_help_shows_how() -> None:
    """With an example for each kind of server."""
    result = check("--help")
    assert result.exit_code == 0
    assert result.stdout.count("Example:") >= 3
