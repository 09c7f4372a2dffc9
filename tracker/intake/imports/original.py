"""The file behind an import."""

from __future__ import annotations

import hashlib
import io
from typing import NamedTuple

from tracker.intake.tables import Content

_CHUNK = 1 << 20


class Original(NamedTuple):
    """The file behind an import: what it was called, its hash, and how many lines it has, as far as a bar needs to know."""

    file_name: str
    sha256: str
    lines: int


def original_of(content: Content, file_name: str) -> Original:
    """What there is to know of a file before it is read. A stream is left at its beginning."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    digest, lines = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        lines += chunk.count(b"\n")
    stream.seek(0)
    return Original(file_name, digest.hexdigest(), lines)
