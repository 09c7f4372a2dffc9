"""`tracker roster`: who is a member, from a local's delta or a complete file."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli import main
from tracker.cli.naming import unit_named
from tracker.cli.reading import with_reading
from tracker.cli.running import now, opened, the_file, today, with_app, with_bar
from tracker.cli.telling import keep, say_imported
from tracker.coverage.roster_changes import ChangeKind, RosterDiff
from tracker.curriculum.words import Outcome
from tracker.intake.imports import Imported, staged_import
from tracker.intake.reading import Reading
from tracker.models import IMPORTS_PATIENCE, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.refused import Refused
from tracker.operations.roster import Full

_MOST_SHOWN = 3  # people of each kind of change, and locals


@main.group()
def roster() -> None:
    """Who is a member, and their cards."""


@roster.command("import")
@the_file
@with_reading("roster")
@click.option("--full", is_flag=True, help="FILE is complete: whoever it does not name holds no card any more.")
@click.option("--unit", "units", multiple=True, metavar="U", help="With --full: complete for this unit alone. Repeatable.")
@click.option(
    "--accept-leaving", type=click.IntRange(min=0), metavar="N", help="Release the brake: N people leave, rightly."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@click.option("--strict", is_flag=True, help="Refuse the whole file if any row is faulty.")
@with_app
def import_a_roster(
    file: Path,
    reading: Reading,
    full: bool,
    units: tuple[str, ...],
    accept_leaving: int | None,
    dry_run: bool,
    strict: bool,
) -> None:
    """Record the memberships in FILE: a row is one.

    FILE adds and corrects; only with --full does it also end what it leaves out. A file by which too many people would leave
    is refused until you say with --accept-leaving that it is right.
    """
    if units and not full:
        raise click.UsageError("--unit says what a complete file is complete for: give it with --full.")
    session = db.session()
    extent = Full(frozenset(unit_named(session, each).id for each in units) if units else None) if full else None
    with (
        opened(file) as stream,
        staged_import(
            *(session, "roster", stream, file.name),
            reading=reading,
            full=extent,
            accept_leaving=accept_leaving,
            today=today(),
            watch=with_bar,
        ) as staged,
    ):
        if dry_run:
            imported = staged.preview(session, with_bar)
        else:
            keep(stream)
            with writing(alone=True, patience=IMPORTS_PATIENCE) as alone:
                imported = staged.record(alone, OPERATOR, now=now(), strict=strict, watch=with_bar)
    _say_changes(imported, dry_run)
    say_imported(imported, dry_run)
    if dry_run:
        _refuse_as_recording_would(imported, strict, accept_leaving)


def _say_changes(imported: Imported, dry_run: bool) -> None:
    if imported.new_members:
        click.echo(f"{imported.new_members} new member{'s' if imported.new_members > 1 else ''}.")
    if imported.diff is not None:
        _say_diff(imported.diff)
    if imported.held:
        changes = "1 change is" if imported.held == 1 else f"{imported.held:,} changes are"
        click.echo(f"{changes} held for review: see /staff/held.")
    if imported.settled:
        would = "would find" if dry_run else "found"
        click.echo(f"{imported.settled} waiting completions {would} their member.")


def _say_diff(diff: RosterDiff) -> None:
    if diff.is_empty:
        return
    click.echo(", ".join(f"{kind.value} {diff.counts[kind]:,}" for kind in ChangeKind if diff.counts[kind]) + ":")
    for kind, people in diff.people.items():
        for person in people[:_MOST_SHOWN]:
            line = f" (line {person.line})" if person.line else ""
            name = " ".join(filter(None, (person.number, person.name)))
            click.echo(f"  {kind.value}: {name}, {person.what}{line}")
        if diff.counts[kind] > _MOST_SHOWN:
            click.echo(f"  … and {diff.counts[kind] - _MOST_SHOWN:,} more {kind.value}")
    for local, counts in list(diff.locals.items())[:_MOST_SHOWN]:
        click.echo(f"  Local {local}: " + ", ".join(f"{kind.value} {counts[kind]:,}" for kind in ChangeKind if counts[kind]))
    if len(diff.locals) > _MOST_SHOWN:
        click.echo(f"  … and {len(diff.locals) - _MOST_SHOWN:,} more locals")


def _refuse_as_recording_would(imported: Imported, strict: bool, accept_leaving: int | None) -> None:
    """A trial ends as the act itself would.

    Raises:
        Refused: ``brake``, ``faulty_rows``.
    """
    if imported.brake is not None:
        imported.brake.release(accept_leaving)
    if strict and imported.outcomes[Outcome.FAULTY]:
        raise Refused("faulty_rows", f"{imported.outcomes[Outcome.FAULTY]} of {imported.rows} rows are faulty.")
