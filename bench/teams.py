"""Workspaces with credits and keys, made as an operator makes them, and a model that costs something.

It needs no vendor: it is served by the embedded renderer's queue, which a scripted engine answers.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import gateway, load
from reelrouter.ids import random_text

MANAGEMENT_KEY = "rr-mgmt-" + secrets.token_urlsafe(24)
PRICE = 0.05
"""Dollars that a job on `BODY` holds, if the margin is 1."""
BODY = {"model": "bench/priced", "prompt": gateway.BODY["prompt"], "duration": 4, "resolution": "720p"}
_MODEL = """
[[model]]
id = "bench/priced"
canonical_slug = "bench/priced-20261121"
name = "Bench: Priced"
created = 1795219200
description = "A model that costs something, for measurements."
supported_resolutions = ["480p", "720p"]
supported_aspect_ratios = ["16:9", "9:16"]
supported_durations = [4, 5]
generate_audio = true
seed = true
prompt = "required"
modes = ["text"]

[model.pricing_skus]
duration_seconds = "0.0125"

[[model.endpoint]]
provider = "renderer"
native = "animatic"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace with credits."""

    id: str
    key: str

    @property
    def submit(self) -> str:
        """A whole request for a job that holds `PRICE`."""
        return load.post("/api/v1/videos", {"Authorization": f"Bearer {self.key}"}, BODY)


def settings(directory: Path) -> Mapping[str, str]:
    """What a gateway is told so that teams can be made. Writes the model's file into `directory`."""
    catalogue = directory / "priced.toml"
    catalogue.write_text(_MODEL)
    return {
        "REELROUTER_MANAGEMENT_KEY": MANAGEMENT_KEY,
        "REELROUTER_CATALOGUE": str(catalogue),
        "REELROUTER_HOLD_MARGIN": "1",
    }


def make(address: str, jobs: int) -> Team:
    """One whose credits are enough for so many jobs."""
    base = "/api/v1"
    name = f"team-{random_text(10).lower()}"
    team = gateway.ask(address, MANAGEMENT_KEY, f"{base}/workspaces", {"name": name, "slug": name})["data"]["id"]
    wanted = {"name": "bench", "workspace_id": team, "mode": "live"}
    key = gateway.ask(address, MANAGEMENT_KEY, f"{base}/keys", wanted)["key"]
    credit = {"amount": round(jobs * PRICE, 9)}
    gateway.ask(address, MANAGEMENT_KEY, f"{base}/workspaces/{team}/credits", credit)
    return Team(id=team, key=key)
