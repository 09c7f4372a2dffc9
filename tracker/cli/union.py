"""`tracker union`: the union's units."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from sqlalchemy import select

from tracker.cli import main
from tracker.cli.running import now, read_file, read_text, today, with_app
from tracker.intake.units import read_units
from tracker.models import Unit, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.union import apply_units


@main.group()
def union() -> None:
    """The international, its districts and its locals."""


@union.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_app
def apply(file: Path) -> None:
    """Make the union's units what FILE says (columns: number,name,kind,parent,city,region,country,sector,time_zone)."""
    content = read_file(file)
    policy = read_text(current_app.config["SETTINGS"].policy_file)
    with writing(alone=True) as session:
        known = session.scalars(select(Unit.number)).all()
        rows = read_units(content, file.name, known)
        applied = apply_units(session, rows, content.decode("utf-8", "replace"), policy, OPERATOR, today=today(), now=now())
    click.echo(f"Units: {applied.added} added, {applied.changed} changed, {applied.unchanged} as before.")
