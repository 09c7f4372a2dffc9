"""`tracker purge`: what has had its time goes, in small rounds; and what would go, in counts."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import select

from tracker.cli import main
from tracker.cli.running import now, with_app
from tracker.config import Settings
from tracker.coverage.jobs import OldJob, job_ids, kept_hashes, old_jobs
from tracker.intake.originals import purge_originals
from tracker.intake.progress import forget, hold
from tracker.intake.queueing import is_under_way, noted
from tracker.intake.simulations import purge_trials
from tracker.models import ExportJob, ImportJob, JobState, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.erasing import erasures_file, keep_erasures
from tracker.operations.evidence import evidence_folder, sweep_evidence, sweep_tallies, tally_folder
from tracker.operations.exporting import MAKING, drop_exports_before
from tracker.operations.jobs import READ_AGAIN_FROM, RUNNING, drop_jobs_before
from tracker.operations.purging import (
    BY_KIND,
    KINDS_OF_ROWS,
    RETENTION,
    Purged,
    note_purge,
    purge_rows,
    purgeable,
)

__all__ = ["Purged", "purge_all"]

_LEFT_IN = ("", "openings", "xapi", "imports", "exports", "jobs", "simulations")  # "": the instance folder itself
_OF_JOBS = (".lock", ".json", ".queued")  # what lies beside a job for as long as it may go on
_PATIENCE = 60.0  # seconds that a round waits for its turn


def purge_all(settings: Settings, now: datetime, dry_run: bool = False) -> list[Purged]:
    """Let go of whatever has had its time, kind by kind, and note it once. It may be run at any time and any number at once.

    Args:
        dry_run: only count.

    Returns:
        Each kind, with how many went (or would go) and from when the oldest was.
    """
    days = {each.setting: int(getattr(settings, each.setting)) for each in RETENTION if each.setting}
    done = []
    for each in RETENTION:
        before = now - timedelta(days=each.days_kept(days))
        if each.kind in KINDS_OF_ROWS:
            done.append(_rows(each.kind, before, dry_run))
        else:
            done.append(_in_files(settings, each.kind, before, dry_run))
    db.session.rollback()
    if not dry_run:
        with writing(patience=_PATIENCE) as session:
            note_purge(session, done, OPERATOR, now=now)
        keep_erasures(db.session(), erasures_file(settings.instance))  # what a door could not write down
    return done


def _rows(kind: str, before: datetime, dry_run: bool) -> Purged:
    found = purgeable(db.session(), kind, before)
    if dry_run or not found.count:
        return found
    count = 0
    while True:
        with writing(patience=_PATIENCE) as session:
            gone = purge_rows(session, kind, before)
        if not gone:
            return Purged(kind, count, found.oldest)
        count += gone


def _in_files(settings: Settings, kind: str, before: datetime, dry_run: bool) -> Purged:
    instance = settings.instance
    if kind == "previews":
        return _jobs(instance, before, dry_run)
    if kind == "exports":
        return _exports(instance, before, dry_run)
    if kind == "import-files":
        session, a_day_ago = db.session(), _a_day_ago(settings, before)
        folder, kept = instance / "imports", kept_hashes(session, before)
        would = [folder / name for name in purge_originals(folder, a_day_ago, kept, dry_run=True)]
        found = _of(kind, would)
        if not dry_run:
            purge_originals(folder, a_day_ago, kept)
        return found
    if kind == "trials":
        texts = [each for each in (instance / "simulations").glob("*.yaml") if _is_older(each, before)]
        found = _of(kind, texts)
        if not dry_run:
            purge_trials(instance / "simulations", before)
        return found
    if kind == "evidence":
        return _evidence(instance, before, dry_run)
    return _leftovers(instance, before, dry_run)


def _leftovers(instance: Path, before: datetime, dry_run: bool) -> Purged:
    """What was never put in place, or could not be read; and what lies beside jobs that are done or forgotten."""
    left = [each for folder in _LEFT_IN for each in (instance / folder).glob("*") if _is_left(each, before)]
    folder, kept = instance / "jobs", job_ids(db.session())
    of_jobs = defaultdict(list)
    for each in folder.glob("*"):
        if each.suffix in _OF_JOBS and each.stem.isdecimal() and int(each.stem) not in kept and _is_older(each, before):
            of_jobs[int(each.stem)].append(each)
    done = {job_id: files for job_id, files in of_jobs.items() if not is_under_way(folder, job_id)}
    found = _of("leftovers", [*left, *chain.from_iterable(done.values())])
    if not dry_run:
        _remove(left)
        for job_id in done:
            _forget_unless_held(folder, job_id)
    return found


def _forget_unless_held(folder: Path, job_id: int) -> None:
    """Remove what lies beside a job, holding its lock meanwhile: one that a process holds stays."""
    lock = hold(folder, job_id)
    if lock is None:
        return
    try:
        if (waiting := noted(folder, job_id)) is None or waiting.tries:
            forget(folder, job_id)
    finally:
        os.close(lock)


def _jobs(instance: Path, before: datetime, dry_run: bool) -> Purged:
    """Those that recorded nothing; among them those whose process died and that nobody has looked at since."""
    old, folder = old_jobs(db.session(), ImportJob, (*READ_AGAIN_FROM, *RUNNING), before), instance / "jobs"
    gone = _gone(folder, [each for each in old if each.state in RUNNING])
    moments = [each.changed_at for each in old if each.state in READ_AGAIN_FROM or each.id in gone]
    if moments and not dry_run:
        with writing(patience=_PATIENCE) as session:
            dropped = drop_jobs_before(session, before, gone)
        for job_id in dropped:
            forget(folder, job_id)
    return Purged("previews", len(moments), min(moments, default=None))


def _gone(folder: Path, running: Iterable[OldJob]) -> set[int]:
    """Of jobs that should be under way those whose process is gone."""
    return {each.id for each in running if not is_under_way(folder, each.id)}


def _exports(instance: Path, before: datetime, dry_run: bool) -> Purged:
    """The jobs with their files, and files that no job names."""
    session, folder = db.session(), instance / "exports"
    old = old_jobs(session, ExportJob, tuple(JobState), before)
    gone = _gone(instance / "jobs", [each for each in old if each.state is MAKING])
    moments = [each.changed_at for each in old if each.state is not MAKING or each.id in gone]
    known = {str(each) for each in session.scalars(select(ExportJob.id).where(ExportJob.changed_at >= before))}
    files = [each for each in folder.glob("*") if each.stem not in known and _is_older(each, before)]
    found = _of("exports", files)
    if not dry_run:
        if moments:
            with writing(patience=_PATIENCE) as writer:
                dropped = drop_exports_before(writer, before, gone)
            for job_id in dropped:
                _remove(folder.glob(f"{job_id}.*"))
                forget(instance / "jobs", job_id)
        _remove(files)
    return Purged("exports", max(len(moments), len(files)), min(moments, default=found.oldest))


def _evidence(instance: Path, before: datetime, dry_run: bool) -> Purged:
    folder = evidence_folder(instance)
    would = sweep_evidence(db.session(), folder, before, dry_run=True)
    found = _of("evidence", [folder / name[:2] / name for name in would])
    if would and not dry_run:
        with writing(patience=_PATIENCE) as session:
            sweep_evidence(session, folder, before)
    if not dry_run:
        sweep_tallies(tally_folder(instance))
    return found


def _a_day_ago(settings: Settings, before: datetime) -> datetime:
    """A file that somebody has just sent has no batch yet: it stays for a day, however short the time is."""
    return before + timedelta(days=settings.keep_imports_days) - timedelta(days=1)


def _of(kind: str, files: Iterable[Path]) -> Purged:
    moments = []
    for each in files:
        with suppress(OSError):
            moments.append(datetime.fromtimestamp(each.stat().st_mtime, UTC))
    return Purged(kind, len(moments), min(moments, default=None))


def _is_older(file: Path, before: datetime) -> bool:
    try:
        return file.is_file() and file.stat().st_mtime < before.timestamp()
    except OSError:
        return False  # another process was quicker


def _is_left(file: Path, before: datetime) -> bool:
    return file.suffix in (".part", ".unreadable") and _is_older(file, before)


def _remove(files: Iterable[Path]) -> None:
    for each in files:
        with suppress(OSError):
            each.unlink(missing_ok=True)


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@with_app
def purge(dry_run: bool) -> None:
    """Remove what has had its time: docs/privacy.md says of each kind how long it is kept, and why.

    `tracker worker` does it once a day.
    """
    settings: Settings = current_app.config["SETTINGS"]
    done = purge_all(settings, now(), dry_run)
    for each in done:
        since = f", the oldest from {each.oldest.astimezone(settings.time_zone):%Y-%m-%d}" if each.oldest else ""
        click.echo(f"{each.count:>8,}  {BY_KIND[each.kind].what}{since}")
    total = sum(each.count for each in done)
    click.echo(f"{total:>8,}  {'would go' if dry_run else 'went'} in all.")
