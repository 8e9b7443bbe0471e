"""Readers of large files, in a process of their own: blocking sockets in threads, so that copying is the kernel's.

`python -m bench.readers` reads a `Reading` as JSON from its standard input and prints a `Read` when it is over.
"""

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from bench.load import get, place
from bench.processes import tell

_BUFFER = 1 << 20
_SMALL_BUFFER = 64 * 1024
_FLOWING_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Who reads what."""

    address: str
    path: str
    headers: dict[str, str]
    readers: int
    stall: bool = False
    """Read the first bytes and then no more, until the standard input ends."""
    until_told: bool = False
    """Read the file again and again, until the standard input ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    bytes: int
    seconds: float
    first_byte_ms: float
    """The slowest reader's wait for the first byte of the body."""

    @property
    def mb_per_second(self) -> float:
        return self.bytes / 1e6 / self.seconds


def apply(reading: Reading) -> Read:
    """Reads to the end."""
    return finish(begin(reading))


def begin(reading: Reading) -> subprocess.Popen[str]:
    """Starts the readers and returns when all have had their first byte."""
    command = (sys.executable, "-m", "bench.readers")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdin is None or process.stdout is None:
        raise ValueError("a process without pipes")
    process.stdin.write(json.dumps(asdict(reading)) + "\n")
    process.stdin.flush()
    process.stdout.readline()
    return process


def finish(process: subprocess.Popen[str]) -> Read:
    """Tells those that read without end to stop, and waits for all."""
    output, _ = process.communicate()
    return Read(**json.loads(output))


class _Reader(threading.Thread):
    def __init__(self, reading: Reading, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._reading = reading
        self._over = over
        self._request = get(reading.path, reading.headers).encode()
        self.flowing = threading.Event()
        self.first_byte = 0.0
        self.bytes = 0

    def run(self) -> None:
        with socket.socket() as connection:
            if self._reading.stall:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
            connection.connect(place(self._reading.address))
            self._read_file(connection)
            while self._reading.until_told and not self._over.is_set():
                self._read_file(connection)

    def _read_file(self, connection: socket.socket) -> None:
        asked_at = time.perf_counter()
        connection.sendall(self._request)
        buffer = bytearray(_SMALL_BUFFER if self._reading.stall else _BUFFER)
        missing = self._begin(connection, buffer)
        if not self.flowing.is_set():
            self.first_byte = time.perf_counter() - asked_at
            self.flowing.set()
        if self._reading.stall:
            self._over.wait()
            return
        while missing > 0:
            count = connection.recv_into(buffer)
            if not count:
                raise ConnectionError(f"the server closed {missing} bytes before the end")
            missing -= count
            self.bytes += count

    def _begin(self, connection: socket.socket, buffer: bytearray) -> int:
        """Reads the head and at least one byte of the body; returns how many bytes are still to come."""
        head = b""
        while b"\r\n\r\n" not in head or head.endswith(b"\r\n\r\n"):
            count = connection.recv_into(buffer, _SMALL_BUFFER)
            if not count:
                raise ConnectionError("the server closed before the body")
            head += buffer[:count]
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(head.decode(errors="replace"))
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        self.bytes += len(body)
        return int(lines[b"content-length"]) - len(body)


def _read(reading: Reading) -> Read:
    over = threading.Event()
    readers = [_Reader(reading, over) for _ in range(reading.readers)]
    began = time.perf_counter()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.flowing.wait()
    if reading.stall:
        time.sleep(_FLOWING_SECONDS)
    print("flowing", flush=True)
    if reading.stall or reading.until_told:
        with suppress(KeyboardInterrupt):
            select.select([sys.stdin], [], [])
        over.set()
    for reader in readers:
        reader.join()
    return Read(
        bytes=_total(readers),
        seconds=time.perf_counter() - began,
        first_byte_ms=max(reader.first_byte for reader in readers) * 1000,
    )


def _total(readers: Sequence[_Reader]) -> int:
    return sum(reader.bytes for reader in readers)


if __name__ == "__main__":
    tell(asdict(_read(Reading(**json.loads(sys.stdin.readline())))))
