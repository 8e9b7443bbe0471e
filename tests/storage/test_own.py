import pytest

from reelrouter.storage.own import OwnOutput, OwnUrlInvalid, Part, parse_own

JOB = "gen-vid-1800000000-AbCdEfGhIjKlMnOpQrSt"
BASES = ("https://video.example.com", "http://127.0.0.1:8088/under")


def own(index: int = 0, part: Part = "video") -> OwnOutput:
    return OwnOutput(job_id=JOB, index=index, part=part)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://video.example.com/api/v1/videos/{JOB}/content", own()),
        (f"https://video.example.com/api/v1/videos/{JOB}/content?index=2", own(2)),
        (f"https://video.example.com/api/v1/videos/{JOB}/content?index=0&expires=9&signature=x", own()),
        (f"https://video.example.com/api/v1/videos/{JOB}/content?variant=video", own()),
        (f"https://video.example.com/api/v1/videos/{JOB}/content#t=3", own()),
        (f"HTTPS://Video.Example.com:443/api/v1/videos/{JOB}/content", own()),
        (f"http://127.0.0.1:8088/under/api/v1/videos/{JOB}/content?index=1", own(1)),
        (f"reelrouter://job/{JOB}", own()),
        (f"reelrouter://job/{JOB}?index=3", own(3)),
        (f"reelrouter://job/{JOB}/first_frame", own(part="first_frame")),
        (f"reelrouter://job/{JOB}/last_frame?index=1", own(1, "last_frame")),
    ],
)
def test_addresses_of_our_outputs_are_recognised(url: str, expected: OwnOutput) -> None:
    """Signed or not, in short form or long, under any of our bases."""
    assert parse_own(url, BASES) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"https://elsewhere.example.com/api/v1/videos/{JOB}/content",
        f"https://video.example.com.evil.test/api/v1/videos/{JOB}/content",
        f"https://video.example.com:8443/api/v1/videos/{JOB}/content",
        f"http://video.example.com/api/v1/videos/{JOB}/content",
        f"https://evil.test/https://video.example.com/api/v1/videos/{JOB}/content",
        f"https://video.example.com@evil.test/api/v1/videos/{JOB}/content",
        f"https://video.example.com/api/v1/videos/{JOB}",
        f"https://video.example.com/api/v1/videos/{JOB}/content/more",
        f"https://video.example.com/api/v1/videos/{JOB}/x/content",
        f"http://127.0.0.1:8088/api/v1/videos/{JOB}/content",
        f"http://127.0.0.1:8088/underneath/api/v1/videos/{JOB}/content",
        "https://video.example.com/",
        "https://video.example.com:99999/",
        "https://[::1",
        "data:image/png;base64,AAAA",
        "",
        f"https://video.example.com/api/v1/videos/{JOB}/content?pad=" + "x" * 3000,
    ],
)
def test_other_addresses_are_left_alone(url: str) -> None:
    """Whatever is not exactly one of our content addresses is somebody else's."""
    assert parse_own(url, BASES) is None


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        (f"https://video.example.com/api/v1/videos/{JOB}/content?variant=poster", "first_frame"),
        (f"https://video.example.com/api/v1/videos/{JOB}/content?index=-1", "index must be"),
        (f"https://video.example.com/api/v1/videos/{JOB}/content?index=", "index must be"),
        (f"reelrouter://job/{JOB}?index=one", "index must be"),
        (f"reelrouter://job/{JOB}/middle_frame", "reelrouter://job/<job id>"),
        (f"reelrouter://jobs/{JOB}", "reelrouter://job/<job id>"),
        ("reelrouter://job/", "reelrouter://job/<job id>"),
        ("reelrouter:job", "reelrouter://job/<job id>"),
        ("reelrouter://job/a b", "not a job id"),
        ("reelrouter://job/..", "not a job id"),
        ("reelrouter://job/%2e%2e", "not a job id"),
    ],
)
def test_an_address_of_ours_that_names_nothing_says_what_would(url: str, remedy: str) -> None:
    """Mistakes in our own addresses are never taken for a stranger's, nor guessed around."""
    with pytest.raises(OwnUrlInvalid, match=remedy):
        parse_own(url, BASES)
