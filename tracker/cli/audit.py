"""`tracker audit`: whether the trail still holds what was written into it, sealing what waits, and the trail as a file."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO

import click
from flask import current_app
from sqlalchemy import func, select

from tracker.access.trail import COLUMNS, Asked, trail_count, trail_rows
from tracker.cli import main
from tracker.cli.naming import unit_named
from tracker.cli.running import DAY, now, with_app, with_bar
from tracker.cli.sealing import note, seal_all
from tracker.config import Settings
from tracker.coverage.chain import Head, Verdict, verify_chain
from tracker.coverage.exports import safe_text
from tracker.coverage.finding import find_member
from tracker.models import IMPORTS_PATIENCE, AuditEntry, AuditSeal, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit as write_down
from tracker.operations.audit_heads import heads_file, kept_heads
from tracker.operations.refused import Refused

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.IGNORECASE)


@main.group()
def audit() -> None:
    """The audit trail: who did what, and whether anybody tampered with it."""


@audit.command()
@with_app
def seal() -> None:
    """Seal the entries that wait for it, and note the chain's end in the instance folder. A worker does it by itself."""
    sealed = _seal()
    click.echo(f"Sealed {sealed} {'entry' if sealed == 1 else 'entries'}.")


@audit.command()
@click.option("--no-seal", is_flag=True, help="Change nothing: entries that wait for their seal go on waiting.")
@click.option("--expect", metavar="POSITION:HASH", multiple=True, help="A head of the chain that was kept elsewhere.")
@with_app
def verify(no_seal: bool, expect: tuple[str, ...]) -> None:
    """Find whatever of the trail was changed, removed, swapped or slipped in. Exit 1 if anything was.

    The heads that were noted in the instance folder (audit-heads) are compared as well. Who controls the server controls
    them too: a head that was written down elsewhere (--expect) is beyond them.
    """
    expected = [_head(each) for each in expect]
    file = heads_file(_settings().instance)
    noted, unreadable = kept_heads(file)  # before the chain is read, which only grows
    if not no_seal:
        late = _seal_late()
        if late:
            click.echo(f"{late} of the entries sealed only now had waited for more than an hour.")
    session = db.session()
    rows = session.scalar(select(func.count()).select_from(AuditSeal)) or 0
    found = _verified([*noted, *expected], rows)
    for line in unreadable:
        found.find(f"line {line} of {file.name} cannot be read: it is no head of a chain")
    for fault in found.faults:
        click.echo(f"wrong: {fault.words}")
    if found.more:
        click.echo(f"wrong: {found.more} more")
    _tell(found, len(noted) + len(expected))
    if not found.holds:
        count = len(found.faults) + found.more
        raise Refused(
            "trail_broken",
            f"The audit trail is not as it was sealed: {count} {'fault' if count == 1 else 'faults'}. If the database was "
            f"brought back from a backup, {file.name} may tell of a later day: set that file aside once you know.",
        )


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--form", type=click.Choice(["csv", "jsonl"]), help="By default what the file's name ends in; else csv.")
@click.option("--from", "since", type=DAY, help="The first day, in the zone of the settings.")
@click.option("--until", type=DAY, help="The last day.")
@click.option("--actor", default="", help="Who did it: an e-mail address, or a role such as operator.")
@click.option("--person", help="About whom: a member number or e-mail address.")
@click.option("--batch", type=click.IntRange(1), help="An import, by its number.")
@click.option("--unit", help="A unit, and all under it.")
@click.option("--action", default="", help="What was done, by its code, such as open_record.")
@with_app
def export(
    file: Path,
    form: str | None,
    since: date | None,
    until: date | None,
    actor: str,
    person: str | None,
    batch: int | None,
    unit: str | None,
    action: str,
) -> None:
    """Write the trail into FILE (- for the terminal), the earliest first, as CSV or JSON lines."""
    member = find_member(db.session(), person) if person else None
    if person and member is None:
        raise Refused("unknown_member", f"No one member is known as {person!r}.")
    asked = Asked(
        member_id=member.member_id if member else None,
        actor=actor.strip(),
        action=action.strip(),
        batch_id=batch,
        unit_id=unit_named(db.session(), unit).id if unit else None,
        since=_beginning(since) if since else None,
        until=_beginning(until + timedelta(days=1)) if until else None,
    )
    form = form or ("jsonl" if file.suffix in (".jsonl", ".ndjson") else "csv")
    moment = now()
    told = replace(asked, until=min(asked.until or moment, moment))  # not this very export
    count = trail_count(db.session(), told)
    with _opened(file) as out:
        with writing() as session:
            detail = {"asked": asked.as_json(), "form": form, "rows": count}
            write_down(session, OPERATOR, "export_audit", object_kind="audit_entry", detail=detail, at=moment)
        rows = with_bar("Writing", trail_rows(db.session(), told), count)
        written = _write_lines(out, rows) if form == "jsonl" else _write_csv(out, rows)
    click.echo(f"Wrote {written} {'entry' if written == 1 else 'entries'}.", err=True)


def _seal() -> int:
    """Everything that waits, however long it takes."""
    sealed, moment = 0, now()
    while done := seal_all(moment, all_of=True, patience=IMPORTS_PATIENCE):
        sealed += done
    note(_settings(), moment)
    return sealed


def _seal_late() -> int:
    """Seal all; how many of it had waited for more than an hour."""
    session = db.session()
    unsealed = select(func.count()).select_from(AuditEntry).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    is_late = AuditEntry.at < now() - timedelta(hours=1)
    late = session.scalar(unsealed.where(AuditSeal.entry_id.is_(None), is_late)) or 0
    _seal()
    return late


def _verified(heads: list[Head], rows: int) -> Verdict:
    """The verdict, with a bar on a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=rows, label="Verifying", file=sys.stderr, hidden=hidden) as bar:
        return verify_chain(db.session(), heads=heads, now=now(), progress=bar.update)


def _tell(found: Verdict, heads: int) -> None:
    click.echo(
        f"{found.sealed} sealed, {found.waiting} waiting, {found.erased} with erased details. Heads compared: {heads}."
    )
    if found.late:
        click.echo(f"{found.late} were sealed more than an hour after their own moment: written down late, or long imports.")
    if found.head is not None:
        click.echo(f"Head: {found.head.position}:{found.head.hash}")


def _head(written: str) -> Head:
    match = _HEAD.fullmatch(written.strip())
    if match is None:
        raise click.BadParameter(
            f"{written!r} is no head: write it as 1042:9f2c…, with all of its 64 signs", param_hint="--expect"
        )
    return Head(int(match[1]), match[2].lower(), now())


def _beginning(on: date) -> datetime:
    return datetime.combine(on, time.min, _settings().time_zone).astimezone(UTC)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    """Where to write: a new file for this user alone, or the terminal."""
    if str(file) == "-":
        yield sys.stdout
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused("unwritable_file", f"{file} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        yield out


def _write_csv(out: TextIO, rows: Iterable[tuple[Any, ...]]) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([safe_text(each) if isinstance(each, str) else each for each in row])
        count += 1
    return count


def _write_lines(out: TextIO, rows: Iterable[tuple[Any, ...]]) -> int:
    place, count = COLUMNS.index("detail"), 0
    for row in rows:
        said = dict(zip(COLUMNS, row, strict=True))
        said["detail"] = json.loads(row[place]) if row[place] else {}
        out.write(json.dumps(said) + "\n")
        count += 1
    return count
