"""`tracker completions`: reports in."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli import main
from tracker.cli.reading import with_reading
from tracker.cli.running import now, opened, the_file, today, with_app, with_bar
from tracker.cli.telling import keep, say_imported
from tracker.intake.imports import staged_import
from tracker.intake.reading import Reading
from tracker.models import IMPORTS_PATIENCE, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.profiles import save_profile
from tracker.operations.roster import Full


@main.group()
def completions() -> None:
    """What members completed."""


@completions.command("import")
@the_file
@with_reading("completions")
@click.option("--save-profile", metavar="NAME", default="", help="Keep the mapping under this name for the next file.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@click.option("--strict", is_flag=True, help="Refuse the whole file if any row is faulty.")
@with_app
def import_a_report(file: Path, reading: Reading, save_profile: str, dry_run: bool, strict: bool) -> None:
    """Record the completions in FILE, whatever table it is.

    LinkedIn's reports, a member's own archive and the canonical table are known by their headings; any other table is read
    by the columns named with --map, or by a profile saved from an earlier file.
    """
    import_a_file("completions", file, reading, save_profile, dry_run, strict)


def import_a_file(
    kind: str,
    file: Path,
    reading: Reading,
    profile_name: str,
    dry_run: bool,
    strict: bool,
    *,
    full: bool = False,
) -> None:
    """Import a file of completions or of accounts, as every command does that needs no more than that."""
    with (
        opened(file) as stream,
        staged_import(
            *(db.session(), kind, stream, file.name),
            reading=reading,
            full=Full() if full else None,
            call_it=profile_name,
            today=today(),
            watch=with_bar,
        ) as staged,
    ):
        if dry_run:
            imported = staged.preview(db.session(), with_bar)
        else:
            keep(stream)
            with writing(alone=True, patience=IMPORTS_PATIENCE) as session:
                imported = staged.record(session, OPERATOR, now=now(), strict=strict, watch=with_bar)
                if profile_name:
                    used = imported.reading
                    save_profile(session, profile_name, kind, used.as_json(), imported.headers, OPERATOR, now())
    click.echo(f"Read as {imported.profile}.")
    say_imported(imported, dry_run)
    if profile_name and not dry_run:
        click.echo(f"Saved as profile {profile_name}: the next file with these headings is read the same way.")
