"""Every adapter, and how its vendor says that a job stands somehow: what tests over all of them share."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st

from reelrouter.providers.alibaba import ALIBABA
from reelrouter.providers.base import Account, Flow, Provider, Reply, T, Ticket, Unclear
from reelrouter.providers.byteplus import BYTEPLUS, VOLCENGINE
from reelrouter.providers.openai_videos import OPENAI, SGLANG, VLLM_OMNI
from reelrouter.providers.openrouter import MODELGATES, OPENROUTER
from reelrouter.providers.vertex import VERTEX
from reelrouter.work import Fetch, Finished, Handle, Order, Outcome
from tests.providers.orders import order

ROOT = "https://vendor.test/v1"
VIDEO = "https://files.test/v.mp4"
JOB = "job-1"
_VEO = "projects/p/locations/l/publishers/google/models/veo"


def _status(word: object, **more: Any) -> Mapping[str, Any]:
    return {"id": JOB, "status": word, **more}


def _modelark(word: object, **more: Any) -> Mapping[str, Any]:
    return {"id": JOB, "status": word, "content": {"video_url": VIDEO}, **more}


def _dashscope(word: object, **more: Any) -> Mapping[str, Any]:
    return {"request_id": "r", "output": {"task_id": JOB, "task_status": word, "video_url": VIDEO, **more}}


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """An adapter, and what its vendor answers."""

    provider: Provider
    job: Callable[..., Mapping[str, Any]]
    """A job that stands as a word says; what else is said of it goes where the vendor puts that."""
    order: Order = field(default_factory=order)
    native_id: str = JOB

    @property
    def account(self) -> Account:
        values = {"api_key": "k", "project": "p", "location": "l", "credentials": "c"}
        return Account(provider=self.provider.name, name="a", root=ROOT, values=values, concurrency=1)

    @property
    def handle(self) -> Handle:
        return Handle(endpoint=self.provider.name, credential="a", native_id=self.native_id)

    def submitted(self, body: object, status: int = 200, **headers: str) -> Ticket:
        return returned(self.provider.submit(self.order, self.account), reply(body, status, **headers))

    def polled(self, body: object, status: int = 200, **headers: str) -> Outcome | Unclear:
        return returned(self.provider.poll(self.handle, self.account), reply(body, status, **headers))


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=text)


def returned(flow: Flow[T], answer: Reply) -> T:
    """What a flow of one call makes of its answer."""
    try:
        next(flow)
        flow.send(answer)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("the flow wants more replies")


def odd_json(names: list[str]) -> st.SearchStrategy[Any]:
    """Anything that JSON can be, under these names."""
    plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner),
        max_leaves=12,
    )


def urls(outcome: object) -> list[str]:
    """Where the videos of a finished job, or of a riddle, are."""
    assert isinstance(outcome, Finished | Unclear), f"it is {outcome}"
    return [output.url for output in outcome.outputs if isinstance(output, Fetch)]


WITH_STATUS: Mapping[str, Speaker] = {
    "openrouter": Speaker(provider=OPENROUTER, job=_status),
    "modelgates": Speaker(provider=MODELGATES, job=_status),
    "byteplus": Speaker(provider=BYTEPLUS, job=_modelark),
    "volcengine": Speaker(provider=VOLCENGINE, job=_modelark),
    "alibaba": Speaker(provider=ALIBABA, job=_dashscope, order=order(native_model="wan2.7-t2v")),
    "openai": Speaker(provider=OPENAI, job=_status, order=order(seed=None)),
    "vllm-omni": Speaker(provider=VLLM_OMNI, job=_status),
    "sglang": Speaker(provider=SGLANG, job=_status),
}
"""Those whose vendors have a word for how a job stands."""
EVERYBODY: Mapping[str, Speaker] = {
    **WITH_STATUS,
    "google-vertex": Speaker(
        provider=VERTEX,
        job=lambda done, **more: {"name": "o", "done": done, "response": {"videos": [{"uri": VIDEO}]}, **more},
        native_id=f"{_VEO}/operations/{JOB}",
    ),
}
with_status = pytest.mark.parametrize("speaker", WITH_STATUS.values(), ids=WITH_STATUS)
everybody = pytest.mark.parametrize("speaker", EVERYBODY.values(), ids=EVERYBODY)
