"""`tracker roster`: who is a member, from a local's delta or a complete file."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli import main
from tracker.cli.importing import (
    dry_run_option,
    end_as_recording_would,
    import_a_file,
    save_profile_option,
    say_imported,
    strict_option,
)
from tracker.cli.naming import unit_named
from tracker.cli.reading import with_reading
from tracker.cli.running import the_file, with_app
from tracker.coverage.roster_changes import ChangeKind, RosterDiff
from tracker.intake.imports import Imported
from tracker.intake.reading import Reading
from tracker.models import db
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
@save_profile_option
@dry_run_option
@strict_option
@with_app
def import_a_roster(
    file: Path,
    reading: Reading,
    full: bool,
    units: tuple[str, ...],
    accept_leaving: int | None,
    profile_name: str,
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
    imported = import_a_file(
        *("roster", file, reading),
        profile_name=profile_name,
        dry_run=dry_run,
        strict=strict,
        full=extent,
        accept_leaving=accept_leaving,
    )
    _say_changes(imported, dry_run)
    say_imported(imported, dry_run=dry_run, profile_name=profile_name)
    if dry_run:
        end_as_recording_would(imported, strict=strict, accept_leaving=accept_leaving)


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
