"""What a person can say of a table's columns: the form for one very table, and how it is to be read by the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wtforms import RadioField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired

from tracker.coverage.derivation import current_policy
from tracker.curriculum.words import Assurance, MembershipKind
from tracker.intake.fields import KINDS, refuse_wrong_reading, still_wanted, with_owner
from tracker.intake.guessing import Looked
from tracker.intake.moments import said
from tracker.intake.percents import DONE, NOT_DONE
from tracker.intake.reading import DATE_ORDERS, Reading
from tracker.language import _, in_list, lazy, mark, word
from tracker.models import ImportJob, db
from tracker.operations.profiles import LONGEST_NAME, profiles_of
from tracker.operations.refused import Refused
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.showing import day as in_words

LABELS = {
    "member_number": lazy("Member number"),
    "email": lazy("E-mail"),
    "learner_id": lazy("Their id at the provider"),
    "name": lazy("Whole name"),
    "first_name": lazy("First name"),
    "last_name": lazy("Last name"),
    "local": lazy("Local"),
    "home_local": lazy("Home local"),
    "course": lazy("Course"),
    "course_id": lazy("The course’s id at the provider"),
    "completed_on": lazy("Completed on"),
    "percent": lazy("Progress"),
    "assurance": lazy("How sure it is"),
    "evidence_url": lazy("Link to the proof"),
    "external_id": lazy("Id of the completion"),
    "craft": lazy("Craft"),
    "status": lazy("Status"),
    "kind": lazy("Kind"),
    "from_on": lazy("First day"),
    "until_on": lazy("First day no more"),
    "home": lazy("Whether it is the home local"),
    "invited_on": lazy("Invited on"),
    "activated_on": lazy("Activated on"),
}
_HELP = {
    "course": lazy("Its title, code or web address."),
    "local": lazy("Its number, in any spelling."),
    "kind": lazy("Member or permit."),
    "percent": lazy("Less than 100 % is no completion."),
    "until_on": lazy("The day after the last one."),
}
# What may be the same in every row, and so stand in no column.
_CONSTANTS = {
    "completions": ("course", "completed_on"),
    "roster": ("local", "craft", "status", "from_on"),
    "accounts": ("status",),
}
_ORDERS = {"dmy": mark("The day first"), "mdy": mark("The month first"), "ymd": mark("The year first")}
_ASSURANCES = [
    SelectChoice("provider", lazy("The provider itself reports it")),
    SelectChoice("reviewed", lazy("Training staff have seen proof of it, or recorded it themselves")),
    SelectChoice("claimed", lazy("The members say so themselves")),
]
ZONES = (
    *("America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Halifax"),
    *("America/St_Johns", "America/Anchorage", "Pacific/Honolulu", "America/Toronto", "America/Vancouver", "UTC"),
)
QUESTIONS = ("member", "profile", "date_order", "time_zone")  # what may be asked of a table that is known otherwise
_MEMBER_HELP = lazy("Only where the file names nobody: the number or e-mail of the one member whose courses these are.")
_PROFILE_HELP = lazy(
    "Then the next file with these headings is known by itself. At most %(most)s characters.", most=LONGEST_NAME
)


def groups_of(kind: str) -> list[tuple[str, list[str]]]:
    """The fields in the order of the page: for each thing that must be known those that can say it, then the rest."""
    wanted = [(word(group.what), list(group.fields)) for group in KINDS[kind].wanted]
    if any("last_name" in fields for _what, fields in wanted):
        wanted[0][1].insert(-1, "first_name")
    taken = {field for _what, fields in wanted for field in fields}
    return [*wanted, ("", [field for field in KINDS[kind].fields if field not in taken])]


def columns_form(job: ImportJob, looked: Looked, reading: Reading, asked: str | None) -> Form:
    """The form for this very table: its fields depend on what stands in it."""
    fields: dict[str, Any] = {} if asked else _column_fields(job.kind, looked, reading)
    questions = {need.field: need.question for need in looked.needs}
    needs = {*questions, asked}
    if "date_order" in needs or reading.date_order:
        fields["date_order"] = RadioField(
            questions.get("date_order", _("How are its days written?")),
            [InputRequired(_("Say which number is the day."))],
            choices=_orders(job.kind, looked),
            default=reading.date_order or None,
        )
    if "time_zone" in needs or reading.time_zone:
        fields["time_zone"] = StringField(
            _("In which place’s zone do its days count?"),
            [DataRequired(_("Name a place.")), no_longer_than(80)],
            default=reading.time_zone,
            description=" ".join(
                [
                    *([questions["time_zone"]] if "time_zone" in questions else []),
                    _("Write a place such as America/Los_Angeles, or UTC."),
                ]
            ),
            render_kw={"list": "zones", "autocomplete": "off"},
        )
    if asked == "profile":
        known = [SelectChoice(each.name, each.name) for each in profiles_of(db.session(), job.kind)]
        fields["profile"] = RadioField(_("By which profile is it read?"), [InputRequired(_("Choose one."))], choices=known)
    if asked == "member":
        fields["member"] = StringField(
            _("Whose is it?"),
            [DataRequired(_("Give the number or e-mail of the member.")), no_longer_than(200)],
            description=_("The member’s number or e-mail: the file itself names nobody."),
        )
    fields["submit"] = SubmitField(_("See what it would do"))
    made: Form = type("ColumnsForm", (Form,), fields)()
    return made


def _orders(kind: str, looked: Looked) -> list[SelectChoice]:
    """The orders that the days may be written in, each with what it makes of one of the file's own."""
    told = [(text, each.days) for text in looked.date_examples if (each := said(text, KINDS[kind].first_year))]
    told.sort(key=lambda each: -len({day for day in each[1] if day}))  # those in doubt first
    shown = []
    for order, words in _ORDERS.items():
        place = DATE_ORDERS.index(order)
        example = next(((text, day) for text, days in told if (day := days[place])), None)
        if example is not None:
            shown.append(
                SelectChoice(
                    order,
                    _("%(order)s: %(written)s is %(day)s", order=word(words), written=example[0], day=in_words(example[1])),
                )
            )
    return shown or [SelectChoice(order, word(words)) for order, words in _ORDERS.items()]


def _column_fields(kind: str, looked: Looked, reading: Reading) -> dict[str, Any]:
    """A choice of column for each of our fields, and what else is said of a whole table."""
    choices = [SelectChoice("", _("not in this file")), *_headings(looked)]
    fields: dict[str, Any] = {}
    for name in KINDS[kind].fields:
        fields[f"column_{name}"] = SelectField(
            LABELS[name], choices=choices, default=looked.guess.get(name, ""), description=_HELP.get(name, "")
        )
        if name in _CONSTANTS[kind]:
            fields[f"constant_{name}"] = StringField(
                _("%(field)s, the same in every row", field=LABELS[name]),
                [no_longer_than(200)],
                default=reading.constants.get(name, ""),
            )
    for name, words in looked.words.items():
        known = _known_words(kind, name)
        for place, written in enumerate(words):
            chosen = reading.values.get(name, {}).get(written, "")
            if known and (chosen or written.casefold() not in known):
                meanings = [SelectChoice("", _("what it says")), *(SelectChoice(*each) for each in known.items() if each[1])]
                fields[f"word_{name}_{place}"] = SelectField(
                    _("“%(word)s” in %(column)s means", word=written, column=looked.guess[name]),
                    choices=meanings,
                    default=chosen,
                )
    if kind == "completions":
        has_assurance = "assurance" in looked.guess
        fields["assurance"] = RadioField(
            _("Who says that these were completed?"),
            [] if has_assurance else [InputRequired(_("Say who says so."))],
            choices=[*([SelectChoice("", _("A column says it row by row"))] if has_assurance else []), *_ASSURANCES],
            default=reading.assurance.word if reading.assurance else "" if has_assurance else None,
        )
        fields["member"] = StringField(
            _("Whose courses these are"), [no_longer_than(200)], default=reading.member, description=_MEMBER_HELP
        )
    fields["save_profile"] = StringField(
        _("Save these answers as a profile named"), default=reading.profile, description=_PROFILE_HELP
    )
    return fields


def _headings(looked: Looked) -> list[SelectChoice]:
    """Each column by its heading, with the first thing that stands in it."""
    shown = []
    for place, heading in enumerate(looked.headers):
        example = next((row[place] for row in looked.rows if place < len(row) and row[place]), "")
        short = heading if len(heading) <= 60 else f"{heading[:59]}…"
        shown.append(SelectChoice(heading, f"{short} · {example[:40]}" if example else short))
    return shown


def _known_words(kind: str, name: str) -> Mapping[str, str]:
    """What a field's words may mean, with how a page says it: those that need no translation, too, said as nothing."""
    if name == "status" and kind == "roster":
        policy = current_policy(db.session())
        return {status: status for status in policy.statuses}
    if name == "status":
        return {"active": _("the account may be used"), "inactive": _("it may not")}
    if name == "kind":
        return {each.value: word(each.value) for each in MembershipKind}
    if name == "assurance":
        return {each.word: word(each.word) for each in Assurance}
    if name == "percent":
        return {"100": _("complete"), "0": _("not complete")} | dict.fromkeys(DONE | NOT_DONE, "")
    return {}


def _assurance(named: str | None) -> Assurance | None:
    """The assurance a choice names; None for what is no choice of the form, which says so itself."""
    return Assurance.from_word(named) if named in {each.word for each in Assurance} else None


def wanted_by(form: Form, kind: str, looked: Looked, reading: Reading) -> Reading:
    """How the file is to be read by what the form says.

    Raises:
        Refused: where that cannot be, with the field at fault.
    """
    data = form.data
    is_whole = "save_profile" in data
    answers = {name: (data[name] or "").strip() for name in QUESTIONS if name in data}
    wanted = replace(reading, **({"date_order": "", "time_zone": "", "profile": ""} if is_whole else {}) | answers)
    if is_whole:
        names = KINDS[kind].fields
        texts = {name: (data.get(f"constant_{name}") or "").strip() for name in names}
        values: dict[str, dict[str, str]] = {}
        for name, words in looked.words.items():
            for place, written in enumerate(words):
                if meaning := data.get(f"word_{name}_{place}"):
                    values.setdefault(name, {})[written] = meaning
        assurance = data.get("assurance")
        wanted = replace(
            wanted,
            columns={name: column for name in names if (column := data[f"column_{name}"])},
            constants={name: text for name, text in texts.items() if text},
            values=values,
            assurance=_assurance(assurance),
        )
        _refuse_gaps(kind, wanted)
    refuse_wrong_reading(kind, wanted)
    return wanted


def _refuse_gaps(kind: str, wanted: Reading) -> None:
    """Say no where one column is to be two things, or something that must be known is not.

    Raises:
        Refused: ``one_column_twice``, ``field_missing``.
    """
    for name, column in wanted.columns.items():
        others = [LABELS[each] for each, its in wanted.columns.items() if its == column and each != name]
        if others:
            message = _(
                "“%(column)s” cannot be both %(one)s and %(other)s: choose one.",
                column=column,
                one=LABELS[name],
                other=others[0],
            )
            raise Refused("one_column_twice", message, field=f"column_{name}")
    whole = with_owner(kind, wanted)
    known = {*whole.columns, *whole.constants}
    if still_wanted(kind, known):
        gap = next(each for each in KINDS[kind].wanted if not known.intersection(each.fields))
        names = in_list([str(LABELS[each]) for each in gap.fields if each != "last_name"], of="or")
        message = _("Say %(what)s: choose a column for %(names)s.", what=word(gap.what), names=names)
        raise Refused("field_missing", message, field=f"column_{gap.fields[0]}")
