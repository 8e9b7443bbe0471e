"""The whole way without any library: curl, jq and a shell."""

import json
import subprocess
from pathlib import Path

from tests.acceptance.films import decoded
from tests.acceptance.orders import small
from tests.acceptance.serving import TEST_KEY, Server

SCRIPT = Path(__file__).with_name("curl_flow.sh")


def run(server: Server, prompt: str, folder: Path) -> subprocess.CompletedProcess[str]:
    body = folder / "body.json"
    body.write_text(json.dumps(small(prompt=prompt)))
    command = (str(SCRIPT), server.base_url, TEST_KEY, str(body), str(folder))
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_shell_script_gets_its_video_in_both_ways(server: Server, tmp_path: Path) -> None:
    """It polls the address exactly as given, and downloads by the link without a key and the other way round."""
    ran = run(server, "a hot-air balloon over hills", tmp_path)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["polling_url"] == f"{server.base_url}/api/v1/videos/{told['job_id']}"
    assert told["generation_id"] == told["job_id"]
    assert told["usage"] == {"cost": 0, "is_byok": False}
    assert told["without_key"] == "401"
    assert json.loads((tmp_path / "refused.json").read_text())["error"]["code"] == 401
    by_link = (tmp_path / "by-link.mp4").read_bytes()
    assert by_link == (tmp_path / "by-key.mp4").read_bytes()
    assert decoded(by_link).frames == 24


def test_a_shell_script_learns_why_there_is_no_video(server: Server, tmp_path: Path) -> None:
    """The status and the sentence, as they stand in the poll's answer."""
    ran = run(server, "[[fail:content_policy_violation]]", tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("failed: ")
    assert "content policy" in ran.stderr
