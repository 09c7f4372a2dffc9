"""What a file that came with a completion is: by its content and its name, and by opening it.

A photo is drawn anew, upright, from its pixels alone: where it was taken, with what, and whatever was hidden behind it stays
out. A PDF is kept as it came. Nothing is unpacked before its size is known.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

import puremagic
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import MARKER

from tracker.language import _, number
from tracker.operations.refused import Refused

LARGEST_FILE = 10 * 1024 * 1024
_MOST_SCANS = 40  # of a progressive JPEG: a camera makes ten, and each is decoded over the whole picture
_MOST_PROGRESSIVE = 64_000_000  # pixels of a JPEG that must be held whole, however small it is drawn
_MOST_DECODED = 12 * _MOST_PROGRESSIVE  # pixels of all scans together: what a decoder works through
_MOST_PIECES = 10_000  # of a JPEG or a PNG: each is read one by one, and a camera makes some hundreds
_LONGEST_SIDE = 3_000  # pixels: enough to read a certificate on a sheet
_HEAD = 4_096
_SCAN = b"\xff\xda"
_MARKER = re.compile(rb"\xff[^\xff\x00\x01\xd0-\xd7]")  # of a segment, where a scan's data may stand before it

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
ENDINGS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}


class Kind(NamedTuple):
    """A kind of picture that comes: which decoder opens it, what it becomes, and how many pixels it may have."""

    decoder: str
    becomes: str
    most_pixels: int


_PICTURES = {
    JPEG: Kind("JPEG", JPEG, 100_000_000),  # decoded at an eighth to a half of its size where it is large
    PNG: Kind("PNG", PNG, 25_000_000),
    "image/webp": Kind("WEBP", JPEG, 16_000_000),
    "image/avif": Kind("AVIF", JPEG, 25_000_000),
}
_NAMED = {
    ".jpg": JPEG, ".jpeg": JPEG, ".jfif": JPEG, ".png": PNG, ".webp": "image/webp", ".avif": "image/avif", ".pdf": PDF,
}  # fmt: skip
_HEIC = frozenset({".heic", ".heif"})

_one_at_a_time = threading.Lock()  # a large picture takes a hundred megabytes while it is drawn
_LONGEST_WAIT = 10.0  # seconds for the one before
_in_line = threading.BoundedSemaphore(3)  # the one that is drawn and those that wait: other pages need the other threads


class Checked(NamedTuple):
    """A file fit to be kept."""

    content: bytes
    media_type: str


def check_file(stream: BinaryIO, name: str) -> Checked:
    """The file as it may be kept.

    Args:
        name: as the sender calls it: only its ending is looked at.

    Raises:
        Refused: ``evidence_empty``, ``evidence_too_large``, ``evidence_kind``, ``evidence_heic``, ``evidence_mismatch``,
            ``evidence_pixels``, ``evidence_broken``, ``evidence_busy``; each at the field "file".
    """
    content = stream.read(LARGEST_FILE + 1)
    if not content:
        raise _no("evidence_empty", _("The file is empty. Choose it again, or send another."))
    if len(content) > LARGEST_FILE:
        raise _no(
            "evidence_too_large",
            _(
                "The file is larger than %(most)s MB. Send a smaller photo, a screenshot, or a PDF of that page alone.",
                most=number(LARGEST_FILE // 2**20),
            ),
        )
    ending = PurePath(name.replace("\\", "/").replace("\0", "")).suffix.casefold().strip()
    if ending in _HEIC or content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypmsf1"):
        raise _no(
            "evidence_heic",
            _(
                "This photo is in the format HEIC, which cannot be read here. Send a screenshot of it, or set the phone’s "
                "camera to “Most compatible” and take it again."
            ),
        )
    found, named = _kind_of(content), _NAMED.get(ending)
    if found not in ENDINGS and found not in _PICTURES:
        raise _no("evidence_kind", _("This is not a photo or a PDF. Send a JPG, PNG or WebP picture, or a PDF."))
    if named != found:
        raise _no(
            "evidence_mismatch",
            _("The file’s name does not end as its content asks: save it again as a JPG, a PNG or a PDF, and send that."),
        )
    return Checked(_checked_pdf(content), PDF) if found == PDF else _drawn_anew(content, _PICTURES[found])


def _kind_of(content: bytes) -> str:
    """The media type that a file's content says it has; "" where it says none."""
    try:
        return puremagic.from_string(content[:_HEAD], mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def _checked_pdf(content: bytes) -> bytes:
    if not content.startswith((b"%PDF-1.", b"%PDF-2.")) or b"%%EOF" not in content[-_HEAD:]:
        raise _broken()
    return content


def _drawn_anew(content: bytes, kind: Kind) -> Checked:
    """The picture and nothing else, upright, no larger than can be read."""
    scans = _scans_of(content) if kind.decoder == "JPEG" else 1
    if scans > _MOST_SCANS or (kind.decoder == "PNG" and _is_over(_chunks_of(content))):
        raise _broken()
    with _turn():
        return Checked(_decoded(lambda: _redraw(content, kind, scans)), kind.becomes)


@contextmanager
def _turn() -> Iterator[None]:
    """The turn to draw, which nobody waits for in a long line or for long: a thread that waits answers nobody else.

    Raises:
        Refused: ``evidence_busy``.
    """
    said = _("Other photos are being looked at just now. Try again in a moment.")
    if not _in_line.acquire(blocking=False):
        raise _no("evidence_busy", said)
    try:
        if not _one_at_a_time.acquire(timeout=_LONGEST_WAIT):
            raise _no("evidence_busy", said)
        try:
            yield
        finally:
            _one_at_a_time.release()
    finally:
        _in_line.release()


def _scans_of(content: bytes) -> int:
    """How many scans of a JPEG are decoded: walked as the decoder walks, so that what lies within a segment or behind the
    picture (a small one of it, a film) counts for none.

    Raises:
        Refused: ``evidence_broken``: it is cut into more pieces than one that a person has.
    """
    if _is_over(_segments_of(content)):
        raise _broken()
    return sum(content[at : at + 2] == _SCAN for at in _segments_of(content))


def _segments_of(content: bytes) -> Iterator[int]:
    """Where each segment of a JPEG begins, to its end; and before its first scan each byte that stands between them, for
    those are read one by one."""
    at, is_head = 0, True
    while at < len(content):
        if not is_head:
            found = _MARKER.search(content, at)
            if found is None:
                return
            at = found.start()
        yield at
        marker = int.from_bytes(content[at : at + 2])
        if marker == 0xFFD9 and not is_head:
            return
        is_head = is_head and marker != 0xFFDA
        if content[at] != 0xFF or marker == 0xFFFF:
            at += 1
        elif MARKER.get(marker, ("", "", None))[2] is None and is_head:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])


def _chunks_of(content: bytes) -> Iterator[int]:
    """Where each chunk of a PNG begins."""
    at = 8
    while at < len(content):
        yield at
        at += 12 + int.from_bytes(content[at : at + 4])


def _is_over(pieces: Iterator[int]) -> bool:
    """Whether there are too many; it counts no further than that."""
    return any(count > _MOST_PIECES for count, _at in enumerate(pieces))


def _decoded(draw: Callable[[], bytes]) -> bytes:
    """What a decoder makes of a file, with whatever it raises over one that is not what it seems."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a decoder wonders about, a photo drawn anew has no more
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return draw()
    except Refused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_many_pixels() from None
    except Exception as error:
        raise _broken() from error


def _redraw(content: bytes, kind: Kind, scans: int) -> bytes:
    with Image.open(io.BytesIO(content), formats=(kind.decoder,)) as picture:
        most = min(kind.most_pixels, _MOST_PROGRESSIVE) if picture.info.get("progressive") else kind.most_pixels
        if picture.width * picture.height > min(most, _MOST_DECODED // max(scans, 1)):
            raise _too_many_pixels()
        picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        picture.load()
        has_holes = kind.becomes == PNG and picture.has_transparency_data
        sized = picture.convert("RGBA" if has_holes else "RGB") if picture.mode not in ("RGB", "RGBA") else picture
        sized.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))  # first of all, for each copy of a large one takes its size anew
        upright = ImageOps.exif_transpose(sized)
    plain = upright.convert("RGBA" if has_holes else "RGB")
    plain.info.clear()  # comments, profiles and all else that a file of this kind can carry
    drawn = io.BytesIO()
    if kind.becomes == PNG:
        plain.save(drawn, "PNG", optimize=False)
    else:
        plain.save(drawn, "JPEG", quality=85)
    return drawn.getvalue()


def _too_many_pixels() -> Refused:
    return _no("evidence_pixels", _("The picture has more pixels than can be opened here. Send a smaller one."))


def _broken() -> Refused:
    said = _("The file cannot be opened: it may have been cut off. Choose it again, or send another.")
    return _no("evidence_broken", said)


def _no(code: str, message: str) -> Refused:
    return Refused(code, message, field="file")
