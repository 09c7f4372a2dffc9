"""What a person says of an assignment, and whom it means."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, SubmitField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.coverage.asking_words import RuleWords, as_whom, sentence
from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind, Leaving
from tracker.language import _, lazy, number
from tracker.models import Craft, LearningPath, Member, Unit
from tracker.operations.assignments import Plan, refuse_unknown_craft
from tracker.operations.assignments.planning import MOST_DAYS
from tracker.operations.refused import Refused
from tracker.web.fields import DayField, DaysField, no_longer_than
from tracker.web.forms import Form

WHO = {
    "everyone": lazy("Everyone"),
    "unit": lazy("Members under a unit: a local, a district or the international"),
    "craft": lazy("Members of a craft"),
    "craft-unit": lazy("Members of a craft under a unit"),
    "member": lazy("One member, by name"),
}
KINDS = {
    AssignmentKind.REQUIRED: lazy("Required: it counts in coverage"),
    AssignmentKind.RECOMMENDED: lazy("Recommended: offered, not counted"),
    AssignmentKind.VOLUNTARY: lazy("Voluntary: for who wishes, not counted"),
}
DUE = {
    "none": lazy("No date"),
    "day": lazy("A fixed day, the same for everyone"),
    "days": lazy("So many days from the day each person is first asked"),
}
LEAVING = {
    Leaving.END: lazy("It ends for them"),
    Leaving.KEEP: lazy("They keep it until it is due; without a due date it ends"),
    Leaving.VOLUNTARY: lazy("They keep it as voluntary"),
}
# Which further fields an answer asks for: the others are not looked at.
_ASKED_BY_WHO = {"unit": {"unit"}, "craft": {"craft"}, "craft-unit": {"craft", "unit"}, "member": {"member"}}
_ASKED_BY_DUE = {"day": {"due"}, "days": {"within_days"}}


def possible_days(_form: Any, field: Field) -> None:
    """Whether a due date may be so many days away."""
    if field.data is not None and not 1 <= field.data <= MOST_DAYS:
        raise ValidationError(_("Give 1 to %(most)s days.", most=number(MOST_DAYS)))


def _choices(words: dict[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(getattr(value, "value", value), label) for value, label in words.items()]


class AssignForm(Form):
    """One rule, or one member, as a sentence."""

    who = RadioField(lazy("Who is asked?"), [InputRequired(lazy("Say who is asked."))], choices=_choices(WHO))
    craft = StringField(
        lazy("Which craft?"), [no_longer_than(200)], render_kw={"list": "crafts", "autocomplete": "off", "dir": "auto"}
    )
    unit = StringField(
        lazy("Under which unit?"),
        [no_longer_than(200)],
        description=lazy("Its number: a local, a district or the international. Whoever holds a card there is asked."),
        render_kw={"list": "units", "autocomplete": "off"},
    )
    member = StringField(
        lazy("Which member?"),
        [no_longer_than(200)],
        description=lazy("Their number or e-mail."),
        render_kw={"autocomplete": "off"},
    )
    path = SelectField(lazy("For which learning path?"))
    kind = RadioField(lazy("As what?"), choices=_choices(KINDS), default=AssignmentKind.REQUIRED.value)
    on = DayField(
        lazy("From which day?"),
        [InputRequired(lazy("Give the first day."))],
        description=lazy("Whoever joins later is asked from their own first day."),
    )
    until = RadioField(lazy("Until when?"), choices=_choices(DUE), default="none")
    due = DayField(lazy("Due on"), [Optional()], description=lazy("The last day that is on time."))
    within_days = DaysField(
        lazy("Due within so many days"),
        [Optional(), possible_days],
        render_kw={"inputmode": "numeric"},
    )
    leaving = RadioField(
        lazy("And for who no longer matches?"),
        choices=_choices(LEAVING),
        default=Leaving.END.value,
        description=lazy(
            "When a card ends, or its local moves elsewhere. They then count in no figure: this is what they still see."
        ),
    )
    new_craft = BooleanField(lazy("Make this craft anyway: cards that have it will come"))
    submit = SubmitField(lazy("See what it would do"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Look only at what the answers ask for."""
        asked = _ASKED_BY_WHO.get(self.who.data or "", set()) | _ASKED_BY_DUE.get(self.until.data or "", set())
        for name in ("unit", "craft", "member", "due", "within_days"):
            if name not in asked:
                field = self[name]
                field.data, field.raw_data, field.process_errors = None, None, []
        return bool(super().validate(extra_validators))


class Target(NamedTuple):
    """Whom a form names."""

    words: str
    unit: Unit | None = None
    craft: str = ""
    member: Member | None = None


def plan_of(session: Session, form: AssignForm) -> tuple[Plan, Target, str]:
    """What the form asks for, whom it names, and the whole of it as a sentence.

    Raises:
        Refused: ``nobody``, ``unknown_unit``, ``unknown_member``, ``unknown_craft``, ``unknown_path``, ``no_due_date``.
    """
    target = _target(session, form)
    path = find_path(session, form.path.data)
    if path is None:
        raise Refused("unknown_path", _("There is no such path any more."), field="path")
    if form.until.data == "day" and form.due.data is None:
        raise Refused("no_due_date", _("Give the due day, or choose “No date”."), field="due")
    if form.until.data == "days" and form.within_days.data is None:
        raise Refused("no_due_date", _("Give the number of days, or choose “No date”."), field="within_days")
    plan = Plan(
        path=path,
        kind=AssignmentKind(form.kind.data),
        on=form.on.day,
        everyone=form.who.data == "everyone",
        units=[target.unit] if target.unit else [],
        crafts=[target.craft] if target.craft else [],
        members=[target.member] if target.member else [],
        due_on=form.due.data,
        within_days=form.within_days.data,
        leaving=Leaving(form.leaving.data),
    )
    return plan, target, _sentence(plan, path, target)


def _sentence(plan: Plan, path: LearningPath, target: Target) -> str:
    leaving = None if target.member else plan.leaving
    return sentence(RuleWords(target.words, path.title, plan.kind, plan.on, plan.due_on, plan.within_days, leaving))


def _target(session: Session, form: AssignForm) -> Target:
    who = form.who.data
    if who == "member":
        return _one_member(session, (form.member.data or "").strip())
    unit = _unit(session, (form.unit.data or "").strip()) if "unit" in who else None
    craft = " ".join((form.craft.data or "").split()) if "craft" in who else ""
    if "craft" in who:
        if not craft:
            raise Refused("nobody", _("Say which craft."), field="craft")
        if not form.new_craft.data:
            refuse_unknown_craft(session, craft)
        known = session.scalar(select(Craft.name).where(Craft.key == craft_key(craft)))
        craft = known or craft
    return Target(as_whom(unit.title if unit else "", craft), unit, craft)


def _unit(session: Session, text: str) -> Unit:
    if not text:
        raise Refused("nobody", _("Say which unit: a local, a district or the international."), field="unit")
    unit = find_unit(session, text)
    if unit is None:
        words = _("No local or district is known as %(text)s.", text=text)
        raise Refused("unknown_unit", words, field="unit")
    return unit


def _one_member(session: Session, text: str) -> Target:
    if not text:
        raise Refused("nobody", _("Say which member: give their number or e-mail."), field="member")
    member = find_member(session, text)
    if member is None:
        words = _("No member, or more than one, is known as %(text)s.", text=text)
        raise Refused("unknown_member", words, field="member")
    return Target(member.name, member=member)
