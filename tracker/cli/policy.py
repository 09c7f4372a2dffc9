"""`tracker policy`: what the union has decided about counting, as reviewed text."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.running import now, read_text, today, with_app
from tracker.coverage.applied_texts import text_in_force
from tracker.coverage.priorities import crafts_on_no_card
from tracker.curriculum.changes import policy_changes
from tracker.curriculum.policy import Policy, PolicyFaults, read_policy
from tracker.models import trying
from tracker.operations.actor import OPERATOR
from tracker.operations.applied import apply_policy
from tracker.operations.refused import Refused
from tracker.operations.standings import rebuild

the_policy = click.argument("file", type=click.Path(path_type=Path), required=False)


@main.group()
def policy() -> None:
    """Whose status counts, days of warning, exposure to AI: from FILE (policy.yaml by default)."""


@policy.command()
@the_policy
@with_app
def check(file: Path | None) -> None:
    """Read the file and say everything that is wrong in it. Nothing is written."""
    _read(file)
    click.echo("No faults.")


@policy.command()
@the_policy
@with_app
def diff(file: Path | None) -> None:
    """Say what applying the file would change. Nothing is written."""
    _apply(file, dry_run=True)


@policy.command()
@the_policy
@with_app
def apply(file: Path | None) -> None:
    """Put the policy in force, and nothing else: the curriculum stays as it is."""
    _apply(file, dry_run=False)


def _read(file: Path | None) -> tuple[Policy, str]:
    file = file or current_app.config["SETTINGS"].policy_file
    text = read_text(file)
    try:
        return read_policy(text, file.name), text
    except PolicyFaults as broken:
        raise Refused("faulty_policy", f"{file.name} has faults; nothing was written.", faults=broken.lines()) from None


def _apply(file: Path | None, *, dry_run: bool) -> None:
    after, text = _read(file)
    with trying(dry_run) as session:
        before = text_in_force(session, "policy")
        changes = policy_changes(read_policy(before.content), after) if before is not None else ["the first policy"]
        restates = apply_policy(session, text, OPERATOR, now())
        if restates and not dry_run:
            rebuild(session, today())
        for change in changes:
            click.echo(f"  {change}")
        if not changes:
            click.echo("Nothing changes." if dry_run else "Nothing changed.")
        elif restates:
            click.echo(f"Every figure {'would be' if dry_run else 'was'} counted anew, past days too.")
        for craft, known in crafts_on_no_card(session, after.exposure):
            click.echo(f"note: the policy states the exposure of {craft!r}, which is on no membership card{known or '.'}")
