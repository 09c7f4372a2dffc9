"""`tracker backup` and `tracker restore`."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click
import flask_migrate
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text

from tracker.cli import main
from tracker.cli.keeping.databases import Clients
from tracker.cli.keeping.restoring import (
    Place,
    end_restore,
    note_restore,
    noted_of,
    only_restore,
    opened_backup,
    refuse_unless_empty,
    restore,
)
from tracker.cli.keeping.taking import Taken, take_backup
from tracker.cli.running import now, read_text, the_file, today, with_app
from tracker.config import shipped
from tracker.models import Busy, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit
from tracker.operations.erasing import erased_lines, erasures_file, keep_erasures, readable_lines, reapply_erasures
from tracker.operations.errands import BACKUP, end_errand
from tracker.operations.refused import Refused

_APART = (
    "Not in it: SECRET_KEY and the other settings. Keep them elsewhere: "
    "without the same SECRET_KEY nobody's second factor works."
)
_SHOWN = 5  # names of one kind
_INCOMPLETE = 3  # the exit code of a backup that is there, but without what it should hold
_TOLD = ("member", "membership", "completion", "evidence", "user_account", "audit_entry")

_pg_bin = click.option(
    "--pg-bin",
    envvar="TRACKER_PG_BIN",
    type=click.Path(path_type=Path),
    help="In which folder pg_dump and pg_restore lie; the PATH if not given.",
)


@main.command("backup")
@the_file
@click.option("--check", is_flag=True, help="Read a backup that was taken, every byte, and change nothing.")
@_pg_bin
@with_app
def back_up(file: Path, check: bool, pg_bin: Path | None) -> None:
    """Keep everything that matters in one new FILE, while others go on to work; or --check one.

    Exit 3 if files of evidence were missing: the backup is there, without them.
    """
    if check:
        with opened_backup(file) as backup:
            click.echo(f"Whole: taken at {backup.about['taken_at']} by {backup.about['program']}, {backup.about['engine']}.")
            _tell(backup.about["rows"], backup.about["files"] - 1)
        _end_incomplete(backup.about.get("missing", 0))
        return
    settings = current_app.config["SETTINGS"]
    moment = now()
    with _ended_in_order():
        taken = take_backup(db.engine, settings.instance, file, Clients(pg_bin), moment)
    click.echo(f"{file}: {taken.size / 1e6:,.1f} MB. SHA-256 of its manifest: {taken.sha256}")
    _tell(taken.rows, taken.files)
    click.echo(_APART)
    _note(taken)
    _name("Left out, for it is none of the tracker's", taken.strays)
    _name("Missing, or not as it was sent", [f"evidence/{each[:2]}/{each}" for each in taken.missing])
    _end_incomplete(len(taken.missing))


@main.command("restore")
@the_file
@click.option("--erasures", type=click.Path(path_type=Path), help="A newer list of erasures, which are done anew.")
@_pg_bin
@with_app
def bring_back(file: Path, erasures: Path | None, pg_bin: Path | None) -> None:
    """Bring a backup back into an empty database and an empty instance folder."""
    settings = current_app.config["SETTINGS"]
    lines = _lines(erasures) if erasures else []
    place = Place(db.engine, settings.instance, Clients(pg_bin), _revisions(), _upgrade, _undo)
    with _ended_in_order(), only_restore(place):
        refuse_unless_empty(place)  # said at once, before a long file is read
        with opened_backup(file) as backup:
            restore(backup, place, lines)
            about, noted = backup.about, noted_of(backup)
        db.engine.dispose()
        lines_file = erasures_file(settings.instance)
        with writing(alone=True) as session:
            note_restore(session, noted, now())
            count = reapply_erasures(session, readable_lines(lines_file), now(), today())
        with suppress(ValueError):  # a line that cannot be read: the doctor tells of it
            keep_erasures(db.session(), lines_file)
        end_restore(settings.instance)
    click.echo(f"Restored as it was at {about['taken_at']}.")
    _tell(about["rows"], about["files"] - 1)
    if count:
        click.echo(f"{count} members were erased anew.")
    if missing := about.get("missing", 0):
        click.echo(f"{_said_missing(missing)}: it was taken without them.", err=True)
    click.echo("Now run `tracker doctor` and `tracker audit verify`. Then start the servers, with the SECRET_KEY of before.")


def _lines(erasures: Path) -> list[str]:
    lines = read_text(erasures).splitlines()
    try:
        erased_lines(lines)
    except ValueError as error:
        raise Refused("no_erasures", f"{erasures} is no list of erasures: {error}. Nothing was restored.") from None
    return lines


def _tell(rows: dict[str, int], files: int) -> None:
    told = ", ".join(f"{rows[name]:,} {name}" for name in _TOLD if name in rows)
    click.echo(f"{sum(rows.values()):,} rows in {len(rows)} tables ({told}); {files:,} files.")


def _name(what: str, names: Sequence[str]) -> None:
    for name in names[:_SHOWN]:
        click.echo(f"{what}: {name!r}", err=True)
    if len(names) > _SHOWN:
        click.echo(f"{what}: {len(names) - _SHOWN:,} more", err=True)


def _said_missing(count: int) -> str:
    return f"{count:,} file{' is' if count == 1 else 's are'} missing that the database names as evidence"


def _end_incomplete(missing: int) -> None:
    """Say that the backup is there but evidence was missing, so that whoever watches sees it."""
    if missing:
        click.echo(
            f"{_said_missing(missing)}: the backup is whole but for them. Look whether their disk is there, and bring them "
            "back from an older backup.",
            err=True,
        )
        click.get_current_context().exit(_INCOMPLETE)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM and a terminal that is gone end it by an exception, so that what is half written does not stay."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # under nohup one of them is ignored, and stays so
    told = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in told:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in told:
            signal.signal(number, signal.SIG_DFL)


def _note(taken: Taken) -> None:
    """Keep in the trail that a copy of everything was made, and tell whoever watches."""
    outcome = {"bytes": taken.size, "files": taken.files, "rows": sum(taken.rows.values()), "missing": len(taken.missing)}
    moment, failure = now(), f"{_said_missing(len(taken.missing))}." if taken.missing else ""
    try:
        with writing(patience=60) as session:
            audit(
                session,
                OPERATOR,
                "take_backup",
                object_kind="backup",
                detail={"manifest": taken.sha256, **outcome},
                at=moment,
            )
            end_errand(session, BACKUP, moment, outcome, failure)
    except Busy:
        click.echo("The backup is whole. That it was taken could not be noted, for an import is being recorded.", err=True)


def _revisions() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory(str(shipped("migrations"))).walk_revisions())


def _upgrade(address: str) -> None:
    from tracker import create_app

    app = create_app(replace(current_app.config["SETTINGS"], database_url=address))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


def _undo() -> None:
    db.session.remove()
    flask_migrate.downgrade(revision="base")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    db.engine.dispose()
