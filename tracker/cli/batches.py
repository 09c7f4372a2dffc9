"""`tracker batch`: past imports, how they ended, and taking one back."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.orm import Session

from tracker.cli import main
from tracker.cli.running import now, today, with_app
from tracker.coverage.batches import BatchOutcomes, batch_of, batch_outcomes, batches_page
from tracker.intake.outcomes import outcomes_csv, row_ends
from tracker.models import IMPORTS_PATIENCE, Batch, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import UndoPreview, undo_batch, what_undo_touches
from tracker.operations.refused import Refused

_batch_id = click.argument("batch_id", type=int)


@main.group()
def batch() -> None:
    """Past imports."""


@batch.command("list")
@with_app
def list_batches() -> None:
    """Every import, newest first."""
    before = None
    while True:
        page = batches_page(db.session(), before)
        for line in page.rows:
            each = line.batch
            undone = f"  undone {line.undone.undone_at:%Y-%m-%d}" if line.undone else ""
            click.echo(
                f"{each.id}  {each.recorded_at:%Y-%m-%d %H:%M}  {each.kind}  {line.rows} rows  {each.file_name}{undone}"
            )
        if page.next_key is None:
            return
        before = int(page.next_key)


@batch.command()
@_batch_id
@with_app
def show(batch_id: int) -> None:
    """How the rows of one import ended, its faulty rows, and those that wait."""
    found = _outcomes(db.session(), batch_id)
    its = found.batch
    read_as = f", read as {its.profile}" if its.profile else ""
    click.echo(f"{its.kind} from {its.file_name}{read_as}, {its.recorded_at:%Y-%m-%d %H:%M} UTC")
    if its.sha256:
        click.echo(f"SHA-256 {its.sha256}")
    if found.undone:
        click.echo(f"Undone on {found.undone.undone_at:%Y-%m-%d %H:%M} UTC by {found.undone_by}.")
    click.echo(", ".join(f"{outcome.value} {count}" for outcome, count in found.counts))
    for fault in found.faults:
        click.echo(f"line {fault.line}, {fault.column}: {fault.value!r} {fault.reason}")
    for row in found.waiting:
        learner = row.member_number or row.provider_id or row.email or row.learner_name
        click.echo(f"line {row.line} waits, {row.reason.value}: {learner} · {row.course} · {row.completed_on}")
    beyond = found.faults_in_all - len(found.faults) + found.waiting_in_all - len(found.waiting)
    if beyond:
        click.echo(f"… and {beyond:,} more: `tracker batch outcomes {batch_id}` lists every row.")


@batch.command()
@_batch_id
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; by default standard output.")
@with_app
def outcomes(batch_id: int, output: Path | None) -> None:
    """How every single row of an import ended, as a CSV file beside the row itself."""
    settings = current_app.config["SETTINGS"]
    pieces = outcomes_csv(
        row_ends(db.session(), _batch(db.session(), batch_id), settings.time_zone), settings.instance / "imports"
    )
    if output is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
    except OSError as error:
        raise Refused("unwritable_file", f"{output} cannot be written: {error.strerror}.") from None


@batch.command()
@_batch_id
@click.option("--dry-run", is_flag=True, help="Say what would be undone; change nothing.")
@with_app
def undo(batch_id: int, dry_run: bool) -> None:
    """Take an import back as a whole: its own facts, and nobody else's.

    What it had corrected is as it was before, and its rows may come again. Whatever a person has touched since is listed
    first.
    """
    found = _batch(db.session(), batch_id)
    preview = what_undo_touches(db.session(), found)
    _say_touched(preview)
    if dry_run:
        click.echo(f"Nothing was changed. It would void {_counted(preview.facts)} of {preview.members} members.")
        return
    with writing(alone=True, patience=IMPORTS_PATIENCE) as session:
        undone = undo_batch(session, session.get_one(Batch, batch_id), OPERATOR, today=today(), now=now())
    click.echo(f"Undone: {_counted(undone.voided)} voided, {_counted(undone.recorded_anew)} recorded anew as before.")


def _say_touched(preview: UndoPreview) -> None:
    for sentence in preview.touched:
        click.echo(sentence)
    if preview.touched_in_all > len(preview.touched):
        click.echo(f"… and {preview.touched_in_all - len(preview.touched):,} more.")
    for each in preview.resting:
        click.echo(f"{each.file_name} of {each.recorded_at:%Y-%m-%d} found rows already known: import it again afterwards.")


def _counted(facts: dict[str, int]) -> str:
    said = [f"{count} {table.replace('_', ' ')}{'' if count == 1 else 's'}" for table, count in facts.items() if count]
    return ", ".join(said) or "nothing"


def _batch(session: Session, batch_id: int) -> Batch:
    found = batch_of(session, batch_id)
    if found is None:
        raise Refused("unknown_batch", f"There is no batch {batch_id}.")
    return found


def _outcomes(session: Session, batch_id: int) -> BatchOutcomes:
    found = batch_outcomes(session, batch_id)
    if found is None:
        raise Refused("unknown_batch", f"There is no batch {batch_id}.")
    return found
