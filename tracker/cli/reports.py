"""`tracker coverage` and `tracker doctor`: the figures, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from tracker.cli import main
from tracker.cli.naming import path_named, unit_named
from tracker.cli.running import DAY, today, with_app
from tracker.coverage.checks import examine
from tracker.coverage.exports import as_csv, as_json, as_table, as_workbook
from tracker.coverage.figures import By, CoverageReport, coverage_report
from tracker.curriculum.words import Assurance
from tracker.models import db, writing
from tracker.operations.refused import Refused
from tracker.operations.standings import rebuild

_WRITERS: dict[str, Callable[[CoverageReport], str | bytes]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "xlsx": as_workbook,
}


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
@click.option("--format", "form", type=click.Choice([*_WRITERS, "pdf"]), default="table", show_default=True)
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
    if form == "pdf":
        raise Refused("no_pdf_yet", "The PDF report is not built yet: use table, csv, json or xlsx.")
    if form == "xlsx" and output is None:
        raise click.UsageError("--format xlsx needs --output FILE.")
    report = coverage_report(
        db.session(),
        as_of=as_of or today(),
        floor=Assurance.from_word(floor),
        known=known,
        unit=unit_named(db.session(), unit) if unit else None,
        path=path_named(db.session(), path) if path else None,
        by=By(by) if by else By.UNIT,
    )
    _write(report, form, output)


def _write(report: CoverageReport, form: str, output: Path | None) -> None:
    made = _WRITERS[form](report)
    content = made.encode() if isinstance(made, str) else made
    if output is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise Refused("unwritable_file", f"{output} cannot be written: {error.strerror}.") from None


@main.command()
@click.option("--fix", is_flag=True, help="Make everything derived anew from the facts first.")
@with_app
def doctor(fix: bool) -> None:
    """Prove that what is kept is what follows from the facts. Exit 1 if it is not, or if a fact is impossible."""
    wrong = 0
    with writing(alone=True) as session:
        if fix:
            rebuild(session, today())
        for finding in examine(session, today()):
            wrong += finding.is_wrong
            click.echo(f"{'WRONG' if finding.is_wrong else 'note'}: {finding.sentence}")
    if wrong:
        hint = "" if fix else " `tracker doctor --fix` makes everything derived anew."
        raise Refused("unsound", f"{wrong} findings are wrong.{hint}")
    click.echo("Every derived figure follows from the facts.")
