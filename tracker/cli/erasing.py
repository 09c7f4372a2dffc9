"""`tracker erase` and `tracker member`: what a member may ask for on paper, their archive and their erasure."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.naming import member_named
from tracker.cli.running import now, today, with_app
from tracker.config import Settings
from tracker.coverage.archive import whose, write_archive
from tracker.intake.originals import has_original
from tracker.language import mark, word
from tracker.models import db, trying, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.archiving import note_archive
from tracker.operations.erasing import ERASED, Erasing, erase_member, erasures_file, settle_files
from tracker.operations.evidence import evidence_folder, file_of
from tracker.operations.refused import Refused

STAYS = {
    "membership": mark("cards"),
    "assignment": mark("paths asked"),
    "exemption": mark("exemptions"),
    "completion": mark("completed courses"),
    "provider_account": mark("accounts at providers"),
    "eligibility": mark("a local’s word on an account"),
}


@main.group()
def member() -> None:
    """What is kept about one member."""


@member.command()
@click.argument("number")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_app
def archive(number: str, file: Path) -> None:
    """Write everything kept about the member of that NUMBER into FILE (ZIP), for a member who asked for it on paper.

    It is noted in the audit trail, and for your eyes as little as possible: hand it to nobody else.
    """
    settings: Settings = current_app.config["SETTINGS"]
    moment = now()
    try:
        out = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise Refused("unwritable_file", f"{file} cannot be written: {error.strerror}.") from None
    try:
        with out:
            with writing() as session:
                found = member_named(session, number)
                note_archive(session, found, OPERATOR, now=moment)
            session = db.session()
            packed = write_archive(
                session,
                whose(session, found),
                out,
                today=today(),
                now=moment,
                zone=settings.time_zone,
                file_of=partial(file_of, evidence_folder(settings.instance)),
            )
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    rows = sum(packed.tables.values())
    click.echo(f"Everything kept about {found.name} ({found.number}): {rows:,} rows, {packed.files} files, in {file}.")


@main.command()
@click.argument("number")
@click.option("--reason", required=True, help="Why, in words that name nobody: it is kept for good.")
@click.option("--dry-run", is_flag=True, help="Say what would go and what stays; erase nothing.")
@with_app
def erase(number: str, reason: str, dry_run: bool) -> None:
    """Erase the member of that NUMBER (or e-mail): what says who they are goes, every figure stays as it was.

    It cannot be undone. A roster that brings the number again makes a new member.
    """
    settings: Settings = current_app.config["SETTINGS"]
    moment = now()
    with trying(dry_run) as session:
        found = member_named(session, number)
        said = f"{found.name} ({found.number})"
        done = erase_member(session, found.member_id, reason, OPERATOR, today=today(), now=moment)
    # before a word is said: whoever reads it may hang up, and that would end the command here
    files = (erasures_file(settings.instance), evidence_folder(settings.instance))
    trouble = {} if dry_run else settle_files(db.session(), *files, done.files, moment)
    click.echo(f"{'Would be erased' if dry_run else 'Erased'}: {said}.")
    _tell(done, settings)
    if trouble:
        click.echo(
            f"The erasure stands, but the list {erasures_file(settings.instance)} or a file of evidence is not as it should "
            f"be: {next(iter(trouble.values()))}. Mend that and run `tracker purge`, which makes up for the rest.",
            err=True,
        )
        click.get_current_context().exit(1)


def _tell(done: Erasing, settings: Settings) -> None:
    click.echo("What goes, in rows:")
    for name, count in done.gone.items():
        if count:
            click.echo(f"  {count:>6,}  {word(ERASED[name].words)}")
    click.echo(f"  {len(done.files):>6,}  files of evidence")
    click.echo("What stays and counts, under no name:")
    for name, count in done.stays.items():
        if count:
            click.echo(f"  {count:>6,}  {word(STAYS[name])}")
    if done.open_cards:
        click.echo(
            f"They still hold {done.open_cards} open card{'' if done.open_cards == 1 else 's'}, and go on being counted by "
            "them. A roster that names them again makes a new member, who is counted too: end the card by a roster first."
        )
    kept = [each for each in done.originals if has_original(settings.instance / "imports", each.sha256)]
    for each in kept:
        until = (each.recorded_at + timedelta(days=settings.keep_imports_days)).astimezone(settings.time_zone).date()
        click.echo(f"Kept until {until}, and cannot be rewritten: the file {each.file_name} as it was imported.")
    click.echo("A backup from before holds them until it is replaced; restoring it erases them again.")
