"""`tracker catalogue`: the curriculum as reviewed text."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.cli import main
from tracker.cli.running import now, read_text, today, with_app
from tracker.coverage.applied_texts import text_in_force
from tracker.coverage.priorities import crafts_on_no_card
from tracker.curriculum.catalogue import Catalogue, CatalogueFaults, read_catalogue
from tracker.curriculum.changes import policy_changes
from tracker.curriculum.policy import read_policy
from tracker.models import LearningPath, trying
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import CatalogueApplied, apply_catalogue
from tracker.operations.completions import settle_waiting
from tracker.operations.refused import Refused

the_catalogue = click.argument("file", type=click.Path(path_type=Path), required=False)


@main.group()
def catalogue() -> None:
    """Courses and learning paths, from FILE (courses.yaml by default)."""


@catalogue.command()
@the_catalogue
@with_app
def check(file: Path | None) -> None:
    """Read the file and say everything that is wrong in it. Nothing is written."""
    found, _ = read_catalogue_file(file)
    click.echo(f"No faults: {len(found.courses)} courses, {len(found.paths)} paths, {len(found.principles)} principles.")


@catalogue.command()
@the_catalogue
@with_app
def diff(file: Path | None) -> None:
    """Say what applying the file would change, and how many members change state. Nothing is written."""
    _apply(file, dry_run=True)


@catalogue.command()
@the_catalogue
@with_app
def apply(file: Path | None) -> None:
    """Make the curriculum what the file says. A changed path is a new version; nothing is deleted."""
    _apply(file, dry_run=False)


def read_catalogue_file(file: Path | None) -> tuple[Catalogue, str]:
    """The catalogue of a file (courses.yaml's, if None), and its text.

    Raises:
        Refused: ``faulty_catalogue``, ``unreadable_file``, ``not_text``.
    """
    file = file or current_app.config["SETTINGS"].courses_file
    text = read_text(file)
    try:
        return read_catalogue(text, file.name), text
    except CatalogueFaults as broken:
        raise Refused("faulty_catalogue", f"{file.name} has faults; nothing was written.", faults=broken.lines()) from None


def _apply(file: Path | None, *, dry_run: bool) -> None:
    found, text = read_catalogue_file(file)
    policy = read_text(current_app.config["SETTINGS"].policy_file)
    with trying(dry_run) as session:
        before = text_in_force(session, "policy")
        applied = apply_catalogue(session, found, text, policy, OPERATOR, today=today(), now=now())
        after = read_policy(policy)
        if before is not None:
            applied.changes += [f"policy: {change}" for change in policy_changes(read_policy(before.content), after)]
        settled = settle_waiting(session, today=today(), now=now()).outcomes.total() if applied.courses_added else 0
        _say(session, applied, dry_run)
        for craft, known in crafts_on_no_card(session, after.exposure):
            click.echo(f"note: the policy states the exposure of {craft!r}, which is on no membership card{known or '.'}")
    if settled:
        click.echo(f"{settled} waiting completions {'would find' if dry_run else 'found'} their course.")


def _say(session: Session, applied: CatalogueApplied, dry_run: bool) -> None:
    for change in applied.changes:
        click.echo(f"  {change}")
    if not applied.changes:
        click.echo("Nothing changes." if dry_run else "Nothing changed.")
        return
    states = applied.states
    titles = {path.id: path.code for path in session.scalars(select(LearningPath))}
    for path_id in sorted(states.gained | states.lost | states.other, key=lambda each: titles[each]):
        click.echo(
            f"  path {titles[path_id]}: {states.gained[path_id]} become complete, {states.lost[path_id]} are no longer"
            f" complete, {states.other[path_id]} change otherwise"
        )
    verb = "would change" if dry_run else "changed"
    click.echo(f"{len(applied.changes)} changes; {len(states.members)} members {verb} state.")
