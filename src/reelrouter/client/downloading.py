"""Downloading: where a video is, how much of it is here already, and when it is whole."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reelrouter.client.calls import follow_open, request
from reelrouter.client.errors import ClientError, DownloadFailed, Unreachable, Unusable
from reelrouter.client.exchange import Answer, Close, Flow, Keep, Kept, Move, OnBytes, Read, Sleep, look
from reelrouter.client.flows import get
from reelrouter.client.peer import Peer
from reelrouter.client.refusals import TRANSIENT, refused, retry_after
from reelrouter.client.results import Download, Job
from reelrouter.client.submitting import submit
from reelrouter.client.terms import Target, Terms
from reelrouter.client.waiting import wait
from reelrouter.compat.exchange import bare, clipped

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new connection that is made without any progress in between."""
_LONGEST_PAUSE = 60.0
_MOST_ERROR = 64 * 1024
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_FILES = frozenset({"application/octet-stream", "binary/octet-stream", "application/mp4", ""})
"""Types beside video/… under which stores hand out files."""


def generate(peer: Peer, wanted: Mapping[str, Any], path: Path, terms: Terms) -> Flow[tuple[Job, Download]]:
    """Submits, waits, downloads. Terms or a path that will not do are found out before anything is paid."""
    patience = terms.patience
    yield from _require_place(path)
    placed = yield from submit(peer, wanted, terms.idempotency_key)
    job = yield from wait(peer, placed, patience, terms.on_change)
    saved = yield from download(peer, job, Target(path), terms.on_bytes)
    return job, saved


def download(peer: Peer, job: Job | str, target: Target, on_bytes: OnBytes | None = None) -> Flow[Download]:
    """Streams a video to a file. Raises `DownloadFailed`, `Refused`, and `Unusable` for a job without video."""
    peer.require_key()
    yield from _require_place(target.path)
    current = (yield from get(peer, job)) if isinstance(job, str) else job
    url = _address(peer, current, target.index)
    part = _part(peer, current, target)
    size, resumed = yield from _Transfer(peer, url, part, on_bytes).run()
    yield Move(part, target.path)
    return Download(path=target.path, bytes=size, resumed=resumed)


def _require_place(path: Path) -> Flow[None]:
    found = yield from look(path)
    if found.kind == "folder":
        raise Unusable(f"{path} is a folder", f"name the file as well: {path / 'video.mp4'}")
    if not found.has_folder:
        raise Unusable(f"there is no folder {path.parent}", "make it first, or choose another path")


def _address(peer: Peer, job: Job, index: int) -> str:
    """By the job where it says, else where the contract has it. Raises `Unusable`."""
    if not job.is_completed and not job.unsigned_urls:  # a video may come after its job's end
        raise Unusable(
            f"job {job.id} is {job.status}, and has no video",
            "wait for it first" if not job.is_over else None,
        )
    if not job.unsigned_urls:
        return f"{peer.url('videos', job.id, 'content')}?index={index}"
    if index >= len(job.unsigned_urls):
        raise Unusable(f"job {job.id} has no video {index}", f"indexes go from 0 to {len(job.unsigned_urls) - 1}")
    return peer.resolved(job.unsigned_urls[index])


def _part(peer: Peer, job: Job, target: Target) -> Path:
    """A name of its own for each video, so that no other one is gone on with."""
    mark = hashlib.sha256(f"{peer.api}\n{job.id}\n{target.index}".encode()).hexdigest()[:8]
    return target.path.with_name(f".{target.path.name}.{mark}.part")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """What an answer brings: bytes from `offset` on, of `total`."""

    offset: int
    total: int | None


class _Transfer:
    """One video on its way into one file, over as many connections as it takes."""

    def __init__(self, peer: Peer, url: str, part: Path, on_bytes: OnBytes | None) -> None:
        self._peer = peer
        self._url = url
        self._part = part
        self._on_bytes = on_bytes
        self._etag: str | None = None
        self._resumed = False

    def run(self) -> Flow[tuple[int, bool]]:
        """The file's size, and whether it was gone on with."""
        have = (yield from look(self._part)).size
        best, misses = have, 0
        while True:
            try:
                kept, total = yield from self._connect(have)
            except _Passing as passing:
                kept, total, wish = Kept(size=have, trouble=passing.message), None, passing.wish
            else:
                wish = 0.0
            if kept.trouble is None and total in (None, kept.size) and kept.size:
                return kept.size, self._resumed
            have = kept.size
            best, misses = (have, 0) if have > best else (best, misses + 1)
            if misses > len(_PAUSES):
                raise self._failed(kept, total)
            yield Sleep(max(_PAUSES[max(misses - 1, 0)], wish))

    def _connect(self, have: int) -> Flow[tuple[Kept, int | None]]:
        """One connection: what is in the file after it, and how long the whole is."""
        head = yield from self._open(have)
        if head.status == 416:
            yield Close()
            return self._beyond(have, _whole_length(head))
        yield from self._require_video(head)
        piece = _piece(head)
        if piece is None or piece.offset not in (0, have):
            yield Close()
            return Kept(size=0, trouble="a part that was not asked for"), None
        self._resumed = self._resumed or piece.offset > 0
        etag = head.headers.get("etag", "")
        self._etag = etag if etag.startswith('"') else None
        kept: Kept = yield Keep(path=self._part, offset=piece.offset, total=piece.total, on_bytes=self._on_bytes)
        return kept, piece.total

    def _beyond(self, have: int, total: int | None) -> tuple[Kept, int | None]:
        """Nothing is left to send: the file is all here, or what is here is not of this file."""
        if have == total:
            self._resumed = True
            return Kept(size=have), total
        return Kept(size=0, trouble="what was here of it was not its beginning"), None

    def _open(self, have: int) -> Flow[Answer]:
        headers = {"Accept": "video/*, application/octet-stream;q=0.9, */*;q=0.1", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self._etag is not None:
                headers["If-Range"] = self._etag
        try:
            head: Answer = yield from follow_open(request(self._peer, self._url, headers=headers))
        except Unreachable as trouble:
            raise _Passing(trouble.message) from trouble
        return head

    def _require_video(self, head: Answer) -> Flow[None]:
        """Raises `Refused`, `_Passing` for a no that may be over soon, `DownloadFailed` for another file."""
        if head.status >= 400:
            body = yield from _rest(head)
            answer = replace(head, body=body)
            no = refused(answer, self._peer)
            if head.status in TRANSIENT:
                raise _Passing(no.message, min(retry_after(answer) or 0.0, _LONGEST_PAUSE))
            raise no
        kind = head.media_type
        if head.status not in (200, 206) or not (kind.startswith("video/") or kind in _FILES):
            body = yield from _rest(head)
            raise DownloadFailed(
                f"{bare(self._url)} answered {head.status} with {kind or 'no type'} instead of a video: "
                f"{clipped(body[:400].decode(errors='replace'))}",
                bytes_so_far=0,
                next_step="check the base URL, and whether something stands between you and the server",
            )

    def _failed(self, kept: Kept, total: int | None) -> DownloadFailed:
        why = kept.trouble or (
            "the file is empty" if not kept.size else f"it ended at {kept.size} of {total} bytes"
        )
        return DownloadFailed(
            f"{bare(self._url)} could not be downloaded: {why}",
            bytes_so_far=kept.size,
            next_step=f"what has arrived is kept in {self._part}; download it again to go on",
        )


class _Passing(ClientError):
    """This connection brought nothing, and the next one may."""

    def __init__(self, message: str, wish: float = 0.0) -> None:
        super().__init__(message)
        self.wish = wish


def _piece(head: Answer) -> _Piece | None:
    """Where the bytes belong; None for a part whose place is not told."""
    if head.status == 206:
        found = _RANGE.fullmatch(head.headers.get("content-range", "").strip())
        if found is None:
            return None
        return _Piece(offset=int(found[1]), total=None if found[3] == "*" else int(found[3]))
    length = head.headers.get("content-length", "")
    return _Piece(offset=0, total=int(length) if length.isdecimal() else None)


def _whole_length(head: Answer) -> int | None:
    """The length that a 416 tells."""
    total = head.headers.get("content-range", "").rpartition("/")[2]
    return int(total) if total.isdecimal() else None


def _rest(head: Answer) -> Flow[bytes]:
    """The beginning of a body that is not a video; then it is let go."""
    body = b""
    try:
        while len(body) < _MOST_ERROR:
            piece: bytes = yield Read()
            if not piece:
                break
            body += piece
    except Unreachable:
        pass  # what has come of an error's text is enough
    yield Close()
    return body
