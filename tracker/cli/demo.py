"""`tracker demo`: a union that does not exist, to look around in and to measure by."""

from __future__ import annotations

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.running import now, today, with_app, with_bar
from tracker.demonstration.building import build_demonstration, members_there
from tracker.models import db, writing

SMALL_UNION = 2_000
FOUNDED = 1893


@main.command()
@click.option(
    "--members", type=click.IntRange(min=1), default=SMALL_UNION, show_default=True, help="How many people the union has."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=FOUNDED, show_default=True, help="The same seed makes the same union."
)
@click.option("--once", is_flag=True, help="Do nothing where there are members already, instead of refusing.")
@with_app
def demo(members: int, seed: int, once: bool) -> None:
    """Fill an empty database with a demonstration union: real locals, invented people.

    In demonstration mode (TRACKER_DEMO=1) it makes the four demonstration sign-ins, too.
    """
    if once and (there := members_there(db.session())):
        click.echo(f"The union is there already, with {there:,} members; nothing was changed.")
        return
    settings = current_app.config["SETTINGS"]
    with writing(alone=True) as session:
        built = build_demonstration(session, settings, members=members, seed=seed, today=today(), now=now(), watch=with_bar)
    click.echo(f"{built.members:,} members with {built.cards:,} cards and {built.completions:,} completions.")
    if built.sign_ins:
        click.echo(f"Sign-ins: {', '.join(built.sign_ins)}.")
