"""`tracker profile`: the saved ways of reading other programs' tables."""

from __future__ import annotations

import shlex

import click

from tracker.cli import main
from tracker.cli.running import now, with_app
from tracker.intake.reading import Reading
from tracker.models import db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.profiles import find_profile, profiles_of, remove_profile
from tracker.operations.refused import Refused


@main.group()
def profile() -> None:
    """Saved ways of reading other programs' tables."""


@profile.command("list")
@with_app
def list_profiles() -> None:
    """Every saved profile: its name, what it reads, and how many columns it knows."""
    found = profiles_of(db.session())
    if not found:
        click.echo("No profile is saved yet. Import a table with --map and --save-profile NAME.")
    for each in found:
        click.echo(f"{each.name}  {each.kind}  {len(each.reading['columns'])} columns")


@profile.command()
@click.argument("name")
@with_app
def show(name: str) -> None:
    """How the profile NAME reads a file, as the options of an import."""
    found = find_profile(db.session(), name)
    if found is None:
        known = ", ".join(each.name for each in profiles_of(db.session())) or "none yet"
        raise Refused("unknown_profile", f"There is no saved profile {name!r}. There are: {known}.")
    click.echo(f"{found.name}, for {found.kind}, made for the headings: {', '.join(found.headers)}")
    for option in _options(Reading.from_json(found.reading)):
        click.echo(f"  {option}")


@profile.command()
@click.argument("name")
@with_app
def remove(name: str) -> None:
    """Forget the profile NAME. What was imported by it stays."""
    with writing() as session:
        remove_profile(session, name, OPERATOR, now())
    click.echo(f"The profile {name} is removed.")


def _options(reading: Reading) -> list[str]:
    said = [f"--map {shlex.quote(f'{field}={column}')}" for field, column in reading.columns.items()]
    said += [f"--set {shlex.quote(f'{field}={value}')}" for field, value in reading.constants.items()]
    for field, words in reading.values.items():
        said += [f"--value {shlex.quote(f'{field}:{text}={value}')}" for text, value in words.items()]
    said += [f"--date-order {reading.date_order}"] if reading.date_order else []
    said += [f"--time-zone {shlex.quote(reading.time_zone)}"] if reading.time_zone else []
    said += [f"--assurance {reading.assurance.word}"] if reading.assurance else []
    return said
