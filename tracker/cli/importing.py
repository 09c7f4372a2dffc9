"""One file in, as every command does it: read, tried or recorded, told."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click
from flask import current_app

from tracker.cli.running import now, opened, today, with_bar
from tracker.curriculum.words import Outcome
from tracker.intake.imports import Imported, staged_import
from tracker.intake.originals import keep_original
from tracker.intake.reading import Reading
from tracker.models import IMPORTS_PATIENCE, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.profiles import save_profile
from tracker.operations.refused import Refused
from tracker.operations.roster import Full

_MOST_SHOWN = 5

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
strict_option = click.option("--strict", is_flag=True, help="Refuse the whole file if any row is faulty.")
save_profile_option = click.option(
    "--save-profile", "profile_name", metavar="NAME", default="", help="Keep the mapping under this name for the next file."
)


def import_a_file(
    kind: str,
    file: Path,
    reading: Reading,
    *,
    profile_name: str,
    dry_run: bool,
    strict: bool,
    full: Full | None = None,
    accept_leaving: int | None = None,
) -> Imported:
    """Read a file, and record it or only try it. The file itself is kept for as long as originals are.

    Args:
        profile_name: the name under which its way of being read is saved; "" for none.
        full, accept_leaving: as :func:`tracker.intake.imports.staged_import` takes them.

    Raises:
        Refused: it cannot be read or may not be recorded. Nothing is written then.
    """
    with (
        opened(file) as stream,
        staged_import(
            *(db.session(), kind, stream, file.name),
            reading=reading,
            full=full,
            accept_leaving=accept_leaving,
            call_it=profile_name,
            today=today(),
            watch=with_bar,
        ) as staged,
    ):
        if dry_run:
            return staged.preview(db.session(), with_bar)
        _keep(stream)
        with writing(alone=True, patience=IMPORTS_PATIENCE) as session:
            imported = staged.record(session, OPERATOR, now=now(), strict=strict, watch=with_bar)
            if profile_name:
                used = imported.reading
                save_profile(session, profile_name, kind, used.as_json(), imported.headers, OPERATOR, now())
    return imported


def _keep(stream: BinaryIO) -> None:
    keep_original(current_app.config["SETTINGS"].instance / "imports", stream)


def say_imported(imported: Imported, *, dry_run: bool, profile_name: str = "") -> None:
    """Columns not kept, faults, what would wait, and last the line of counts."""
    click.echo(f"Read as {imported.profile}.")
    if imported.dropped:
        click.echo(f"Columns not kept: {', '.join(imported.dropped)}.")
    for fault in imported.faults:
        click.echo(str(fault), err=True)
    if imported.faults_in_all > len(imported.faults):
        click.echo(f"… and {imported.faults_in_all - len(imported.faults):,} further faults.", err=True)
    for reason, row in imported.waiting[:_MOST_SHOWN]:
        learner = row.member_number or row.provider_id or row.email or row.learner_name
        click.echo(f"line {row.line} would wait, {reason.value}: {learner} · {row.course} · {row.completed_on}")
    if imported.set_aside:
        click.echo(f"{imported.set_aside:,} of the unmatched were set aside before: none of ours.")
    if imported.closed and imported.kind == "accounts":
        click.echo(f"{imported.closed:,} accounts are not in the list and count as closed.")
    if imported.kept_open:
        click.echo(f"{imported.kept_open:,} accounts not in the list stay open: a row that found nobody may be theirs.")
    if imported.no_renewal:
        click.echo(imported.no_renewal)
    if profile_name and not dry_run:
        click.echo(f"Saved as profile {profile_name}: the next file with these headings is read the same way.")
    if dry_run:
        click.echo("Nothing was written. It would be:")
    else:
        click.echo(f"Batch {imported.batch_id}, {imported.rows} rows:")
    click.echo(imported.summary)


def end_as_recording_would(imported: Imported, *, strict: bool, accept_leaving: int | None = None) -> None:
    """The end of a trial: refused where the act itself would be.

    Raises:
        Refused: ``brake``, ``faulty_rows``.
    """
    if imported.brake is not None:
        imported.brake.release(accept_leaving)
    if strict and imported.outcomes[Outcome.FAULTY]:
        raise Refused("faulty_rows", f"{imported.outcomes[Outcome.FAULTY]} of {imported.rows} rows are faulty.")
