import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from reelrouter.renderer.animatic.film import Frame
from reelrouter.renderer.animatic.photo import fitted
from reelrouter.renderer.animatic.render import render
from reelrouter.work import TaskFailed
from tests.renderer.animatic.pictures import decoded, landscape, psnr, quarters, saved, write_video

pytestmark = pytest.mark.film

PROMPT = "a sailboat on a calm ocean at sunset, slow push in"
IN_ANOTHER_PROCESS = """
import json, sys
from reelrouter.renderer.animatic.render import render
render(json.loads(sys.argv[1]), lambda _: None)
"""


def arguments(output: Path, **changes: Any) -> dict[str, Any]:
    usual = {
        "prompt": PROMPT,
        "mode": "text",
        "width": 320,
        "height": 180,
        "fps": 12,
        "duration": 1,
        "seed": 7,
        "audio": False,
        "first_frame": None,
        "last_frame": None,
        "references": [],
        "output": str(output),
        "comment": "reelrouter job-1",
    }
    return usual | changes


def rendered(output: Path, **changes: Any) -> Path:
    render(arguments(output, **changes), lambda _: None)
    return output


def rendered_in_another_process(output: Path, **changes: Any) -> Path:
    order = json.dumps(arguments(output, **changes))
    subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, order], check=True, timeout=60)
    return output


def varied_orders(count: int) -> Iterator[dict[str, Any]]:
    """Small films, each with another size and another scene."""
    places = ("a harbour at night", "a fox in falling snow", "a school of fish", "a taxi in a rainy city")
    for number in range(count):
        width, height = 64 + 14 * (number * 7 % 20), 48 + 10 * (number * 3 % 20)
        yield {"prompt": f"{places[number % 4]}, scene {number}", "width": width, "height": height, "seed": number}


def reference(path: Path, kind: str) -> dict[str, str]:
    return {"path": str(path), "kind": kind}


def as_fitted(picture: Frame, width: int, height: int) -> Frame:
    return fitted(Image.fromarray(picture), width, height)


def has_sound(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.audio)


@pytest.mark.parametrize(
    ("size", "fps", "duration"),
    [((320, 180), 24, 2), ((180, 320), 16, 1), ((240, 240), 30, 1), ((420, 180), 24, 1), ((180, 420), 25, 1)],
)
def test_film_is_as_ordered(tmp_path: Path, size: tuple[int, int], fps: int, duration: int) -> None:
    """Size, number of frames and length are exactly what was asked for, and the answer says so."""
    width, height = size
    order = arguments(tmp_path / "film.mp4", width=width, height=height, fps=fps, duration=duration, audio=True)
    answer = render(order, lambda _: None)
    assert answer == {
        "frames": fps * duration,
        "width": width,
        "height": height,
        "duration": float(duration),
        "audio": True,
    }
    frames = decoded(tmp_path / "film.mp4")
    assert len(frames) == fps * duration
    assert frames[0].shape == (height, width, 3)
    assert psnr(frames[0], frames[-1]) < 40


def test_same_order_is_the_same_file_in_another_process(tmp_path: Path) -> None:
    """One seed is one film, byte for byte, picture and sound."""
    here = rendered(tmp_path / "here.mp4", audio=True)
    there = rendered_in_another_process(tmp_path / "there.mp4", audio=True)
    assert here.read_bytes() == there.read_bytes()


def test_films_made_before_leave_no_trace(tmp_path: Path) -> None:
    """After twenty films of many sizes the first is made again byte for byte, and fresh processes agree."""
    orders = {f"{number}.mp4": changes for number, changes in enumerate(varied_orders(20))}
    films = {name: rendered(tmp_path / name, **changes).read_bytes() for name, changes in orders.items()}
    assert len(set(films.values())) == 20
    assert rendered(tmp_path / "again.mp4", **orders["0.mp4"]).read_bytes() == films["0.mp4"]
    for name in ("7.mp4", "19.mp4"):
        elsewhere = rendered_in_another_process(tmp_path / f"elsewhere-{name}", **orders[name])
        assert elsewhere.read_bytes() == films[name]


def test_encoder_has_no_macroblock_tree(tmp_path: Path) -> None:
    """x264 writes its settings into the file: the tree, which is not the same in every run, is off."""
    assert b" mbtree=0 " in rendered(tmp_path / "film.mp4").read_bytes()


def test_seed_and_prompt_make_the_film(tmp_path: Path) -> None:
    """Another seed is another film, and so is another prompt; a negative seed is a seed."""
    films = [
        rendered(tmp_path / "a.mp4"),
        rendered(tmp_path / "b.mp4", seed=8),
        rendered(tmp_path / "c.mp4", seed=-1),
        rendered(tmp_path / "d.mp4", prompt="a fox in falling snow at night"),
    ]
    assert len({film.read_bytes() for film in films}) == 4


def test_progress_rises_to_one(tmp_path: Path) -> None:
    """Progress is told for each frame and never falls."""
    reports: list[float] = []
    render(arguments(tmp_path / "film.mp4"), reports.append)
    assert reports == sorted(reports)
    assert len(reports) == 12
    assert reports[-1] == 1.0


def test_file_carries_its_comment(tmp_path: Path) -> None:
    """Players show whose job made the film."""
    with av.open(str(rendered(tmp_path / "film.mp4", comment="reelrouter test job 9"))) as container:
        assert container.metadata["comment"] == "reelrouter test job 9"


@pytest.mark.parametrize("audio", [True, False])
def test_sound_is_there_only_if_asked_for(tmp_path: Path, audio: bool) -> None:
    """A silent film has no sound track at all."""
    assert has_sound(rendered(tmp_path / "film.mp4", audio=audio)) is audio


@pytest.mark.parametrize("given", [{"first_frame"}, {"last_frame"}, {"first_frame", "last_frame"}], ids=sorted)
@pytest.mark.parametrize("weather", ["", ", falling snow"], ids=["clear", "snow"])
def test_given_frames_are_found_in_the_film(tmp_path: Path, given: set[str], weather: str) -> None:
    """The first and the last frame are the pictures that were given, cut to the film's shape, within 4:2:0."""
    pictures = {"first_frame": landscape(400, 300), "last_frame": landscape(300, 300, seed=9)}
    paths = {name: str(saved(pictures[name], tmp_path / f"{name}.png")) for name in given}
    film = rendered(tmp_path / "film.mp4", mode="frames", prompt=f"mountains{weather}", **paths)
    frames = decoded(film)
    for name, frame in (("first_frame", frames[0]), ("last_frame", frames[-1])):
        is_given = psnr(frame, as_fitted(pictures[name], 320, 180)) >= 38
        assert is_given is (name in given)
    assert psnr(frames[5], frames[6]) < 50


def test_weather_falls_over_a_picture(tmp_path: Path) -> None:
    """Snow in the prompt is snow in the film."""
    path = str(saved(np.full((180, 320, 3), 60, np.uint8), tmp_path / "grey.png"))
    clear = decoded(rendered(tmp_path / "a.mp4", mode="frames", first_frame=path, prompt="a still street at noon"))
    snow = decoded(
        rendered(tmp_path / "b.mp4", mode="frames", first_frame=path, prompt="a street in falling snow")
    )
    assert snow[-1].max() > clear[-1].max() + 40


def test_large_films_keep_given_frames_sharp(tmp_path: Path) -> None:
    """Above 1080p drawing happens at half the size, but a given frame is shown at its full size."""
    picture = np.repeat(np.repeat(landscape(1024, 576), 2, axis=0), 2, axis=1)
    path = str(saved(picture, tmp_path / "large.png"))
    film = rendered(tmp_path / "film.mp4", mode="frames", width=2048, height=1152, fps=8, first_frame=path)
    frames = decoded(film)
    assert len(frames) == 8
    assert psnr(frames[0], picture) >= 38


def test_references_are_used(tmp_path: Path) -> None:
    """Pictures and the first frames of videos appear in the scene, and their colours reach it."""
    picture = reference(saved(quarters(200, 150), tmp_path / "a.png"), "image")
    video = reference(write_video(tmp_path / "b.mp4", [quarters(96, 64, 2)] * 4), "video")
    plain = decoded(rendered(tmp_path / "plain.mp4"))[0]
    one = decoded(rendered(tmp_path / "one.mp4", mode="references", references=[picture]))[0]
    two = decoded(rendered(tmp_path / "two.mp4", mode="references", references=[picture, video]))[0]
    assert psnr(plain, one) < 25
    assert psnr(one, two) < 30
    for colour in ((220, 40, 40), (40, 190, 70), (50, 80, 220), (240, 210, 60)):
        assert (np.abs(two.astype(int) - colour).max(axis=2) < 40).mean() > 0.005


def test_recording_is_laid_over_the_scene(tmp_path: Path) -> None:
    """A handed-over recording changes what is heard, and not what is seen."""
    video = write_video(tmp_path / "tone.mp4", [quarters(32, 32)] * 12, seconds_of_sound=1)
    tone = rendered(tmp_path / "a.mp4", mode="references", references=[reference(video, "audio")], audio=True)
    plain = rendered(tmp_path / "b.mp4", audio=True)
    assert tone.read_bytes() != plain.read_bytes()
    assert psnr(decoded(tone)[5], decoded(plain)[5]) == float("inf")


@pytest.mark.parametrize(("seconds", "frames"), [(1.3, 16), (0.02, 1)])
def test_a_speaking_picture_is_shown_as_long_as_it_speaks(tmp_path: Path, seconds: float, frames: int) -> None:
    """A length that is no whole number of seconds gives the nearest number of frames, and at least one."""
    recording = write_video(tmp_path / "in.mp4", [quarters(64, 64)] * 24, fps=12, seconds_of_sound=2)
    picture = saved(landscape(120, 160), tmp_path / "picture.png")
    references = [reference(picture, "image"), reference(recording, "audio")]
    order = arguments(
        tmp_path / "out.mp4", mode="references", prompt="", duration=seconds, references=references, audio=True
    )
    answer = render(order, lambda _: None)
    assert (answer["frames"], answer["audio"]) == (frames, True)
    assert len(decoded(tmp_path / "out.mp4")) == frames


def test_edit_follows_its_video(tmp_path: Path) -> None:
    """An edited film has its video's length and rate and sound, and plainly another look."""
    source = write_video(tmp_path / "in.mp4", [landscape(320, 180)] * 15, fps=10, seconds_of_sound=1.5)
    order = arguments(
        tmp_path / "out.mp4",
        mode="edit",
        duration=None,
        fps=24,
        references=[reference(source, "video")],
        audio=True,
    )
    answer = render(order, lambda _: None)
    assert answer == {"frames": 15, "width": 320, "height": 180, "duration": 1.5, "audio": True}
    assert psnr(decoded(tmp_path / "out.mp4")[3], landscape(320, 180)) < 22


def test_silent_video_gets_the_scenes_sound(tmp_path: Path) -> None:
    """Whoever asks for sound gets some, though the video has none."""
    source = reference(write_video(tmp_path / "in.mp4", [quarters(64, 64)] * 12), "video")
    film = rendered(
        tmp_path / "out.mp4", mode="edit", width=64, height=64, duration=None, references=[source], audio=True
    )
    assert has_sound(film)


def test_upscaled_video_is_the_same_but_larger(tmp_path: Path) -> None:
    """Twice the size, the same frames."""
    source = write_video(tmp_path / "in.mp4", [landscape(160, 90)] * 6)
    film = rendered(tmp_path / "out.mp4", mode="upscale", duration=None, references=[reference(source, "video")])
    frames = decoded(film)
    assert len(frames) == 6
    assert frames[0].shape == (180, 320, 3)
    assert psnr(frames[2][::2, ::2], landscape(160, 90)) > 24


def test_continued_film_begins_where_the_video_ended(tmp_path: Path) -> None:
    """The first frame is the video's last."""
    source = write_video(tmp_path / "in.mp4", [quarters(320, 180)] * 3 + [landscape(320, 180)])
    film = rendered(tmp_path / "out.mp4", mode="continue", references=[reference(source, "video")])
    assert psnr(decoded(film)[0], landscape(320, 180)) > 30


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"width": 321}, "invalid_size", "width is 321; an even number"),
        ({"height": 8}, "invalid_size", "height is 8"),
        ({"duration": 31}, "invalid_duration", "duration is 31; more than 0 and up to 30"),
        ({"duration": None}, "invalid_duration", "duration is None"),
        ({"duration": 0}, "invalid_duration", "duration is 0"),
        ({"fps": 5}, "invalid_fps", "fps is 5"),
        ({"mode": "dream"}, "invalid_mode", "text, frames, references"),
        ({"mode": "frames"}, "invalid_input", "first_frame or last_frame"),
        ({"mode": "references"}, "invalid_input", "needs references"),
        ({"first_frame": "a.png"}, "invalid_input", "mode text has no use for first_frame"),
        ({"mode": "frames", "first_frame": "/nowhere/a.png"}, "invalid_image", r"a\.png"),
        ({"mode": "edit", "references": [{"path": "a", "kind": "image"}]}, "invalid_input", "the kind video"),
        ({"mode": "continue", "references": [{"path": "a", "kind": "image"}]}, "invalid_input", "the kind video"),
        ({"mode": "references", "references": [{"path": "a", "kind": "smell"}]}, "invalid_input", "image, video"),
        ({"mode": "references", "references": [{"path": "a", "kind": "audio"}]}, "invalid_audio", "recording a"),
        ({"mode": "references", "references": [{"path": "a", "kind": "video"}]}, "invalid_video", "a could"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("invalid") else None,
)  # fmt: skip
def test_what_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, Any], code: str, words: str) -> None:
    """The code is for programs; the message names what is wrong and what would do. Nothing is written."""
    with pytest.raises(TaskFailed, match=words) as refused:
        rendered(tmp_path / "film.mp4", **changes)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_odd_prompts_make_films(tmp_path: Path) -> None:
    """Nothing, or only signs, is still something to show."""
    for index, prompt in enumerate(("", "???", "\N{SNOWMAN}" * 50)):
        assert len(decoded(rendered(tmp_path / f"{index}.mp4", prompt=prompt, fps=8))) == 8
