"""Whether a frozen report's files are those that were frozen, and whether a file that someone holds is one of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.checks import Finding
from tracker.coverage.frozen.listing import FileLine, manifest_of
from tracker.coverage.frozen.pack import ARCHIVE, MANIFEST, archive_of, sha256_of
from tracker.language import _
from tracker.models import FrozenReport

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


class Damaged(Exception):
    """A file of a frozen report is missing, or not the one that was frozen. Its message says which."""


@dataclass(frozen=True)
class Match:
    """What a SHA-256 is of: ``file`` names it; "" where it is no part of the report."""

    sha256: str
    file: str


def folder_of(frozen: Path, report: FrozenReport) -> Path:
    """Where the files of a report lie, under the folder of all of them."""
    return frozen / str(report.id)


def frozen_file(frozen: Path, report: FrozenReport, name: str) -> bytes:
    """A file of a report, as it was frozen.

    Raises:
        KeyError: the report has none of that name.
        Damaged: it is missing, or not the same any more.
    """
    if name == ARCHIVE:
        return archive_of(
            {each.name: frozen_file(frozen, report, each.name) for each in (*_files(report), _manifest(report))}
        )
    line = next((each for each in (*_files(report), _manifest(report)) if each.name == name), None)
    if line is None:
        raise KeyError(name)
    try:
        content = (folder_of(frozen, report) / line.name).read_bytes()
    except OSError:
        raise Damaged(_("%(file)s is missing", file=line.name)) from None
    if sha256_of(content) != line.sha256:
        raise Damaged(_("%(file)s is not the file that was frozen", file=line.name))
    return content


def damages(frozen: Path, report: FrozenReport) -> list[str]:
    """What is wrong with the files of a report, each in a sentence; nothing where they are as they were frozen."""
    found = []
    if sha256_of(report.manifest.encode()) != report.sha256:
        found.append(_("the manifest in the database is not the one that was frozen"))
    for line in (*_files(report), _manifest(report)):
        try:
            frozen_file(frozen, report, line.name)
        except Damaged as damage:
            found.append(str(damage))
    return found


def match_of(report: FrozenReport, sha256: str, frozen: Path) -> Match:
    """Which file of a report has this SHA-256, if any."""
    wanted = re.sub(r"[\s:]+", "", sha256).lower()
    for line in (*_files(report), _manifest(report)):
        if line.sha256 == wanted:
            return Match(wanted, line.name)
    try:
        is_archive = sha256_of(frozen_file(frozen, report, ARCHIVE)) == wanted
    except Damaged:
        is_archive = False  # it cannot be made again: then nobody can say
    return Match(wanted, ARCHIVE if is_archive else "")


def is_sha256(text: str) -> bool:
    """Whether a text is one, however it is spaced."""
    return bool(_SHA256.fullmatch(re.sub(r"[\s:]+", "", text).lower()))


def sha256_of_stream(stream: BinaryIO, most: int) -> str | None:
    """A stream's SHA-256, of which nothing is kept; None where it is longer than ``most`` bytes."""
    digest, length = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
        if length > most:
            return None
        digest.update(chunk)
    return digest.hexdigest()


def examine_frozen(session: Session, frozen: Path) -> list[Finding]:
    """What `tracker doctor` says of frozen reports: every file that is not as it was frozen, and folders of no report."""
    reports = list(session.scalars(select(FrozenReport).order_by(FrozenReport.id)))
    found = [
        Finding(True, f"frozen report {report.code}: {damage}") for report in reports for damage in damages(frozen, report)
    ]
    orphans = orphan_folders(frozen, {str(report.id) for report in reports})
    if orphans:
        found.append(Finding(False, f"folders of frozen reports that were never recorded: {len(orphans)}"))
    return found


def orphan_folders(frozen: Path, known: Collection[str]) -> list[Path]:
    """Folders that belong to no report: what was left when freezing one was cut short."""
    if not frozen.is_dir():
        return []
    return [each for each in sorted(frozen.iterdir()) if each.name not in known]


def _files(report: FrozenReport) -> list[FileLine]:
    return list(manifest_of(report).files)


def _manifest(report: FrozenReport) -> FileLine:
    return FileLine(MANIFEST, len(report.manifest.encode()), report.sha256)
