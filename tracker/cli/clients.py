"""`tracker client`, `tracker xapi`: programs and what they may do, and what waited for an import."""

from __future__ import annotations

from functools import partial

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.naming import unit_named
from tracker.cli.running import now, today, with_app
from tracker.config import Settings
from tracker.coverage.statements import client_lines, find_client
from tracker.curriculum.words import Role
from tracker.intake.xapi import meaning_of
from tracker.models import IMPORTS_PATIENCE, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import ROLES, add_client, revoke_client
from tracker.operations.refused import Refused
from tracker.operations.statements.receiving import settle_statements
from tracker.operations.statements.spool import drop, spool_folder, spooled
from tracker.operations.tokens import Scope

_AT_ONCE = 200


@main.group()
def client() -> None:
    """Programs that may send statements, such as LinkedIn Learning, or read and record through the API."""


@client.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=[Scope.STATEMENTS.value],
    show_default=True,
    help="What it may do; several may be given.",
)
@click.option("--role", type=click.Choice([role.value for role in ROLES]), help="Through which role it reads and records.")
@click.option("--unit", "number", default="", help="The local or district of an officer's role.")
@with_app
def add(name: str, scopes: tuple[str, ...], role: str | None, number: str) -> None:
    """Let a program NAME send statements, or read and record as one role allows. Its secret is printed this once."""
    with writing() as session:
        made = add_client(
            session,
            name,
            OPERATOR,
            now=now(),
            scopes=[Scope(each) for each in scopes],
            role=Role(role) if role else None,
            unit=unit_named(session, number) if number else None,
        )
    if made.client.role is None:
        click.echo(f"{made.client.name} may send statements.")
    else:
        click.echo(f"{made.client.name} may do this as {made.client.role.value}: {made.client.scopes}.")
    click.echo(f"Client id: {made.client.client_id}")
    click.echo(f"Client secret, shown this once: {made.secret}")


@client.command("list")
@with_app
def list_clients() -> None:
    """Every client, with how many statements it sent and what became of them."""
    lines = client_lines(db.session())
    for line in lines:
        since = f"since {line.client.created_at:%Y-%m-%d}"
        until = f", revoked {line.client.revoked_at:%Y-%m-%d}" if line.client.revoked_at else ""
        counts = ", ".join(f"{state} {count}" for state, count in line.counts.items()) or "no statements yet"
        click.echo(f"{line.client.client_id}  {line.client.name}  {line.client.scopes}  {since}{until}  {counts}")
    if not lines:
        click.echo("There is no client yet: `tracker client add NAME` makes one.")


@client.command()
@click.argument("client_id")
@with_app
def revoke(client_id: str) -> None:
    """Let the client of CLIENT_ID send nothing more. What it sent stays."""
    with writing() as session:
        found = find_client(session, client_id)
        if found is None:
            raise Refused("unknown_client", f"There is no client {client_id!r}: `tracker client list` names them.")
        revoke_client(session, found, OPERATOR, now=now())
    click.echo(f"{found.name} can send nothing more.")


@main.group()
def xapi() -> None:
    """Statements that programs sent."""


@xapi.command()
@with_app
def settle() -> None:
    """Record the statements that came while an import held the writers off. The server does it by itself as it runs."""
    settings: Settings = current_app.config["SETTINGS"]
    total, count = 0, _AT_ONCE
    while count == _AT_ONCE:
        files = spooled(spool_folder(settings.instance), _AT_ONCE)
        with writing(patience=IMPORTS_PATIENCE) as session:
            count = settle_statements(
                session, files, partial(meaning_of, zone=settings.time_zone), today=today(), now=now(), most=_AT_ONCE
            )
        drop(files)
        total, count = total + count, max(count, len(files))
    click.echo(f"{total} statement{'s' if total > 1 else ''} settled." if total else "Nothing was left to settle.")
