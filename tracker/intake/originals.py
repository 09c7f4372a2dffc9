"""The files that people upload, as they came: kept under their own hash, so that what was previewed is what is applied."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tracker.language import _
from tracker.operations.lasting_files import settle
from tracker.operations.refused import Refused

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def keep_original(folder: Path, content: bytes | BinaryIO) -> str:
    """Keep a file, readable by this program's user alone. Its name is ours: nothing a person typed becomes a path.

    Of a stream no more than a piece is in memory at any time.

    Returns:
        The SHA-256 by which :func:`original` finds it.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{secrets.token_hex(8)}.part"
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        sha256 = digest.hexdigest()
        part.replace(folder / sha256)  # one that is there already is the same, and its time of keeping begins anew
        settle(folder)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return sha256


@contextmanager
def original(folder: Path, sha256: str) -> Iterator[BinaryIO]:
    """The file of that hash, open at its beginning.

    Raises:
        Refused: ``no_original``, where there is none, or not the same one.
    """
    gone = Refused("no_original", _("The file is here no more: choose it again."), field="file")
    if not _SHA256.fullmatch(sha256):
        raise gone
    try:
        file = (folder / sha256).open("rb")
    except OSError:
        raise gone from None
    with file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise gone
        file.seek(0)
        yield file


def has_original(folder: Path, sha256: str) -> bool:
    """Whether a file is kept under that hash."""
    return bool(_SHA256.fullmatch(sha256)) and (folder / sha256).is_file()


def remove_original(folder: Path, sha256: str) -> None:
    """Remove the file of that hash, if it is there."""
    if _SHA256.fullmatch(sha256):
        (folder / sha256).unlink(missing_ok=True)


def purge_originals(folder: Path, older_than: datetime, referenced: Collection[str], *, dry_run: bool = False) -> list[str]:
    """Remove what was kept before a moment and what nothing points at any more.

    Args:
        referenced: the hashes of files that stay, however old.

    Returns:
        The names of the files that went, or would go.
    """
    gone = []
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(OSError):  # another process was quicker
            if file.name not in referenced and file.stat().st_mtime < older_than.timestamp():
                if not dry_run:
                    file.unlink()
                gone.append(file.name)
    return gone
