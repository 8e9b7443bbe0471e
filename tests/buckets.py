"""An S3 server of one's own for tests, with the bucket `videos`."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from moto.server import ThreadedMotoServer


@contextmanager
def bucket_environment() -> Iterator[dict[str, str]]:
    """The environment that leads a gateway there; its storage URL is then `s3://videos/…`."""
    storage = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    try:
        host, port = storage.get_host_and_port()
        url = f"http://{host}:{port}"
        httpx.put(f"{url}/videos", trust_env=False).raise_for_status()
        yield {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        storage.stop()
