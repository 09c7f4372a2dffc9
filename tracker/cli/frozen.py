"""`tracker freeze` and `tracker frozen`: a report as it stands at this moment, and whether it stays what it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import select

from tracker.cli import main
from tracker.cli.naming import path_named, unit_named
from tracker.cli.running import DAY, now, today, with_app
from tracker.coverage.frozen.checking import damages, match_of, sha256_of_stream
from tracker.coverage.frozen.listing import frozen_report
from tracker.coverage.frozen.pack import pack_of
from tracker.coverage.frozen.restating import Restated, restatement
from tracker.coverage.rendering import NotRendered
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import FrozenReport, Unit, db, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.freezing import figures_to_freeze, frozen_folder, kept_pack, new_code, record_frozen
from tracker.operations.refused import Refused

_ANY_SIZE = 1 << 40


@main.command()
@click.option("--unit", required=True, help="Whose report: a local, a district or the international.")
@click.option("--path", help="Only this learning path; every one that asks anyone there if not given.")
@click.option("--as-of", type=DAY, help="The day told; today if not given.")
@click.option(
    "--floor",
    type=click.Choice([each.word for each in Assurance]),
    default=Assurance.REVIEWED.word,
    show_default=True,
    help="The least assurance that counts.",
)
@click.option("--title", required=True, help="What it is called. No names of people: anyone with its address sees it.")
@with_app
def freeze(unit: str, path: str | None, as_of: date | None, floor: str, title: str) -> None:
    """Freeze a report: a PDF, tables and a note on method, with a hash that anyone can check."""
    with writing(alone=True) as session:
        figures = figures_to_freeze(
            session,
            title=title.strip(),
            unit=unit_named(session, unit),
            path=path_named(session, path) if path else None,
            as_of=as_of or today(),
            floor=Assurance.from_word(floor),
            today=today(),
            now=now(),
        )
    whole = db.session.scalar(select(Unit).where(Unit.kind == UnitKind.INTERNATIONAL).order_by(Unit.id).limit(1))
    code, report_id = new_code(), new_id()
    try:
        pack = pack_of(figures, title=title.strip(), code=code, body=whole.name if whole else "the union")
    except NotRendered as reason:
        raise Refused("not_rendered", f"The PDF could not be made, and nothing was frozen: {reason}") from None
    with kept_pack(_folder(), report_id, pack.files), writing() as session:
        record_frozen(session, report_id, figures, pack, OPERATOR, title=title.strip(), code=code)
    click.echo(f"Frozen: {code}")
    click.echo(f"Public page: /frozen/{code}")
    click.echo(f"SHA-256 of manifest.json: {pack.sha256}")
    click.echo(f"Files: {_folder() / str(report_id)}")


@main.group()
def frozen() -> None:
    """Reports as they stood at one moment."""


@frozen.command("list")
@with_app
def list_frozen() -> None:
    """Every frozen report, the newest first."""
    rows = db.session.execute(
        select(FrozenReport, Unit).join(Unit, Unit.id == FrozenReport.unit_id).order_by(FrozenReport.id.desc())
    ).all()
    for report, unit in rows:
        asked = f"{unit.title}, as of {report.as_of}, {report.floor.word}"
        click.echo(f"{report.code}  {report.frozen_at:%Y-%m-%d %H:%M}  {asked}  {report.title}")
    if not rows:
        click.echo("Nothing is frozen yet.")


@frozen.command()
@click.argument("code")
@click.option("--file", type=click.Path(path_type=Path), help="Say whether this file is part of the report.")
@with_app
def verify(code: str, file: Path | None) -> None:
    """Prove that a report's files are those that were frozen, and say what became of its figures. Exit 1 if they are not."""
    report = frozen_report(db.session(), code)
    if report is None:
        raise Refused("unknown_code", f"There is no frozen report {code!r}: `tracker frozen list` names those there are.")
    if file is not None:
        _verify_file(report, file)
        return
    found = damages(_folder(), report)
    for damage in found:
        click.echo(f"wrong: {damage}")
    became = restatement(db.session(), report, _folder())
    for each in (*became.whole, *became.parts):
        if each.is_other:
            click.echo(f"restated: {_told(each, report.floor)}")
    for kind in became.texts:
        click.echo(f"the {kind} in force is another by now")
    if found:
        raise Refused("damaged", f"{len(found)} of its files are not as they were frozen: bring them back from a backup.")
    click.echo(f"{report.title}: every file is as it was frozen. SHA-256 {report.sha256}")


def _verify_file(report: FrozenReport, file: Path) -> None:
    try:
        with file.open("rb") as stream:
            sha256 = sha256_of_stream(stream, _ANY_SIZE) or ""
    except OSError as error:
        raise Refused("unreadable_file", f"{file} cannot be read: {error.strerror}.") from None
    match = match_of(report, sha256, _folder())
    if not match.file:
        raise Refused("not_part", f"{file} is not part of this report: its SHA-256 is {sha256}.")
    click.echo(f"{file} is {match.file} of this report.")


def _told(each: Restated, floor: Assurance) -> str:
    where = f"{each.path}, {each.what}" if each.what else each.path
    then, now = _counted(each.then, floor), _counted(each.now, floor)
    if then == now:
        return f"{where}: {then} is the same at this floor, and another at another floor"
    return f"{where}: {then} is now {now}"


def _counted(figure: Figure | None, floor: Assurance) -> str:
    return "hidden" if figure is None else f"{figure.covered(floor)} of {figure.in_scope}"


def _folder() -> Path:
    return frozen_folder(current_app.config["SETTINGS"].instance)
