"""What upstream's three guides have everybody write by hand, done with the command line.

The server and the key come from the variables that each guide names.
"""

import json
from pathlib import Path
from typing import Any

from tests.acceptance.films import decoded, psnr
from tests.acceptance.pictures import landscape, png
from tests.acceptance.serving import Server
from tests.acceptance.shell import environment, shell
from tests.acceptance.studio import LAST
from tests.acceptance.test_films import FAITHFUL

_OPENING = landscape(21)


def test_an_image_becomes_a_video(server: Server, images: str, tmp_path: Path) -> None:
    """Find a model that takes both frames, look at the images, submit, wait, download: the frames are exact."""
    (tmp_path / "opening.png").write_bytes(png(_OPENING))
    told = shell(
        f"""
        reelrouter models --takes first-frame --takes last-frame --duration 4 --resolution 720p --search veo
        reelrouter check-image "{images}/last.png"
        reelrouter generate "slow push in, the light turns warm" --model google/veo-3.1-lite \\
          --duration 4 --resolution 720p --aspect-ratio 16:9 --no-audio \\
          --first-frame opening.png --last-frame "{images}/last.png" --output image-video.mp4
        """,
        tmp_path,
        environment(server, "OPENROUTER"),
    )
    assert "google/veo-3.1-lite" in told
    assert "usable" in told
    assert told.splitlines()[-1] == "Saved image-video.mp4"
    film = decoded((tmp_path / "image-video.mp4").read_bytes())
    assert (film.width, film.height) == (1280, 720)
    assert film.frames == 4 * film.fps
    assert psnr(film.first, _OPENING) >= FAITHFUL
    assert psnr(film.last, LAST) >= FAITHFUL


def test_reference_images_guide_a_video(server: Server, images: str, tmp_path: Path) -> None:
    """Choose a model that takes them, see what it costs, and keep the summary that a program needs."""
    for name in ("front.png", "side.png"):
        (tmp_path / name).write_bytes(png(landscape(len(name), size=(320, 320))))
    wanted = f"""--duration 4 --resolution 480p --aspect-ratio 16:9 --no-audio \\
      --reference front.png --reference side.png --reference "{images}/card.png" """
    told = shell(
        f"""
        reelrouter choose {wanted} --among bytedance/seedance-2.0-fast --among kwaivgi/kling-v3.0-pro --json
        reelrouter estimate "a backpack in the rain" --model bytedance/seedance-2.0-fast {wanted} --json
        reelrouter generate "a backpack in the rain" --model bytedance/seedance-2.0-fast {wanted} \\
          --output reference-video.mp4 --json
        """,
        tmp_path,
        environment(server, "MODELGATES"),
    )
    choice, estimate, summary = _documents(told)
    assert [one["model"] for one in choice["ranked"]] == ["bytedance/seedance-2.0-fast"]
    assert [one["model"] for one in choice["ruled_out"]] == ["kwaivgi/kling-v3.0-pro"]
    assert summary["status"] == "completed"
    assert summary["polls"] >= 1
    assert summary["usage"]["cost"] == estimate["cost"]
    assert summary["bytes"] == (tmp_path / summary["output_path"]).stat().st_size
    assert decoded((tmp_path / "reference-video.mp4").read_bytes()).height == 480


def test_a_prompt_and_a_webhook_are_all_it_takes(server: Server, tmp_path: Path) -> None:
    """The overview's way: a job with a callback, its state, its file, and a delivery that is verified."""
    told = shell(
        """
        reelrouter generate "a mountain lake at sunset" --duration 1 --resolution 360p --output lake.mp4 \\
          --callback-url https://example.com/hook --json > summary.json
        id=$(jq -r .id summary.json)
        reelrouter jobs show "$id"
        reelrouter jobs download "$id" --output again.mp4
        cmp lake.mp4 again.mp4
        body='{"type": "video.generation.completed", "data": {"id": "'$id'", "status": "completed"}}'
        now=$(date +%s)
        mac=$(printf '%s,%s' "$now" "$body" | openssl dgst -sha256 -hmac hush | sed 's/.* //')
        printf '%s' "$body" | REELROUTER_WEBHOOK_SECRET=hush reelrouter verify-webhook - \\
          --header "X-OpenRouter-Signature: t=$now,v1=$mac"
        """,
        tmp_path,
        environment(server),
    )
    assert "completed" in told
    assert "Saved again.mp4" in told
    assert "The signature holds." in told


def _documents(text: str) -> list[dict[str, Any]]:
    """The JSON documents that stand in it, one after another."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found
