"""`reelrouter generate`, against a server that behaves as OpenRouter was recorded to."""

import json
import threading
import time
from pathlib import Path
from typing import Self

import httpx
import pytest

from reelrouter.cli import generate as module
from reelrouter.cli.ending import Exit
from reelrouter.cli.listening import Listener
from reelrouter.client.sync import Client
from reelrouter.client.webhooks import sign
from tests.cli.running import run, run_json, run_well
from tests.client.fake_openrouter import FILM, JOB, FakeOpenRouter, fails

MODEL = "google/veo-3.1-lite"
FAST = ("--interval", "0")
PNG = bytes.fromhex("89504e470d0a1a0a0000000d494844520000014000000140080200000061d8bd0f0000000049454e44ae426082")
"""The frame of a picture of 320x320."""


def test_a_prompt_becomes_a_file(openrouter: FakeOpenRouter, folder: Path) -> None:
    """The last line says where it is; folders on the way are made."""
    shown = run_well("generate", "a fox", "-m", MODEL, "-d", "4", "-o", "films/fox.mp4", *FAST)
    assert shown.splitlines()[-1] == "Saved films/fox.mp4"
    assert (folder / "films" / "fox.mp4").read_bytes() == FILM
    (submit,) = openrouter.asked("submit")
    assert submit.json() == {"model": MODEL, "prompt": "a fox", "duration": 4}


def test_json_is_one_line_with_what_the_guides_keep(openrouter: FakeOpenRouter) -> None:
    """And nothing else goes to stdout."""
    assert run_json("generate", "a fox", "-m", MODEL, "-o", "fox.mp4", *FAST) == {
        "id": JOB,
        "status": "completed",
        "polls": openrouter.pending_polls + 1,
        "output_path": "fox.mp4",
        "bytes": len(FILM),
        "generation_id": JOB,
        "usage": {"cost": 0.4, "is_byok": False},
    }


def test_every_field_of_a_request_has_an_option(openrouter: FakeOpenRouter, folder: Path) -> None:
    """Files go as data URLs; the kind of a reference is told by its name, or written in front."""
    (folder / "first.png").write_bytes(PNG)
    (folder / "voice.mp3").write_bytes(b"sound")
    shape = ("-d", "4", "-r", "720p", "-a", "16:9", "--size", "1280x720", "--no-audio", "--max-price", "2")
    inputs = ("--first-frame", "first.png", "--reference", "voice.mp3", "--reference", "video:https://a.example/v")
    options = ("--option", "google-vertex.negativePrompt=people", "--option", "google-vertex.n.deep=[1, true]")
    more = ("--seed", "7", "--previous-job", "gen-1", "--upscale-factor", "2", "--creativity", "0", "--user", "u")
    said = ("--session-id", "s", "--trace", "step=3", "--provider", "sort=price", "--fallback", "google/veo-3.1")
    callback = ("--callback-url", "https://me.example/hook")
    run_well("generate", "a fox", "-m", MODEL, *shape, *inputs, *options, *more, *said, *callback, *FAST)
    (submit,) = openrouter.asked("submit")
    body = submit.json()
    (frame,) = body.pop("frame_images")
    assert (frame["type"], frame["frame_type"]) == ("image_url", "first_frame")
    assert frame["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert body == {
        "model": MODEL,
        "prompt": "a fox",
        "duration": 4,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "size": "1280x720",
        "generate_audio": False,
        "input_references": [
            {"type": "audio_url", "audio_url": {"url": "data:audio/mpeg;base64,c291bmQ="}},
            {"type": "video_url", "video_url": {"url": "https://a.example/v"}},
        ],
        "seed": 7,
        "previous_job_id": "gen-1",
        "upscale_factor": 2.0,
        "creativity": 0,
        "models": ["google/veo-3.1"],
        "provider": {
            "sort": "price",
            "max_price": 2.0,
            "options": {"google-vertex": {"negativePrompt": "people", "n": {"deep": [1, True]}}},
        },
        "user": "u",
        "session_id": "s",
        "trace": {"step": 3},
        "callback_url": "https://me.example/hook",
    }


def test_a_bad_image_is_found_before_anything_is_paid(openrouter: FakeOpenRouter, folder: Path) -> None:
    """The line names the image and what to do; --no-check sends it all the same."""
    (folder / "first.png").write_bytes(b"this is prose")
    arguments = ("generate", "a fox", "-m", MODEL, "--first-frame", "first.png", *FAST)
    result = run(*arguments)
    assert result.exit_code == Exit.FAILED
    assert "first.png" in result.stderr
    assert "reelrouter check-image first.png" in result.stderr
    assert openrouter.asked("submit") == []
    assert run(*arguments, "--no-check").exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--first-frame", "none.png"), "none.png is neither a file nor a URL"),
        (("--option", "tempo=3"), "slug.key=value"),
        (("--option", "a.b=1", "--option", "a.b=2"), "b is given twice"),
        (("--first-frame", "https://a.example/v.mp4"), "a frame must be one"),
        (("-o", "."), "is a folder"),
        (("--webhook-listen", "here"), "Give HOST:PORT"),
        (("--idempotency-key", " "), "idempotency key"),
    ],
)
def test_wrong_usage_ends_with_2_and_sends_nothing(
    arguments: tuple[str, ...], said: str, openrouter: FakeOpenRouter
) -> None:
    """One line says what would be right."""
    result = run("generate", "a fox", "-m", MODEL, *arguments)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert openrouter.asked("submit") == []


def test_a_refusal_ends_with_1_and_says_what_would_do(openrouter: FakeOpenRouter) -> None:
    """In the server's own words."""
    result = run("generate", "a fox", "-m", MODEL, "-d", "5")
    assert result.exit_code == Exit.FAILED
    assert "Duration 5s is not supported" in result.stderr


def test_a_failed_job_ends_with_3_and_its_error(openrouter: FakeOpenRouter) -> None:
    """With --json the same for programs, on one line."""
    openrouter.ending = {"status": "failed", "error": "the prompt is not allowed"}
    result = run("generate", "a fox", "-m", MODEL, "--json", *FAST)
    assert result.exit_code == Exit.NO_VIDEO
    assert "the prompt is not allowed" in result.stderr
    error = json.loads(result.stdout)["error"]
    assert (error["id"], error["job_status"], error["exit_code"]) == (JOB, "failed", 3)


def test_a_job_that_is_not_over_in_time_ends_with_4(openrouter: FakeOpenRouter) -> None:
    """And with the command that goes on waiting."""
    openrouter.pending_polls = 99
    result = run("generate", "a fox", "-m", MODEL, "--attempts", "2", *FAST)
    assert result.exit_code == Exit.NOT_COMPLETED
    assert "did not complete after 2 attempts" in result.stderr
    assert result.stderr.rstrip().endswith(f"reelrouter jobs watch {JOB}")


def test_an_unclear_submit_is_not_sent_again(openrouter: FakeOpenRouter) -> None:
    """It may have been accepted; the line says where to look."""
    openrouter.plan("submit", fails(502))
    result = run("generate", "a fox", "-m", MODEL, *FAST)
    assert result.exit_code == Exit.FAILED
    assert "not known whether the job was placed" in result.stderr
    assert len(openrouter.asked("submit")) == 1


def test_the_model_may_be_chosen(openrouter: FakeOpenRouter) -> None:
    """It is named with its price before the job is placed."""
    shape = ("-d", "8", "-r", "1080p", "--profile", "quality-and-cost")
    result = run("generate", "a fox", "-m", "auto", *shape, *FAST)
    assert result.exit_code == Exit.DONE, result.stderr
    best = run_json("choose", *shape)["ranked"][0]["model"]
    assert f"{best} is chosen" in result.stderr
    (submit,) = openrouter.asked("submit")
    assert submit.json()["model"] == best


def test_no_model_for_a_request_ends_with_1(openrouter: FakeOpenRouter) -> None:
    """Nothing is submitted then."""
    result = run("generate", "a fox", "-m", "auto", "--max-price", "0.0001")
    assert result.exit_code == Exit.FAILED
    assert "no model" in result.stderr
    assert openrouter.asked("submit") == []


def test_ctrl_c_without_a_terminal_says_how_to_go_on(
    openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is left alone."""
    monkeypatch.setattr(Client, "wait", _interrupt)
    result = run("generate", "a fox", "-m", MODEL)
    assert result.exit_code == Exit.INTERRUPTED
    assert result.stderr.rstrip().endswith(f"reelrouter jobs watch {JOB}")


def test_ctrl_c_during_a_submit_says_where_to_look(
    openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be a job."""
    monkeypatch.setattr(Client, "submit", _interrupt)
    result = run("generate", "a fox", "-m", MODEL)
    assert result.exit_code == Exit.INTERRUPTED
    assert "reelrouter jobs list" in result.stderr


def test_a_webhook_ends_the_wait(openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    """With polls an hour apart, only the webhook can: once it comes, the job is asked for and saved.

    One whose signature does not hold wakes nobody.
    """
    openrouter.pending_polls = 0
    opened = threading.Event()
    listeners: list[Listener] = []

    class Watched(Listener):
        def __enter__(self) -> Self:
            listeners.append(self)
            opened.set()
            return super().__enter__()

    def deliver() -> None:
        assert opened.wait(10)
        event = {"type": "video.generation.completed", "data": {"id": JOB, "status": "completed"}}
        body, now = json.dumps(event).encode(), int(time.time())
        forged, signed = (sign(body, secret, event_id="1", timestamp=now) for secret in ("another", "secret"))
        url = listeners[0].url
        answers.extend(httpx.post(url, content=body, headers=one).status_code for one in (forged, signed))

    answers: list[int] = []
    monkeypatch.setattr(module, "Listener", Watched)
    sender = threading.Thread(target=deliver)
    sender.start()
    listen = ("--webhook-listen", "127.0.0.1:0", "--webhook-secret", "secret", "--interval", "3600")
    result = run("generate", "a fox", "-m", MODEL, *listen)
    sender.join()
    assert result.exit_code == Exit.DONE, result.stderr
    assert answers == [401, 204]
    (submit,) = openrouter.asked("submit")
    assert submit.json()["callback_url"] == listeners[0].url
    assert len(openrouter.asked("poll")) == 1


def _interrupt(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt
