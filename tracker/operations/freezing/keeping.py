"""The files of frozen reports: a folder each under the instance, for this program's user alone, never written twice."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tracker.coverage.frozen.checking import orphan_folders
from tracker.operations.lasting_files import settle, write_synced


def frozen_folder(instance: Path) -> Path:
    """Where all frozen reports lie."""
    return instance / "frozen"


@contextmanager
def kept_pack(frozen: Path, report_id: int, files: Mapping[str, bytes]) -> Iterator[None]:
    """Keep a report's files, on disk before the report is recorded within: where that fails they go again."""
    frozen.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = frozen / f"{secrets.token_hex(8)}.part"
    whole = frozen / str(report_id)
    try:
        part.mkdir(mode=0o700)
        for name, content in files.items():
            write_synced(part / name, content)
        part.rename(whole)
        settle(frozen)
        yield
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(whole, ignore_errors=True)
        raise


def sweep_orphans(frozen: Path, known: Collection[int], older_than: datetime) -> list[str]:
    """Remove the folders of no report that nobody has touched since a moment: what a process left that died in the act.

    Args:
        known: the ids of all reports.

    Returns:
        The names of those that went.
    """
    gone = []
    for folder in orphan_folders(frozen, {str(each) for each in known}):
        try:
            if folder.stat().st_mtime >= older_than.timestamp():
                continue
        except OSError:
            continue  # another process was quicker
        shutil.rmtree(folder, ignore_errors=True)
        gone.append(folder.name)
    return gone
