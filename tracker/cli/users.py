"""`tracker user`: who signs in."""

from __future__ import annotations

import sys

import click

from tracker.cli import main
from tracker.cli.naming import member_named, unit_named
from tracker.cli.running import today, with_app
from tracker.curriculum.words import Role
from tracker.models import writing
from tracker.operations.accounts import add_user, find_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import generated_password


@main.group()
def user() -> None:
    """Sign-ins and their roles."""


@user.command()
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What they may do.")
@click.option("--unit", help="The local or district an officer's role is held in.")
@click.option("--member", help="Whose own record it is: a member number or an e-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@with_app
def add(email: str, role: str, unit: str | None, member: str | None, password_stdin: bool) -> None:
    """Give EMAIL a role, and a sign-in if it has none yet.

    A new sign-in gets a generated password, printed once, unless --password-stdin brings one.
    """
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with writing() as session:
        held_in = unit_named(session, unit) if unit else None
        is_new = find_user(session, email) is None
        generated = generated_password() if is_new and given is None else None
        added = add_user(
            session,
            email,
            Role(role),
            held_in,
            member_named(session, member).member_id if member else None,
            OPERATOR,
            today(),
            given if given is not None else generated,
        )
    where = f" in {held_in.title}" if held_in else ""
    click.echo(f"{added.email} is {role}{where}.")
    if generated is not None:
        click.echo(f"Password, shown this once: {generated}")
