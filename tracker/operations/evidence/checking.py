"""What a file that came with a completion is: by its content and its name, and by opening it.

A photo is drawn anew, upright, from its pixels alone: where it was taken, with what, and whatever was hidden behind it stays
out. A PDF is kept as it came. Nothing is unpacked before its size is known.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

import puremagic
from PIL import Image, ImageOps

from tracker.language import _, number
from tracker.operations.refused import Refused

LARGEST_FILE = 10 * 1024 * 1024
_MOST_SCANS = 40  # of a progressive JPEG: a camera makes ten, and each is decoded over the whole picture
_MOST_PROGRESSIVE = 64_000_000  # pixels of a JPEG that must be held whole, however small it is drawn
_LONGEST_SIDE = 3_000  # pixels: enough to read a certificate on a sheet
_HEAD = 4_096

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
            ``evidence_pixels``, ``evidence_broken``; each at the field "file".
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
    if kind.decoder == "JPEG" and content.count(b"\xff\xda") > _MOST_SCANS:
        raise _broken()
    with _one_at_a_time:
        return Checked(_decoded(lambda: _redraw(content, kind)), kind.becomes)


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


def _redraw(content: bytes, kind: Kind) -> bytes:
    with Image.open(io.BytesIO(content), formats=(kind.decoder,)) as picture:
        most = min(kind.most_pixels, _MOST_PROGRESSIVE) if picture.info.get("progressive") else kind.most_pixels
        if picture.width * picture.height > most:
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
