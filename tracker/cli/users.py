"""`tracker user`: who signs in, and as what."""

from __future__ import annotations

import sys
from datetime import date

import click
from flask import current_app
from sqlalchemy.orm import Session

from tracker.access.listing import every_user, units_of
from tracker.cli import main
from tracker.cli.naming import member_named, unit_named
from tracker.cli.running import DAY, now, today, with_app
from tracker.config import Settings
from tracker.curriculum.words import Role
from tracker.models import RoleGrant, Unit, User, db, writing
from tracker.operations.accounts import add_user, end_role, find_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import generated_password
from tracker.operations.refused import Refused
from tracker.operations.second_factor import reset_factor

_ROLES = click.Choice([role.value for role in Role])


@main.group()
def user() -> None:
    """Sign-ins and their roles."""


@user.command()
@click.argument("email")
@click.option("--role", required=True, type=_ROLES, help="What they may do.")
@click.option("--unit", help="The local or district an officer's role is held in.")
@click.option("--member", help="Whose own record it is: a member number or an e-mail address.")
@click.option("--from", "from_on", type=DAY, help="The role's first day. If not given, it is today.")
@click.option("--until", "until_on", type=DAY, help="The first day on which it is held no more. If not given, it stays.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@with_app
def add(
    email: str,
    role: str,
    unit: str | None,
    member: str | None,
    from_on: date | None,
    until_on: date | None,
    password_stdin: bool,
) -> None:
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
            from_on=from_on,
            until_on=until_on,
            now=now(),
        )
    where = f" in {held_in.title}" if held_in else ""
    click.echo(f"{added.email} is {role}{where}{_days(from_on, until_on, today())}.")
    if generated is not None:
        click.echo(f"Password, shown this once: {generated}")
    if is_new:
        _say_how_to_sign_in()


@user.command("list")
@click.option("--role", type=_ROLES, help="Only those who hold this role, or will.")
@click.option("--unit", help="Only those who hold a role in this local or district, or will.")
@click.option("--ended", is_flag=True, help="Name roles that have ended too.")
@with_app
def list_users(role: str | None, unit: str | None, ended: bool) -> None:
    """Who signs in, with which roles on which days."""
    session, day = db.session(), today()
    held_in = unit_named(session, unit) if unit else None
    everyone = every_user(session)
    units = units_of(session, everyone)
    shown = 0
    for each in everyone:
        grants = [grant for grant in each.grants if ended or grant.until_on is None or grant.until_on > day]
        if (role and all(grant.role != role for grant in grants)) or (
            held_in and all(grant.unit_id != held_in.id for grant in grants)
        ):
            continue
        shown += 1
        click.echo(f"{each.email}{_state(each)}")
        for grant in sorted(grants, key=lambda one: (one.from_on, one.id)):
            click.echo(f"  {_role(grant, units)}{_days(grant.from_on, grant.until_on, day)}")
        if not grants:
            click.echo("  no role")
    click.echo(f"{shown:,} sign-in{'' if shown == 1 else 's'}.", err=True)
    if not everyone:
        click.echo("Make the first: tracker user add you@example.org --role admin", err=True)


@user.command()
@click.argument("email")
@click.option("--role", required=True, type=_ROLES, help="Which role ends.")
@click.option("--unit", help="The local or district it is held in.")
@click.option("--on", type=DAY, help="The first day on which it is held no more. If not given, it ends at once.")
@with_app
def end(email: str, role: str, unit: str | None, on: date | None) -> None:
    """End a role of EMAIL. What they recorded stays; to undo it, add the role again."""
    with writing() as session:
        held_in = unit_named(session, unit) if unit else None
        grant = _grant_named(_user_named(session, email), Role(role), held_in, on or today())
        end_role(session, grant, OPERATOR, today(), on, now=now())
    where = f" in {held_in.title}" if held_in else ""
    click.echo(f"{email} is {role}{where} no more{f' from {on} on' if on and on > today() else ''}.")


@user.command("reset-factor")
@click.argument("email")
@with_app
def reset_second_factor(email: str) -> None:
    """Take away EMAIL's second factor, for someone who lost it. They are told by mail, and can set up another."""
    with writing() as session:
        reset_factor(session, _user_named(session, email), OPERATOR, now())
    click.echo(f"{email} signs in without a code now, and every session of theirs has ended.")


def _user_named(session: Session, email: str) -> User:
    found = find_user(session, email)
    if found is None:
        raise Refused("unknown_user", f"Nobody signs in as {email}: `tracker user list` names everyone.")
    return found


def _grant_named(found: User, role: Role, unit: Unit | None, day: date) -> RoleGrant:
    """The role that is held on that day, or failing that the next."""
    unit_id = unit.id if unit else None
    same = [grant for grant in found.grants if grant.role is role and (grant.unit_id == unit_id or unit is None)]
    open_ones = [grant for grant in same if grant.until_on is None or grant.until_on > day]
    if not open_ones:
        said = f"{role.value} in {unit.title}" if unit else role.value
        raise Refused("unknown_role", f"{found.email} is not {said}: `tracker user list` names their roles.")
    if len({grant.unit_id for grant in open_ones}) > 1:
        raise Refused("unit_missing", f"{found.email} is {role.value} in several units: name one with --unit.")
    return min(open_ones, key=lambda grant: grant.from_on)


def _role(grant: RoleGrant, units: dict[int, Unit]) -> str:
    unit = units.get(grant.unit_id) if grant.unit_id is not None else None
    return f"{grant.role.value} in {unit.title}" if unit else grant.role.value


def _days(from_on: date | None, until_on: date | None, day: date) -> str:
    """ ", from 2026-03-01, until 2026-09-01", as far as it is not simply from now on."""
    begins = f", from {from_on}" if from_on and from_on > day else ""
    ends = f", until {until_on}" if until_on and until_on > day else f", ended {until_on}" if until_on else ""
    return f"{begins}{ends}"


def _state(found: User) -> str:
    how = "password" if found.password_hash else "no password"
    return f"  {how}" if found.is_active else "  suspended"


def _say_how_to_sign_in() -> None:
    """Where, and whether a link by mail will do instead."""
    settings: Settings = current_app.config["SETTINGS"]
    where = f"{settings.url}/login" if settings.url else "/login on the address that the pages are served on"
    by_link = " Or without a password, by a link that is sent to their address." if settings.offers_links else ""
    click.echo(f"They sign in at {where}.{by_link}")
