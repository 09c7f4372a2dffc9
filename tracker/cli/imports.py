"""`tracker roster`, `tracker completions`, `tracker batch`: files in, and what became of them."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from tracker.cli import main
from tracker.cli.running import now, read_file, today, with_app, with_bar
from tracker.curriculum.words import Outcome
from tracker.intake.imports import Imported, import_completions, import_roster
from tracker.intake.reading import Reading
from tracker.models import Batch, BatchOutcome, RowFault, WaitingCompletion, db, trying
from tracker.operations.actor import OPERATOR
from tracker.operations.refused import Refused

_file = click.argument("file", type=click.Path(path_type=Path))
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
_strict = click.option("--strict", is_flag=True, help="Refuse the whole file if any row is faulty.")


@main.group()
def roster() -> None:
    """Who is a member, and their cards."""


@roster.command("import")
@_file
@_dry_run
@_strict
@with_app
def import_a_roster(file: Path, dry_run: bool, strict: bool) -> None:
    """Record the memberships in FILE."""
    content = read_file(file)
    with trying(dry_run) as session:
        imported = import_roster(
            session, content, file.name, OPERATOR, today=today(), now=now(), strict=strict, watch=with_bar
        )
    if imported.new_members:
        click.echo(f"{imported.new_members} new members.")
    if imported.settled:
        click.echo(f"{imported.settled} waiting completions found their member.")
    _say(imported, dry_run)


@main.group()
def completions() -> None:
    """What members completed."""


@completions.command("import")
@_file
@click.option("--profile", help="The format FILE is in; found by its headers if not named.")
@_dry_run
@_strict
@with_app
def import_a_report(file: Path, profile: str | None, dry_run: bool, strict: bool) -> None:
    """Record the completions in FILE."""
    content = read_file(file)
    with trying(dry_run) as session:
        imported = import_completions(
            session,
            content,
            file.name,
            OPERATOR,
            today=today(),
            now=now(),
            reading=Reading(profile=profile or ""),
            strict=strict,
            watch=with_bar,
        )
    click.echo(f"Read as {imported.profile}.")
    _say(imported, dry_run)


def _say(imported: Imported, dry_run: bool) -> None:
    if imported.dropped:
        click.echo(f"Columns not kept: {', '.join(imported.dropped)}.")
    for fault in imported.faults:
        click.echo(str(fault), err=True)
    if dry_run:
        click.echo("Nothing was written. It would be:")
    else:
        click.echo(f"Batch {imported.batch_id}, {imported.rows} rows:")
    click.echo(imported.summary)


@main.group()
def batch() -> None:
    """Past imports."""


@batch.command("list")
@with_app
def list_batches() -> None:
    """Every import, newest first."""
    for each in db.session.scalars(select(Batch).order_by(Batch.id.desc())):
        rows = sum(db.session.scalars(select(BatchOutcome.row_count).where(BatchOutcome.batch_id == each.id)))
        click.echo(f"{each.id}  {each.recorded_at:%Y-%m-%d %H:%M}  {each.kind}  {rows} rows  {each.file_name}")


@batch.command()
@click.argument("batch_id", type=int)
@with_app
def show(batch_id: int) -> None:
    """How the rows of one import ended, its faulty rows, and those that wait."""
    found = db.session.get(Batch, batch_id)
    if found is None:
        raise Refused("unknown_batch", f"There is no batch {batch_id}.")
    click.echo(f"{found.kind} from {found.file_name}, read as {found.profile}, {found.recorded_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"SHA-256 {found.sha256}")
    counts = {
        row.outcome: row.row_count
        for row in db.session.scalars(select(BatchOutcome).where(BatchOutcome.batch_id == batch_id))
    }
    click.echo(", ".join(f"{outcome.value} {counts.get(outcome, 0)}" for outcome in Outcome))
    for fault in db.session.scalars(select(RowFault).where(RowFault.batch_id == batch_id).order_by(RowFault.line)):
        click.echo(f"line {fault.line}, {fault.column}: {fault.value!r} {fault.reason}")
    waiting = db.session.scalars(
        select(WaitingCompletion)
        .where(WaitingCompletion.batch_id == batch_id, WaitingCompletion.settled_at.is_(None))
        .order_by(WaitingCompletion.line)
    )
    for row in waiting:
        learner = row.member_number or row.provider_id or row.email
        click.echo(f"line {row.line} waits, {row.reason.value}: {learner} · {row.course} · {row.completed_on}")
