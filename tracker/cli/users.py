"""`tracker user`: who signs in."""

from __future__ import annotations

import sys

import click
from sqlalchemy.orm import Session

from tracker.cli import main
from tracker.cli.running import today, with_app
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Role
from tracker.models import Unit, writing
from tracker.operations.accounts import add_user, find_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import generated_password
from tracker.operations.refused import Refused


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
        held_in = _unit(session, unit)
        is_new = find_user(session, email) is None
        generated = generated_password() if is_new and given is None else None
        added = add_user(
            session,
            email,
            Role(role),
            held_in,
            _member_id(session, member),
            OPERATOR,
            today(),
            given if given is not None else generated,
        )
    where = f" in {held_in.title}" if held_in else ""
    click.echo(f"{added.email} is {role}{where}.")
    if generated is not None:
        click.echo(f"Password, shown this once: {generated}")


def _unit(session: Session, number: str | None) -> Unit | None:
    if number is None:
        return None
    unit = find_unit(session, number)
    if unit is None:
        raise Refused("unknown_unit", f"No unit is known as {number!r}.", field="unit")
    return unit


def _member_id(session: Session, text: str | None) -> int | None:
    if text is None:
        return None
    member = find_member(session, text)
    if member is None:
        raise Refused("unknown_member", f"No one member is known as {text!r}.", field="member")
    return member.member_id
