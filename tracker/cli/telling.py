"""What every import tells at its end, and where its file is kept."""

from __future__ import annotations

from typing import BinaryIO

import click
from flask import current_app

from tracker.intake.imports import Imported
from tracker.intake.originals import keep_original

_MOST_SHOWN = 5


def keep(stream: BinaryIO) -> None:
    """Keep the file itself, for as long as originals are kept."""
    keep_original(current_app.config["SETTINGS"].instance / "imports", stream)


def say_imported(imported: Imported, dry_run: bool) -> None:
    """Columns not kept, faults, what would wait, and last the line of counts."""
    if imported.dropped:
        click.echo(f"Columns not kept: {', '.join(imported.dropped)}.")
    for fault in imported.faults:
        click.echo(str(fault), err=True)
    if imported.faults_in_all > len(imported.faults):
        click.echo(f"… and {imported.faults_in_all - len(imported.faults):,} further faults.", err=True)
    for reason, row in imported.waiting[:_MOST_SHOWN]:
        learner = row.member_number or row.provider_id or row.email or row.learner_name
        click.echo(f"line {row.line} would wait, {reason.value}: {learner} · {row.course} · {row.completed_on}")
    if imported.set_aside:
        click.echo(f"{imported.set_aside:,} of the unmatched were set aside before: none of ours.")
    if imported.closed and imported.kind == "accounts":
        click.echo(f"{imported.closed:,} accounts are not in the list and count as closed.")
    if imported.kept_open:
        click.echo(
            f"{imported.kept_open:,} accounts are not in the list, but an unplaced row may be theirs: they stay open."
        )
    if imported.no_renewal:
        click.echo(imported.no_renewal)
    if dry_run:
        click.echo("Nothing was written. It would be:")
    else:
        click.echo(f"Batch {imported.batch_id}, {imported.rows} rows:")
    click.echo(imported.summary)
