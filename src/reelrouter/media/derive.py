"""Child tasks that make pictures out of a video: its poster, one of its end frames, a sheet of small frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from PIL import Image, ImageDraw, ImageFont

from reelrouter.media.footage import Extent, first_frame, last_frame, measure, open_video
from reelrouter.work import Report, TaskFailed

POSTER_AT = 1 / 3
"""Where in the video the poster is taken: the ends are often black, or pictures that the caller sent."""
SHEET_COLUMNS = 5
SHEET_ROWS = 5
SHEET_TILE_WIDTH = 240
WIDTHS = range(16, 8193)

_JPEG_QUALITY = 88
_PNG_COMPRESSION = 3
"""Of 9: what follows takes much longer and gains a few per cent."""
_UNLABELLED = 2
_HD_HEIGHT = 720
"""From here on, colours that are not labelled are taken for BT.709, below for BT.601, as players do."""


def poster(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """A still for the whole video: `{"path", "output", "width"?, "mark"?}` in, `{"mime", "width", "height"}` out.

    The name of `output` says whether it becomes a JPEG or a PNG. `width` scales it; without, it is as large
    as the video. `mark` is a word that is written into the lower left corner.
    """
    path = Path(arguments["path"])
    with open_video(path) as (file, stream):
        extent = measure(file, stream)
    picture = _picture(_frame_at(path, extent.seconds * POSTER_AT))
    if "width" in arguments:
        picture = _scaled(picture, _whole(arguments, "width", WIDTHS))
    if mark := arguments.get("mark"):
        _write_mark(picture, mark)
    return _save(picture, Path(arguments["output"]))


def frame(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """One end of the video, as it decodes: `{"path", "output", "which"}` in, `{"mime", "width", "height"}` out.

    `which` is `first_frame` or `last_frame`.
    """
    ends = {"first_frame": first_frame, "last_frame": last_frame}
    if arguments["which"] not in ends:
        raise TaskFailed("invalid_arguments", f"which is {arguments['which']!r}; it may be {' or '.join(ends)}")
    return _save(_picture(ends[arguments["which"]](Path(arguments["path"]))), Path(arguments["output"]))


def spritesheet(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Frames at even distances on one picture, left to right and downwards.

    `{"path", "output", "columns"?, "rows"?, "tile_width"?}` in; `{"mime", "width", "height", "columns",
    "rows", "tiles", "tile_width", "tile_height", "interval"}` out, the interval in seconds. A video with
    fewer frames than the sheet has room for gives a shorter sheet.
    """
    sheet = _Sheet(
        columns=_whole(arguments, "columns", range(1, 33), SHEET_COLUMNS),
        rows=_whole(arguments, "rows", range(1, 33), SHEET_ROWS),
        tile_width=_whole(arguments, "tile_width", WIDTHS, SHEET_TILE_WIDTH),
    )
    path = Path(arguments["path"])
    with open_video(path) as (file, stream):
        extent = measure(file, stream)
    tiles = [_scaled(_picture(shot), sheet.tile_width) for shot in _spread(path, extent, sheet.room, report)]
    if not tiles:
        raise TaskFailed("no_frames", "The video holds no frame that can be decoded.")
    columns = min(sheet.columns, len(tiles))
    page = _lay_out(tiles, columns)
    return {
        **_save(page, Path(arguments["output"])),
        "columns": columns,
        "rows": page.height // tiles[0].height,
        "tiles": len(tiles),
        "tile_width": tiles[0].width,
        "tile_height": tiles[0].height,
        "interval": round(extent.seconds / len(tiles), 6),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    columns: int
    rows: int
    tile_width: int
    """Pixels; the height follows from the video."""

    @property
    def room(self) -> int:
        return self.columns * self.rows


def _whole(arguments: dict[str, Any], name: str, allowed: range, default: int | None = None) -> int:
    value = arguments.get(name, default)
    if not isinstance(value, int) or value not in allowed:
        raise TaskFailed(
            "invalid_arguments", f"{name} is {value!r}; it may be {allowed.start} to {allowed.stop - 1}"
        )
    return value


def _frame_at(path: Path, seconds: float) -> VideoFrame:
    """The frame on show at that moment, counted from the first one."""
    with open_video(path) as (file, stream):
        start = stream.start_time or 0
        moment = start + (round(seconds / stream.time_base) if stream.time_base else 0)
        file.seek(moment, stream=stream)
        shown = None
        for candidate in file.decode(stream):
            if shown is not None and candidate.pts is not None and candidate.pts > moment:
                break
            shown = candidate
    return shown if shown is not None else first_frame(path)


def _spread(path: Path, extent: Extent, room: int, report: Report) -> Iterator[VideoFrame]:
    count = max(1, min(room, extent.frames))
    wanted = {index * extent.frames // count for index in range(count)}
    with open_video(path) as (file, stream):
        for index, shot in enumerate(file.decode(stream)):
            if index in wanted:
                yield shot
                report(min(1.0, (index + 1) / extent.frames))


def _picture(shot: VideoFrame) -> Image.Image:
    """In RGB and upright."""
    unlabelled = shot.colorspace == _UNLABELLED and shot.height >= _HD_HEIGHT
    pixels = shot.reformat(format="rgb24", src_colorspace=Colorspace.ITU709 if unlabelled else None).to_ndarray()
    picture = Image.fromarray(pixels)
    return picture.rotate(shot.rotation, expand=True) if shot.rotation else picture


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _lay_out(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    width, height = tiles[0].size
    page = Image.new("RGB", (columns * width, -(-len(tiles) // columns) * height))
    for index, tile in enumerate(tiles):
        page.paste(tile, (index % columns * width, index // columns * height))
    return page


def _write_mark(picture: Image.Image, mark: str) -> None:
    """White on a dark plate, so that it reads on any picture; its size follows the picture's."""
    size = max(10, min(picture.size) // 14)
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(picture, "RGBA")
    left, bottom = size // 2, picture.height - size // 2
    box = pen.textbbox((left + size // 2, bottom - size // 3), mark, font=font, anchor="ls")
    plate = (left, box[1] - size // 3, box[2] + size // 2, bottom)
    pen.rounded_rectangle(plate, radius=size // 4, fill=(20, 20, 24, 190))
    pen.text((left + size // 2, bottom - size // 3), mark, font=font, anchor="ls", fill=(255, 255, 255, 255))


def _save(picture: Image.Image, output: Path) -> dict[str, Any]:
    """Under another name first, so that a half-written file is never found at `output`."""
    part = output.with_name(output.name + ".part")
    match output.suffix:
        case ".png":
            mime = "image/png"
            picture.save(part, "PNG", compress_level=_PNG_COMPRESSION)
        case ".jpg" | ".jpeg":
            mime = "image/jpeg"
            picture.save(part, "JPEG", quality=_JPEG_QUALITY, optimize=True)
        case other:
            raise TaskFailed("invalid_arguments", f"output ends in {other!r}; it may end in .png, .jpg or .jpeg")
    part.replace(output)
    return {"mime": mime, "width": picture.width, "height": picture.height}
