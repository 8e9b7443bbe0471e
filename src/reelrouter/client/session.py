"""A client's session: submit, wait, download. It retries polls, which cost nothing, and never a submit."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import aiohttp

Job = Mapping[str, Any]
"""A job as the server shows it."""

_TERMINAL = frozenset({"completed", "failed", "cancelled", "expired"})
_CHUNK = 256 * 1024
_POLL_TRIES = 5
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)


class ClientError(Exception):
    """The server refused, failed, or could not be reached; the message is for people."""

    def __init__(
        self, message: str, status: int | None = None, problems: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problems = problems


class JobFailed(ClientError):
    """The job ended without a video."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"the job {job['status']}: {job.get('error', 'no reason was given')}")
        self.job = job


class Session:
    """Use as an async context manager. `base_url` is the server's address, with or without `/api/v1`."""

    def __init__(self, base_url: str, key: str) -> None:
        self._api = base_url.rstrip("/").removesuffix("/api/v1") + "/api/v1/"
        self._key = key
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def submit(self, body: Mapping[str, Any]) -> Job:
        """Sent once: a second try after an unclear answer could cost twice. Raises `ClientError`."""
        return await self._json("POST", urljoin(self._api, "videos"), body)

    async def poll(self, job: Job) -> Job:
        """The job as it is now. Raises `ClientError`."""
        return await self._json("GET", urljoin(self._api, job["polling_url"]))

    async def cancel(self, job: Job) -> Job:
        """Asks the server to end the job."""
        return await self._json("POST", urljoin(self._api, f"videos/{job['id']}/cancel"))

    async def wait(self, job: Job, interval: float, on_change: Callable[[Job], None]) -> Job:
        """Polls every `interval` seconds until the job has a video. Raises `JobFailed`, or `ClientError`."""
        misses = 0
        while job["status"] not in _TERMINAL:
            await asyncio.sleep(interval)
            try:
                job = await self.poll(job)
                misses = 0
            except ClientError as error:
                misses += 1
                if misses >= _POLL_TRIES or (error.status is not None and error.status < 500):
                    raise
            on_change(job)
        if job["status"] != "completed":
            raise JobFailed(job)
        return job

    async def download(self, url: str, path: Path, on_bytes: Callable[[int, int | None], None]) -> int:
        """Streams a video to a file, which appears when it is whole; its bytes. Raises `ClientError`."""
        part = path.with_name(f".{path.name}.part")
        size = 0
        async with self._request("GET", url) as response:
            if response.status != 200:
                raise await _refusal(response)
            with part.open("wb") as file:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    size += file.write(chunk)
                    on_bytes(size, response.content_length)
        part.replace(path)
        return size

    async def _json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Job:
        try:
            async with self._request(method, url, body) as response:
                if response.status >= 300:
                    raise await _refusal(response)
                answer: Job = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClientError(f"cannot reach {self._api}: {error}") from error

    def _request(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        if self._http is None:
            raise RuntimeError("use the session as an async context manager")
        # The key goes to the server it belongs to, and to nobody whom that server names.
        own = urlsplit(url)[:2] == urlsplit(self._api)[:2]
        headers = {"Authorization": f"Bearer {self._key}"} if own else {}
        return self._http.request(method, url, json=body, headers=headers, allow_redirects=not own)


async def _refusal(response: aiohttp.ClientResponse) -> ClientError:
    try:
        error = (await response.json())["error"]
        problems = tuple(error.get("metadata", {}).get("problems", ()))
        return ClientError(str(error["message"]), response.status, problems)
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return ClientError(f"the server answered {response.status} without saying why", response.status)
