"""`tracker waiting`, `tracker merge`: who reported learners are, which courses, and members who are one person."""

from __future__ import annotations

import click

from tracker.cli import main
from tracker.cli.naming import member_named
from tracker.cli.running import now, today, with_app
from tracker.coverage.catalogue import find_course
from tracker.coverage.desk.candidates import candidates_of
from tracker.coverage.desk.courses import WaitingCourse, courses_page
from tracker.coverage.desk.learners import WaitingLearner, learners_page
from tracker.models import db, trying, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.merging import merge_members
from tracker.operations.recognising import ignore_course, map_course, recognise_learner, set_learner_aside

_learner = click.argument("learner", metavar="LEARNER")
_course = click.argument("name", metavar="COURSE")


@main.group()
def waiting() -> None:
    """What reports named and nobody here knows. LEARNER and COURSE are what `list` shows first on a line."""


@waiting.command("list")
@click.option("--courses", "only_courses", is_flag=True, help="The unknown courses.")
@with_app
def list_waiting(only_courses: bool) -> None:
    """Learners who wait, each with the members they may be; or courses."""
    after: int | None = None
    while True:
        page = courses_page(db.session(), "", after) if only_courses else learners_page(db.session(), "", after)
        learners = [each for each in page.rows if isinstance(each, WaitingLearner)]
        candidates = candidates_of(db.session(), learners, today())
        for each in page.rows:
            if isinstance(each, WaitingCourse):
                click.echo(f"{each.name}  {each.rows} rows  {each.title}: {each.reason}")
                for likely in each.likely:
                    click.echo(f"    perhaps {likely.course.code}: {likely.course.title}")
                continue
            said = dict.fromkeys((each.name, *each.all("email"), *each.all("provider_id"), *each.all("number")))
            click.echo(f"{each.key}  {each.rows} rows  {', '.join(said)}")
            for candidate in candidates[each.key]:
                click.echo(f"    {candidate.member.number} {candidate.member.name}: {'; '.join(candidate.reasons)}")
        if page.next_key is None:
            return
        after = int(page.next_key)


@waiting.command()
@_learner
@click.argument("member")
@with_app
def confirm(learner: str, member: str) -> None:
    """Say that LEARNER is MEMBER, by number or e-mail."""
    with writing() as session:
        found = member_named(session, member)
        done = recognise_learner(session, learner, found, OPERATOR, today=today(), now=now())
        name = found.name
    click.echo(
        f"{done.recorded} recorded for {name}, {done.known} known already, {done.waiting} still wait for their course."
    )
    if done.taught:
        click.echo(f"Later reports find {name} by {', '.join(done.taught)}.")
    for each in done.untaught:
        click.echo(f"Not remembered: {each}.")


@waiting.command("not-ours")
@_learner
@with_app
def not_ours(learner: str) -> None:
    """Say that LEARNER is not one of ours."""
    with writing() as session:
        rows = set_learner_aside(session, learner, OPERATOR, now=now())
    click.echo(f"{rows} rows are set aside, and later reports of them too.")


@waiting.command("map")
@_course
@click.argument("code")
@with_app
def map_to(name: str, code: str) -> None:
    """Say that COURSE is the course of that CODE."""
    with writing() as session:
        done = map_course(session, name, find_course(session, code), OPERATOR, today=today(), now=now())
    click.echo(f"{done.recorded} recorded, {done.known} known already, {done.waiting} still wait for their learner.")


@waiting.command()
@_course
@with_app
def ignore(name: str) -> None:
    """Say that COURSE is none of ours."""
    with writing() as session:
        rows = ignore_course(session, name, OPERATOR, now=now())
    click.echo(f"{rows} rows are set aside, and later reports of it too.")


@main.command()
@click.argument("keep")
@click.argument("gone")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@with_app
def merge(keep: str, gone: str, dry_run: bool) -> None:
    """Make two members one: everything of GONE is KEEP's from now on. `tracker batch undo` makes them two again."""
    with trying(dry_run, alone=False) as session:
        members = [member_named(session, each) for each in (keep, gone)]
        names = [f"{member.name} ({member.number})" for member in members]
        done = merge_members(session, members[0], members[1], OPERATOR, today=today(), now=now())
    if dry_run:
        click.echo("Nothing was written. It would be:")
    else:
        click.echo(f"Batch {done.batch_id}")
    click.echo(f"{names[1]} is {names[0]} from now on.")
    for table, count in done.moved.items():
        if count or done.together[table]:
            click.echo(f"  {table.replace('_', ' ')}: {count} moved, {done.together[table]} that both had")
    if done.settled:
        click.echo(f"{done.settled} waiting completions found them.")
    for sentence in done.sign_ins:
        click.echo(sentence)
