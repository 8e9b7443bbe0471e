"""The whole way without any library: curl, jq and a shell."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.films import decoded, psnr
from tests.acceptance.orders import frame, image, small
from tests.acceptance.pictures import data_url
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.studio import CARDS, FIRST, LAST

SCRIPT = Path(__file__).with_name("curl_flow.sh")
VEO: Mapping[str, Any] = {"model": "google/veo-3.1-lite", "duration": 4, "resolution": "720p"}
NO_VIDEO, NO_JOB = 1, 2
"""How the script ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run of the script: how it ended, what it said, and what it left behind."""

    status: int
    told: str
    complaint: str
    folder: Path

    def left(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def headers(self) -> dict[str, str]:
        """The headers of the submit's answer."""
        lines = (self.folder / "submit.headers").read_text().splitlines()[1:]
        pairs = (line.partition(":") for line in lines if ":" in line)
        return {name.lower(): value.strip() for name, _, value in pairs}


Run = Callable[..., Ran]


@pytest.fixture
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the script with a body, a key and headers, in a folder of its own."""

    def start(body: Mapping[str, Any], *headers: str, key: str = TEST_KEY) -> Ran:
        folder = tmp_path_factory.mktemp("curl")
        (folder / "body.json").write_text(json.dumps(body))
        command = (str(SCRIPT), server.base_url, key, str(folder / "body.json"), str(folder), *headers)
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return Ran(status=ran.returncode, told=ran.stdout, complaint=ran.stderr, folder=folder)

    return start


def test_a_shell_script_gets_its_video_in_both_ways(server: Server, run: Run) -> None:
    """It polls the address exactly as given, and downloads by the link without a key and the other way round."""
    ran = run(small(prompt="a hot-air balloon over hills"))
    assert ran.status == 0, ran.complaint
    told = json.loads(ran.told)
    assert told["polling_url"] == f"{server.base_url}/api/v1/videos/{told['job_id']}"
    assert told["generation_id"] == told["job_id"]
    assert told["usage"] == {"cost": 0, "is_byok": False}
    assert told["without_key"] == "401"
    assert ran.left("refused.json")["error"]["code"] == 401
    by_link = (ran.folder / "by-link.mp4").read_bytes()
    assert by_link == (ran.folder / "by-key.mp4").read_bytes()
    assert decoded(by_link).frames == 24


def test_a_shell_script_sets_the_first_and_the_last_frame(run: Run, images: str) -> None:
    """One inside the body, one by its address."""
    frames = [frame(data_url(FIRST), "first_frame"), frame(f"{images}/last.png", "last_frame")]
    ran = run(small(prompt="the light changes", aspect_ratio="16:9", frame_images=frames))
    assert ran.status == 0, ran.complaint
    film = decoded((ran.folder / "by-link.mp4").read_bytes())
    assert psnr(film.first, FIRST) > 30
    assert psnr(film.last, LAST) > 30


def test_a_shell_script_gives_references(run: Run, images: str) -> None:
    """In the same two ways, with the shape of the video in pixels."""
    references = [image(data_url(CARDS[0])), image(f"{images}/card.png")]
    ran = run({**small(size="360x360", input_references=references), "resolution": None})
    assert ran.status == 0, ran.complaint
    film = decoded((ran.folder / "by-link.mp4").read_bytes())
    assert (film.width, film.height) == (360, 360)


def test_options_without_effect_are_named_in_the_job_and_in_a_header(run: Run) -> None:
    """Those that the model takes are not, whatever else stands beside them."""
    options = {
        "google-vertex": {"parameters": {"negativePrompt": "people"}, "tempo": 3},
        "nobody-knows": {"tempo": 1},
    }
    ran = run({**VEO, "prompt": "[[fail:server]]", "provider": {"options": options}})
    assert ran.status == NO_VIDEO, ran.complaint
    warnings = ran.left("job.json")["warnings"]
    named = {warning.partition(":")[0] for warning in warnings}
    assert named == {"provider.options.google-vertex.tempo", "provider.options.nobody-knows"}
    assert json.loads(ran.headers()["x-reelrouter-warnings"]) == warnings


def test_a_shell_script_learns_why_there_is_no_video(run: Run) -> None:
    """The status and the sentence, as they stand in the poll's answer."""
    ran = run(small(prompt="[[fail:content_policy_violation]]"))
    assert ran.status == NO_VIDEO
    assert ran.complaint.startswith("failed: ")
    assert "content policy" in ran.complaint


@pytest.mark.parametrize(
    ("body", "key", "complaints"),
    [
        (
            {**VEO, "prompt": "a boat", "duration": 5, "aspect_ratio": "1:1"},
            TEST_KEY,
            ["400: Duration 5s is not supported for this model", "see duration", "see aspect_ratio"],
        ),
        (
            small(previous_job_id="gen-vid-1795258034-00000000000000000000"),
            TEST_KEY,
            ["does not support previous_job_id", "see previous_job_id"],
        ),
        (small(model="nobody/nothing"), TEST_KEY, ["400: nobody/nothing is not a valid model ID", "see model"]),
        (small(), "rr-test-unknown", ["401: User not found."]),
        (small(prompt="[[submit:402]]"), TEST_KEY, ["402: "]),
        (small(prompt="[[submit:403]]"), TEST_KEY, ["403: "]),
        ({**VEO, "prompt": "a boat"}, LIVE_KEY, ["404: No endpoint can serve google/veo-3.1-lite"]),
        (small(prompt="x" * (5 * 1024 * 1024)), TEST_KEY, ["413: "]),
        (small(prompt="[[submit:429]]"), TEST_KEY, ["429: "]),
        (small(prompt="[[submit:503]]"), TEST_KEY, ["503: "]),
    ],
    ids=["400", "continuation", "model", "401", "402", "403", "404", "413", "429", "503"],
)
def test_a_shell_script_learns_why_there_is_no_job(
    body: Mapping[str, Any], key: str, complaints: list[str], run: Run
) -> None:
    """The code, the sentence, and the fields to look at."""
    ran = run(body, key=key)
    assert ran.status == NO_JOB, ran.told
    for complaint in complaints:
        assert complaint in ran.complaint


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ('X-ReelRouter-Provider: {"only": ["nobody"]}', 404, "provider.only"),
        ("X-ReelRouter-Provider: {", 400, "see X-ReelRouter-Provider"),
    ],
)
def test_wishes_by_header_are_held_to(header: str, code: int, words: str, run: Run) -> None:
    """What cannot be met or read is refused, with the reason."""
    ran = run(small(), header, key=LIVE_KEY)
    assert ran.status == NO_JOB, ran.told
    assert ran.complaint.startswith(f"{code}: ")
    assert words in ran.complaint


def test_a_submit_that_is_sent_twice_makes_one_job(run: Run) -> None:
    """With the same Idempotency-Key the second answer is the first one again, and says so."""
    header = "Idempotency-Key: a-key-of-the-shell"
    first, again = (run(small(prompt="[[fail:server]]"), header) for _ in range(2))
    assert first.left("submit.json")["id"] == again.left("submit.json")["id"]
    assert "idempotent-replayed" not in first.headers()
    assert again.headers()["idempotent-replayed"] == "true"


def test_a_submit_can_wait_for_the_end(run: Run) -> None:
    """The 202 then holds the job as it is by then, and says that the wish was granted."""
    ran = run(small(prompt="[[fail:refusal]]"), "Prefer: wait=20")
    assert ran.left("submit.json")["status"] == "failed"
    assert ran.headers()["preference-applied"].startswith("wait")
