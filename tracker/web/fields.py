"""Fields and checks that several forms share, with their faults in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import DateField, Field, IntegerField, ValidationError

from tracker.intake.cells import LONGEST_LINK, is_link
from tracker.intake.reports import EARLIEST
from tracker.language import _, number
from tracker.web import gate


class DayField(DateField):
    """A day, as the browser's own calendar gives it."""

    @property
    def day(self) -> date:
        """The day, in a form that needs one and is valid."""
        assert self.data is not None
        return self.data

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Write the day as 2026-03-31: year, month, day.")) from None


class DaysField(IntegerField):
    """A number of days."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Give a whole number of days.")) from None


def possible_day(_form: Any, field: Field) -> None:
    """Whether anything can have been completed on the day."""
    if isinstance(field.data, date) and field.data > gate.today():
        raise ValidationError(_("This day is in the future."))
    if isinstance(field.data, date) and field.data < EARLIEST:
        raise ValidationError(_("This day is before %(year)s: look at the year.", year=EARLIEST.year))


def web_address(_form: Any, field: Field) -> None:
    """Whether a link can be followed."""
    text = (field.data or "").strip()
    if text and (not is_link(text) or len(text) > LONGEST_LINK):
        raise ValidationError(_("Give the whole web address: it begins with https:// or http://."))


def no_longer_than(longest: int) -> Callable[[Any, Field], None]:
    """A text that fits where it is kept."""

    def check(_form: Any, field: Field) -> None:
        if field.data and len(field.data) > longest:
            raise ValidationError(
                _(
                    "Keep it to %(most)s characters: these are %(count)s.",
                    most=number(longest),
                    count=number(len(field.data)),
                )
            )

    return check
