"""Pictures to make videos from, as PNG bytes, as data URLs, and over HTTP from this machine."""

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def landscape(seed: int, size: tuple[int, int] = (1000, 640)) -> Image.Image:
    """Soft light, sharp shapes of muted colour and some grain, as a photograph has; no two seeds look alike.

    Video holds half of a picture's colour detail: edges between garish colours could not come back unharmed.
    """
    width, height = size
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:height, 0:width]
    phase = random.uniform(0, np.pi, 3)
    light = [128 + 90 * np.sin(across / width * 3 + down / height * 2 + shift) for shift in phase]
    picture = Image.fromarray(np.stack(light, axis=2).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y, reach = (int(random.integers(0, limit)) for limit in (width, height, height // 3))
        grey, tint = int(random.integers(30, 225)), random.integers(-25, 25, 3)
        red, green, blue = (grey + int(part) for part in tint)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(red, green, blue))
    lens = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float64)
    grain = random.normal(0, 2, (height, width, 1))
    return Image.fromarray(np.clip(lens + grain, 0, 255).astype(np.uint8))


def png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def data_url(picture: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(picture)).decode()}"


@contextmanager
def served(files: Mapping[str, tuple[str, bytes]]) -> Iterator[str]:
    """An HTTP server's address while it answers these paths, each with a type and a body, and no others."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", b"there is nothing here"))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Tests print what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
