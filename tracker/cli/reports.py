"""`tracker coverage` and `tracker doctor`: the figures, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.keeping.restoring import end_restore, examine_restore, note_restore, unended_restore
from tracker.cli.naming import path_named, unit_named
from tracker.cli.running import DAY, now, today, with_app
from tracker.coverage.checks import examine
from tracker.coverage.exports import (
    Document,
    TooLongToPrint,
    as_csv,
    as_json,
    as_table,
    coverage_document,
    document_pdf,
    document_workbook,
)
from tracker.coverage.figures import By, CoverageReport, coverage_report
from tracker.coverage.frozen.checking import examine_frozen
from tracker.coverage.rendering import NotRendered
from tracker.curriculum.words import Assurance
from tracker.models import db, writing
from tracker.operations.audit_heads import examine_head, heads_file, newest_head
from tracker.operations.erasing import (
    erasures_file,
    examine_erasures,
    keep_erasures,
    readable_lines,
    reapply_erasures,
)
from tracker.operations.freezing import frozen_folder
from tracker.operations.refused import Refused
from tracker.operations.standings import rebuild

_WRITERS: dict[str, Callable[[CoverageReport], str]] = {"table": as_table, "csv": as_csv, "json": as_json}
_FILES: dict[str, Callable[[Document], bytes]] = {"xlsx": document_workbook, "pdf": document_pdf}


@main.command()
@click.option("--unit", help="Only this unit and those under it.")
@click.option("--path", help="Only this learning path.")
@click.option("--as-of", type=DAY, help="The day asked; today if not given.")
@click.option("--known", type=DAY, help="As we knew it at the end of this day, UTC.")
@click.option(
    "--floor",
    type=click.Choice([each.word for each in Assurance]),
    default=Assurance.REVIEWED.word,
    show_default=True,
    help="The least assurance that counts.",
)
@click.option("--by", type=click.Choice(["local", "district", "craft"]), help="Rows of one kind only.")
@click.option("--format", "form", type=click.Choice([*_WRITERS, *_FILES]), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file.")
@with_app
def coverage(
    unit: str | None,
    path: str | None,
    as_of: date | None,
    known: date | None,
    floor: str,
    by: str | None,
    form: str,
    output: Path | None,
) -> None:
    """How many are asked for each learning path, and how many of them hold it."""
    if form in _FILES and output is None:
        raise click.UsageError(f"--format {form} needs --output FILE.")
    found = unit_named(db.session(), unit) if unit else None
    report = coverage_report(
        db.session(),
        as_of=as_of or today(),
        floor=Assurance.from_word(floor),
        known=known,
        unit=found,
        path=path_named(db.session(), path) if path else None,
        by=By(by) if by else By.UNIT,
    )
    if form in _FILES:
        _write(_file(report, form, found.title if found else "The whole union"), output)
    else:
        _write(_WRITERS[form](report).encode(), output)


def _file(report: CoverageReport, form: str, scope: str) -> bytes:
    """The report as a file for people.

    Raises:
        Refused: ``too_long_to_print``, ``not_rendered``.
    """
    document = coverage_document(report, "Upskilling coverage", scope)
    try:
        return _FILES[form](replace(document, facts=[*document.facts, ("Made on", today().isoformat())]))
    except TooLongToPrint as error:
        raise Refused("too_long_to_print", str(error)) from None
    except NotRendered as error:
        raise Refused("not_rendered", f"The PDF could not be made. {error}") from None


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise Refused("unwritable_file", f"{output} cannot be written: {error.strerror}.") from None


@main.command()
@click.option(
    "--fix",
    is_flag=True,
    help="First make everything derived anew from the facts, end a restore that was killed, erase anew whom a backup "
    "brought back, and write the lines of erasures that are missing.",
)
@with_app
def doctor(fix: bool) -> None:
    """Prove that what is kept is what follows from the facts. Exit 1 if it is not, or if a fact is impossible."""
    wrong, instance = 0, current_app.config["SETTINGS"].instance
    frozen, erasures = frozen_folder(instance), erasures_file(instance)
    heads = heads_file(instance)
    newest = newest_head(heads)
    if fix:
        _mend(instance)
    with writing(alone=True) as session:
        for finding in chain(
            examine(session, today()),
            examine_frozen(session, frozen),
            examine_erasures(session, erasures),
            examine_restore(session, instance),
            examine_head(session, heads, newest),
        ):
            wrong += finding.is_wrong
            click.echo(f"{'WRONG' if finding.is_wrong else 'note'}: {finding.sentence}")
    if wrong:
        hint = "" if fix else " `tracker doctor --fix` makes everything derived anew."
        raise Refused("unsound", f"{wrong} findings are wrong.{hint}")
    click.echo("Every derived figure follows from the facts.")


def _mend(instance: Path) -> None:
    """What `--fix` does: end a restore that was killed, as it would have ended itself; and make what is derived anew."""
    erasures = erasures_file(instance)
    with writing(alone=True) as session:
        if noted := unended_restore(session, instance):
            note_restore(session, noted, now())
        reapply_erasures(session, readable_lines(erasures), now(), today())
        rebuild(session, today())
    try:
        with suppress(ValueError):  # a line that cannot be read: it is told with what else is found
            keep_erasures(db.session(), erasures)  # once they are committed: a line without its erasure erases somebody
    except OSError as error:
        raise Refused("unwritable_file", f"{erasures} cannot be written: {error.strerror}.") from None
    if noted:
        end_restore(instance)
