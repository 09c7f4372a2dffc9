"""`tracker catalogue simulate`: what a change of the catalogue would do to people, before it is published."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click
from flask import current_app

from tracker.cli.catalogue import catalogue, read_catalogue_file, the_catalogue
from tracker.cli.naming import path_named
from tracker.cli.running import now, today, with_app, with_bar
from tracker.coverage.derivation import NothingApplied
from tracker.coverage.exports import document_csv
from tracker.coverage.simulating import (
    Members,
    PathChange,
    Simulation,
    Watch,
    locals_table,
    simulate,
    simulation_document,
)
from tracker.curriculum.catalogue import Catalogue, CatalogueFaults, read_catalogue
from tracker.curriculum.paths import ChangePolicy
from tracker.curriculum.words import Assurance
from tracker.intake.progress import Telling, hold
from tracker.intake.simulations import (
    RefusedTrial,
    keep_found,
    keep_refusal,
    text_on_trial,
)
from tracker.models import db
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.refused import Refused
from tracker.operations.simulating import tried_catalogue

_FLOORS = click.Choice([each.word for each in Assurance])


@catalogue.command("simulate")
@the_catalogue
@click.option("--path", help="Only this path.")
@click.option("--floor", type=_FLOORS, default=Assurance.REVIEWED.word, show_default=True, help="Least assurance.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@click.option("--by", type=click.Choice(["policy", "local"]), default="policy", show_default=True, help="Rows of the CSV.")
@with_app
def simulate_file(file: Path | None, path: str | None, floor: str, form: str, by: str) -> None:
    """Say what a new version would do under each change policy: who turns incomplete, who is kept, which locals fall below
    their target. Nothing is written, and nobody waits."""
    found, _ = _simulated(read_catalogue_file(file)[0], Assurance.from_word(floor), with_bar)
    if path is not None:
        its_id = path_named(db.session(), path).id
        found.paths = [each for each in found.paths if each.path_id == its_id]
        found.edited = [each for each in found.edited if each.path_id == its_id]
    if form == "csv":
        click.echo(document_csv(simulation_document(found, locals_table(found) if by == "local" else None)), nl=False)
        return
    _say(found)


@catalogue.command("try", hidden=True)
@click.argument("trial_id", type=int)
@click.option("--lock", type=int, help="The open file that holds the trial's lock, where it was inherited.")
@with_app
def try_text(trial_id: int, lock: int | None) -> None:
    """Try a catalogue that was given to a page, in a process of its own."""
    folder: Path = current_app.config["SETTINGS"].instance / "simulations"
    held = hold(folder, trial_id) if lock is None else lock
    if held is None:
        raise Refused("job_running", f"The trial {trial_id} is being worked on already.")
    try:
        _try(folder, trial_id)
    finally:
        os.close(held)


def _try(folder: Path, trial_id: int) -> None:
    kept = text_on_trial(folder, trial_id)
    if kept is None:
        raise Refused("unknown_job", f"There is no trial {trial_id}.")
    text, asked = kept
    try:
        found, members = _simulated(
            read_catalogue(text, asked.name), Assurance.from_word(asked.floor), Telling(folder, trial_id)
        )
    except CatalogueFaults as broken:
        keep_refusal(folder, trial_id, RefusedTrial(f"{asked.name} has faults.", broken.lines()))
    except NothingApplied as nothing:
        keep_refusal(folder, trial_id, RefusedTrial(str(nothing), []))
    except Refused as refusal:
        keep_refusal(folder, trial_id, RefusedTrial(refusal.message, [str(fault) for fault in refusal.faults]))
    except DATABASE_ERRORS as error:
        with suppress(OSError):
            keep_refusal(folder, trial_id, RefusedTrial(in_words(error) or "The database refused something.", []))
        raise
    else:
        keep_found(folder, trial_id, found, members)


def _simulated(found: Catalogue, floor: Assurance, watch: Watch) -> tuple[Simulation, Members]:
    session, day, moment = db.session(), today(), now()
    tried = tried_catalogue(session, found, today=day, now=moment)
    return simulate(session, tried, floor=floor, today=day, now=moment, watch=watch)


def _say(found: Simulation) -> None:
    for change in found.changes:
        click.echo(f"  {change}")
    for path in found.paths:
        _say_path(path)
    for each in found.edited:
        click.echo(
            f"Edited courses, path {each.code}: {each.gained} become complete, {each.lost} are no longer complete,"
            f" {each.other} change otherwise, under every policy"
        )
    if not found.paths and not found.edited:
        click.echo("No path has a new version, and no course is worth something else: nobody's state changes.")
    if found.adds_courses:
        click.echo(
            "Completions that wait for a course the file adds are not counted here: `tracker catalogue diff` counts them."
        )
    click.echo(f"{found.members} members looked at, floor: {found.floor.word}. Nothing was written.")


def _say_path(path: PathChange) -> None:
    stated = (
        f"the file says {path.stated.value}" if path.stated else "the file does not say yet what happens to the assigned"
    )
    click.echo(f"\nPath {path.code}, version {path.version_before} → {path.version_after}: {stated}")
    head = ("policy", "day", "assigned", "turn incomplete", "in scope", "kept", "become complete", "below target")
    rows = []
    for policy in ChangePolicy:
        for day in path.days:
            told = path.outcome(policy, day)
            fallen = len(told.below(path.target))
            numbers = (told.assigned, told.lost, told.lost_in_scope, told.kept, told.gained, fallen)
            rows.append((policy.value, day.isoformat(), *(f"{number:,}" for number in numbers)))
    _aligned(head, rows)
    for outcome in path.outcomes:
        if below := outcome.below(path.target):
            listed = ", ".join(each.number for each in below)
            click.echo(f"  Under {outcome.policy.value}, on {outcome.day}, these fall below target: {listed}")


def _aligned(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  " + "  ".join(cells).rstrip())
