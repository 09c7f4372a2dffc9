"""`tracker accounts`: a provider's list of accounts in, and a user file for the provider out."""

from __future__ import annotations

from collections.abc import Mapping
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
from tracker.cli.running import the_file, today, with_app
from tracker.coverage.derivation import current_policy
from tracker.coverage.eligibility import uninvited_ids
from tracker.coverage.users_file import FIELDS, HEADINGS, users_csv, users_file
from tracker.intake.reading import Reading
from tracker.models import db
from tracker.operations.refused import Refused
from tracker.operations.roster import Full

_MOST_SHOWN = 5


@main.group()
def accounts() -> None:
    """Who has an account at the provider."""


@accounts.command("import")
@the_file
@with_reading("accounts")
@click.option("--full", is_flag=True, help="FILE is complete: an account that it does not name is closed.")
@save_profile_option
@dry_run_option
@strict_option
@with_app
def import_accounts(file: Path, reading: Reading, full: bool, profile_name: str, dry_run: bool, strict: bool) -> None:
    """Record the accounts in FILE, the provider's own list of people, read by the columns named with --map.

    Who can get in, and who has not begun, is then on each local's page. Without --full FILE only adds and corrects.
    """
    extent = Full() if full else None
    imported = import_a_file(
        *("accounts", file, reading), profile_name=profile_name, dry_run=dry_run, strict=strict, full=extent
    )
    say_imported(imported, dry_run=dry_run, profile_name=profile_name)
    if dry_run:
        end_as_recording_would(imported, strict=strict)


@accounts.command()
@click.option("--unit", "units", multiple=True, required=True, metavar="U", help="Whose members. Repeatable.")
@click.option(
    *("--columns", "columns"),
    multiple=True,
    metavar="FIELD=HEADING",
    help=f"The columns, in this order, as the provider's template names them. FIELD: {', '.join(FIELDS)}.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write the CSV; the terminal if not given.")
@click.option("--confirmed", is_flag=True, help="Only those whom a local has confirmed, and who have no account yet.")
@with_app
def export(units: tuple[str, ...], columns: tuple[str, ...], output: Path | None, confirmed: bool) -> None:
    """Write a user file for the provider, with the members' locals as groups.

    Members without an address of their own are not in it: they are named apart.
    """
    headings = _headings(columns)
    session = db.session()
    only = uninvited_ids(session, today()) if confirmed else None
    found = users_file(session, [unit_named(session, each) for each in units], today(), current_policy(session), only)
    content = users_csv(found, headings)
    if output is None:
        click.echo(content, nl=False)
    else:
        try:
            with open(output, "w", encoding="utf-8", newline="") as stream:
                stream.write(content)
        except OSError as error:
            raise Refused("unwritable_file", f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"{len(found.rows):,} members.", err=True)
    _say_left_out(found.shared, "have only an address that is another member’s as well")
    _say_left_out(found.without_email, "have no e-mail address")


def _headings(columns: tuple[str, ...]) -> Mapping[str, str]:
    """The headings by field, as they were given; the usual ones if none was."""
    found: dict[str, str] = {}
    for each in columns:
        field, mark, heading = (part.strip() for part in each.partition("="))
        if field not in FIELDS or not mark or not heading:
            raise click.UsageError(f"--columns {each!r}: write FIELD=HEADING, with FIELD one of {', '.join(FIELDS)}.")
        found[field] = heading
    return found or HEADINGS


def _say_left_out(people: list[tuple[str, str]], why: str) -> None:
    if not people:
        return
    named = ", ".join(f"{number} {name}".strip() for number, name in people[:_MOST_SHOWN])
    more = f" and {len(people) - _MOST_SHOWN:,} more" if len(people) > _MOST_SHOWN else ""
    click.echo(f"Not in the file, for they {why}: {named}{more}.", err=True)
