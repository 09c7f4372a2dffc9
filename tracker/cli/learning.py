"""`tracker assign`, `rules`, `exempt`, `unassign`, `log`, `void`, `completions list`: what is asked, and what was done."""

from __future__ import annotations

from datetime import date

import click
from sqlalchemy import select

from tracker.cli import main
from tracker.cli.imports import completions
from tracker.cli.naming import member_named, path_named, unit_named
from tracker.cli.running import DAY, now, today, with_app
from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.coverage.rules import asked_by, ended_rules, open_rules
from tracker.curriculum.words import AssignmentKind, Assurance, Leaving
from tracker.models import Completion, Course, db, trying, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import (
    NOT_COUNTED,
    Group,
    Plan,
    assign_path,
    end_assignment,
    exempt_member,
    nearest_crafts,
)
from tracker.operations.completions import STAFF_RECORDED, log_completion, void_completion
from tracker.operations.refused import Refused


@main.command()
@click.argument("path")
@click.option("--everyone", is_flag=True, help="Everyone.")
@click.option("--unit", "units", multiple=True, help="The cards in a unit. May be given again.")
@click.option("--craft", "crafts", multiple=True, help="The cards of a craft. May be given again.")
@click.option("--member", "members", multiple=True, help="A person, by number or e-mail. May be given again.")
@click.option("--kind", type=click.Choice([kind.value for kind in AssignmentKind]), default="required", show_default=True)
@click.option("--due", type=DAY, help="The last day.")
@click.option("--within", type=int, help="So many days from each one's first day.")
@click.option("--on", type=DAY, help="The first day; today if not given.")
@click.option(
    "--leaving",
    type=click.Choice([each.value for each in Leaving]),
    default=Leaving.END.value,
    show_default=True,
    help="What becomes of it for who no longer matches: it ends, stays until it is due, or goes on as voluntary.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@with_app
def assign(
    path: str,
    everyone: bool,
    units: tuple[str, ...],
    crafts: tuple[str, ...],
    members: tuple[str, ...],
    kind: str,
    due: date | None,
    within: int | None,
    on: date | None,
    leaving: str,
    dry_run: bool,
) -> None:
    """Ask members for a learning PATH. Assigning again adds, never replaces.

    With --unit and --craft together: the cards of the craft in the unit.
    """
    with trying(dry_run) as session:
        plan = Plan(
            path=path_named(session, path),
            kind=AssignmentKind(kind),
            on=on or today(),
            everyone=everyone,
            units=[unit_named(session, unit) for unit in units],
            crafts=crafts,
            members=[member_named(session, member) for member in members],
            due_on=due,
            within_days=within,
            leaving=Leaving(leaving),
        )
        for craft in crafts:
            close = nearest_crafts(session, craft)
            if close is not None:
                nearest = f" The nearest that cards have: {', '.join(close)}." if close else ""
                click.echo(f"Note: no card has the craft {craft!r}, so this makes a new one.{nearest}", err=True)
        assigned = assign_path(session, plan, OPERATOR, today=today(), now=now(), counts_told=dry_run)
        made = [str(rule.id) for rule in assigned.rules]
        by_name = [str(each.id) for each in assigned.by_name]
    if dry_run:
        click.echo("Nothing was written. It would be:")
    elif made:
        click.echo(f"Rule {', '.join(made)}")
    elif by_name:
        click.echo(f"Assignment {', '.join(by_name)}")
    why_not = {group: len(assigned.groups[group]) for group in NOT_COUNTED}
    click.echo(
        f"{assigned.assignments} assignments to {assigned.members} members: {assigned.newly_in_scope} newly asked, "
        f"{assigned.asked_already} asked already, {assigned.not_counted} not counted ({why_not[Group.EXEMPT]} exempt, "
        f"{why_not[Group.STATUS]} by status, {why_not[Group.NO_CARD]} without a card then); "
        f"{assigned.already_complete} of those asked are complete already."
    )
    if assigned.due_impossible:
        click.echo(f"{assigned.due_impossible} began after the due date and have none: decide them under Assign, Due dates.")
    if dry_run and assigned.groups[Group.TOLD]:
        click.echo(f"The next digest tells {len(assigned.groups[Group.TOLD])} members.")


@main.command()
@click.argument("member")
@click.argument("path")
@click.option("--reason", required=True)
@click.option("--from", "from_on", type=DAY, required=True, help="The first day.")
@click.option("--until", "until_on", type=DAY, help="The first day that is asked again.")
@click.option("--unit", help="Only on the cards under this unit.")
@with_app
def exempt(member: str, path: str, reason: str, from_on: date, until_on: date | None, unit: str | None) -> None:
    """Excuse MEMBER from a learning PATH for a time."""
    with writing() as session:
        exempt_member(
            session,
            member_named(session, member),
            path_named(session, path),
            reason=reason,
            from_on=from_on,
            until_on=until_on,
            unit=unit_named(session, unit) if unit else None,
            actor=OPERATOR,
            now=now(),
        )
    click.echo(f"{member} is exempt from {path} from {from_on}" + (f" until {until_on}." if until_on else "."))


@main.group()
def rules() -> None:
    """The rules that ask members for paths."""


@rules.command("list")
@click.option("--ended", is_flag=True, help="Those that ended or were undone, instead.")
@with_app
def list_rules(ended: bool) -> None:
    """Each rule's id, how many members it asks today, and what it says."""
    session = db.session()
    lines = ended_rules(session, today()) if ended else open_rules(session, today())
    asked = asked_by(session, [line.rule.id for line in lines], today())
    for line in lines:
        members, left = asked.get(line.rule.id, (0, 0))
        more = f", {left} left it" if left else ""
        gone = f"  ({'undone' if line.rule.undone_at else f'ended on {line.rule.until_on}'})" if ended else ""
        said = line.sentence.replace("\u00a0", " ")
        click.echo(f"{line.rule.id}  {members} members{more}  {said}{gone}")


@main.command()
@click.argument("assignment", metavar="ASSIGNMENT|RULE", type=int)
@click.option("--on", type=DAY, required=True, help="The first day that no longer asks.")
@click.option("--reason", required=True)
@with_app
def unassign(assignment: int, on: date, reason: str) -> None:
    """End an assignment, or a rule with all its assignments."""
    with writing(alone=True) as session:
        members = end_assignment(session, assignment, on, reason, OPERATOR, today=today(), now=now())
    click.echo(f"Ended on {on}: {members} members are no longer asked by it.")


@main.command()
@click.argument("member")
@click.argument("course")
@click.option("--on", type=DAY, required=True, help="The day of the completion.")
@click.option(
    "--assurance",
    type=click.Choice([each.word for each in Assurance]),
    default=Assurance.REVIEWED.word,
    show_default=True,
)
@with_app
def log(member: str, course: str, on: date, assurance: str) -> None:
    """Record that MEMBER completed COURSE."""
    with writing() as session:
        completion_id = log_completion(
            session,
            member=find_member(session, member),
            course=find_course(session, course),
            completed_on=on,
            assurance=Assurance.from_word(assurance),
            actor=OPERATOR,
            today=today(),
            now=now(),
            source=STAFF_RECORDED,
        )
    click.echo(f"Completion {completion_id} recorded.")


@main.command()
@click.argument("member")
@click.argument("completion", type=int)
@click.option("--reason", required=True)
@with_app
def void(member: str, completion: int, reason: str) -> None:
    """Take a COMPLETION of MEMBER out of every figure; the record of it stays."""
    with writing() as session:
        member_id = member_named(session, member).member_id
        found = session.scalar(select(Completion).where(Completion.member_id == member_id, Completion.id == completion))
        if found is None:
            raise Refused("unknown_completion", f"{member} has no completion {completion}.")
        void_completion(session, found, reason, OPERATOR, now=now())
    click.echo(f"Completion {completion} is void.")


@completions.command("list")
@click.argument("member")
@click.option("--void", "voided", is_flag=True, help="Those that count no more, instead.")
@with_app
def list_completions(member: str, voided: bool) -> None:
    """Each completion of MEMBER, the newest first: its id, day, course, assurance and source."""
    session = db.session()
    found = session.execute(
        select(Completion, Course)
        .join(Course, Course.id == Completion.course_id)
        .where(
            Completion.member_id == member_named(session, member).member_id,
            Completion.voided_at.is_not(None) if voided else Completion.voided_at.is_(None),
        )
        .order_by(Completion.completed_on.desc(), Completion.id.desc())
    )
    for completion, course in found:
        line = f"{completion.id}  {completion.completed_on}  {course.code}  {completion.assurance.word}  {completion.source}"
        click.echo(line + (f"  void: {completion.void_reason}" if voided else ""))
