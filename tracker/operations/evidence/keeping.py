"""The files of evidence: by their content's hash, for this program's user alone, on disk before any row names them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import Evidence
from tracker.models.loading import in_chunks
from tracker.operations.evidence.checking import ENDINGS, check_file
from tracker.operations.evidence.tally import Tally
from tracker.operations.lasting_files import settle, write_lasting
from tracker.operations.refused import Refused

_HASH = re.compile(r"[0-9a-f]{64}")


class StoredFile(NamedTuple):
    """A file that is kept: how it is found again, and what a download of it is called."""

    sha256: str
    media_type: str
    size: int
    file_name: str


def evidence_folder(instance: Path) -> Path:
    """Where all files of evidence lie."""
    return instance / "evidence"


def keep_file(folder: Path, stream: BinaryIO, name: str, tally: Tally | None = None) -> StoredFile:
    """Check a file and keep it; the same content is kept once, so this is safe to do again.

    Args:
        folder: the evidence's own (:func:`evidence_folder`).
        name: as the sender calls it. Only its ending matters, and nothing is named after it.
        tally: the sender's, where theirs are counted.

    Raises:
        Refused: what :func:`check_file` raises: too large, of no kind we take, or not what it says it is;
            ``evidence_quota``; and ``evidence_not_kept`` where the disk takes nothing more.
    """
    if tally is not None:
        tally.stop_if_full()
    content, media_type = check_file(stream, name)
    its_hash = hashlib.sha256(content).hexdigest()
    try:
        if tally is not None:
            tally.count(its_hash, len(content))
        if not touched(folder, its_hash):
            place = file_of(folder, its_hash)
            place.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            write_lasting(place, content)
            settle(place.parent.parent)
    except OSError as error:
        said = _("The file could not be kept just now. Try again in a while, or send a link instead.")
        raise Refused("evidence_not_kept", said, field="file") from error
    return StoredFile(its_hash, media_type, len(content), f"evidence-{its_hash[:8]}{ENDINGS[media_type]}")


def touched(folder: Path, sha256: str) -> bool:
    """Whether the file of a hash is there; kept anew then, so that no sweep takes it before its row is there.

    Raises:
        ValueError: it is no hash.
    """
    try:
        os.utime(file_of(folder, sha256))
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def file_of(folder: Path, sha256: str) -> Path:
    """Where the file of a hash lies.

    Raises:
        ValueError: it is no hash.
    """
    if not _HASH.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no hash of a file")
    return folder / sha256[:2] / sha256


def sweep_evidence(session: Session, folder: Path, older_than: datetime, *, dry_run: bool = False) -> list[str]:
    """Remove the files that no row names and nobody kept since a moment: of a form that was never sent to its end.

    Args:
        dry_run: only say which.

    Returns:
        The hashes of those that went.
    """
    gone = []
    for files in in_chunks(_untouched(folder, older_than.timestamp()), 500):
        names = [file.name for file in files]
        known = set(session.scalars(select(Evidence.sha256).where(Evidence.sha256.in_(names))))
        for file in files:
            if file.name not in known and _is_untouched(file, older_than.timestamp()):
                if not dry_run:
                    file.unlink(missing_ok=True)
                gone.append(file.name)
    return gone


def _untouched(folder: Path, since: float) -> Iterator[Path]:
    """The files, and what is left of writing one, that nobody touched since."""
    return (file for file in sorted(folder.glob("*/*")) if _is_untouched(file, since))


def _is_untouched(file: Path, since: float) -> bool:
    try:
        return file.stat().st_mtime < since
    except OSError:
        return False  # another process was quicker
