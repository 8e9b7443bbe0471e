"""A web that is written down: pages by address, and what a check of an image finds there."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TypeVar

from PIL import Image

from reelrouter.client import files
from reelrouter.client.errors import ClientError, Unreachable
from reelrouter.client.exchange import Answer, Ask, Effect, Flow, Look, Move, Peek
from reelrouter.client.images import check_image
from reelrouter.client.results import ImageCheck, Model, Remark

T = TypeVar("T")
Page = Callable[[Ask], Answer]

URL = "https://example.com/a.png"


def written(kind: str = "PNG", size: tuple[int, int] = (640, 360)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return buffer.getvalue()


PNG = written()


def page(body: bytes = PNG, kind: str = "image/png", status: int = 200, **headers: str) -> Page:
    """A whole answer to whatever is asked, from a server that does not know ranges."""

    def answer(ask: Ask) -> Answer:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = b"" if ask.method == "HEAD" else body[: ask.limit]
        return Answer(
            url=ask.url,
            status=status,
            headers={"content-type": kind, "content-length": str(len(body)), **more},
            body=sent,
            cut=len(body) > ask.limit,
        )

    return answer


def onward(target: str, **headers: str) -> Page:
    return page(b"", "text/plain", 302, location=target, **headers)


class Web:
    """Answers by address, and remembers what it was asked; nobody is at any other address."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self.asked: list[Ask] = []

    def look(self, source: str, models: tuple[Model, ...] = (), api: str = "") -> ImageCheck:
        return self._run(check_image(source, models, api=api))

    def _run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    reply = self._perform(effect)
                except ClientError as trouble:
                    effect = flow.throw(trouble)
                else:
                    effect = flow.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result

    def _perform(self, effect: Effect) -> object:
        if isinstance(effect, Look | Peek | Move):
            return files.act(effect)
        assert isinstance(effect, Ask)
        self.asked.append(effect)
        if effect.url not in self._pages:
            raise Unreachable(f"GET {effect.url}: nobody is there", sent=False)
        return self._pages[effect.url](effect)


def seen(**pages: Page) -> ImageCheck:
    """What is found at `https://example.com/a.png`; `a` is the page there, `b` that beside it, and so on."""
    return Web({f"https://example.com/{name}.png": one for name, one in pages.items()}).look(URL)


def texts(remarks: tuple[Remark, ...]) -> list[str]:
    assert all(remark.next_step for remark in remarks)
    return [remark.text for remark in remarks]
