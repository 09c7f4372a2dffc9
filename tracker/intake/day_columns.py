"""One column of days, read by what the whole of it shows.

A first walk over the file calls ``look`` with every cell and then ``settle``; a second asks ``day``. Between them stands at
most a question to a person: whether the day or the month comes first, and in which zone a moment's day is meant.
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from tracker.curriculum.faults import Fault
from tracker.curriculum.refused import Refused
from tracker.intake.cells import iso_day, shown
from tracker.intake.moments import LONGEST, MIDNIGHT, Said, said, zone_named
from tracker.intake.reading import DATE_ORDERS
from tracker.language import _, in_list, mark, word
from tracker.language import day as day_in_words

_ORDER_WORDS = {"ymd": mark("year/month/day"), "dmy": mark("day/month/year"), "mdy": mark("month/day/year")}
_EVERY = frozenset(range(len(DATE_ORDERS)))
# What most programs write, told fast: an ISO day, perhaps with a time, perhaps with a zone.
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)
_IN_HEADING = re.compile(r"\(([A-Z]{2,5})\)|\b(UTC|GMT)\b")
_MOST_KEPT = 50_000  # days once read, so that a repeated one costs nothing
_ANYWHERE = ZoneInfo("America/Los_Angeles")  # for the example of a question: far from UTC, and the union's largest locals

NO_DAY = mark("is no day: write it as in 2026-03-09")


class DayColumn:
    """The days of one column.

    Args:
        heading: the column's, as the file writes it.
        first_year: the earliest year that two digits mean.
        latest: with a year of two digits, an order that leads beyond this day is not meant.
        order: of ``reading.DATE_ORDERS``, where a person said it.
        zone: whose day counts for moments that state a zone, where a person said it. A heading may state it for all of them:
            "Completed (UTC)".
    """

    def __init__(self, heading: str, first_year: int, latest: date | None, order: str, zone: tzinfo | None) -> None:
        self.heading = heading
        self.order = order
        self._first_year = first_year
        self._latest = latest
        self._zone = zone
        stated = _IN_HEADING.search(heading) if zone is not None else None
        self._stated = zone_named(stated[1] or stated[2]) if stated else None
        # What speaks for an order, or leaves it open: the orders a text allows and which of them agree → its first place.
        self._signs: dict[tuple[bool, ...], tuple[int, str, Said]] = {}
        self._moment: tuple[int, str, Said] | None = None  # a moment whose day depends on the zone
        self._knows_of_zones = zone is not None  # another moment would add nothing
        self._days: dict[str, date | None] = {}

    @property
    def needs_a_walk(self) -> bool:
        """Whether anything is to be learnt from the whole column."""
        return not (self.order and self._zone)

    # -- the first walk ---------------------------------------------------------------------------------------------------

    def look(self, text: str, line: int) -> None:
        """Take note of what a cell shows."""
        found = _ISO.fullmatch(text)
        if not text or (found is not None and (found[2] is None or self._knows_of_zones)):
            return
        told = self._said(text)
        if told is None:
            return
        if not told.is_settled:
            first, second, third = told.days
            sign = (first is None, second is None, third is None, first == second, second == third, first == third)
            if sign not in self._signs:
                self._signs[sign] = (line, text, told)
        is_of_a_zone = told.zone is not None and told.time != MIDNIGHT and not self._zone
        if is_of_a_zone and (self._moment is None or (not _shows_much(self._moment[2]) and _shows_much(told))):
            self._moment = (line, text, told)
            self._knows_of_zones = _shows_much(told)

    def possible(self) -> frozenset[int]:
        """The orders in which every day of the column that exists at all exists, as places in ``DATE_ORDERS``."""
        left = _EVERY
        for _first, _second, told in self._signs.values():
            left &= set(_orders_of(told))
        return left

    @property
    def is_open(self) -> bool:
        """Whether two orders are possible and make a difference; or none is, because the column mixes them."""
        return not self.order and bool(self._signs) and (not self.possible() or self._in_doubt() is not None)

    @property
    def found_order(self) -> str:
        """The order that the column settles by itself, "" where it settles none."""
        if not self._signs or self.is_open:
            return ""
        return self.order or DATE_ORDERS[max(self.possible())]

    def settle(self, file_name: str, order: str = "") -> None:
        """Decide, by what was seen.

        Args:
            order: what the other columns of the file settled; it counts only where this one leaves it open.

        Raises:
            Refused: ``ambiguous_dates`` or ``ambiguous_zone``, with an example.
        """
        if self._moment is not None:
            raise self._refused_zone(file_name)
        if self.order or not self._signs:
            return
        if not self.is_open:
            self.order = self.found_order
        elif order and DATE_ORDERS.index(order) in self.possible():
            self.order = order
        else:
            raise self._refused_order(file_name)

    def examples(self) -> list[str]:
        """Texts of the column whose day depends on the order."""
        return [text for _first, text, _last in self._signs.values()] if self.is_open else []

    # -- the second -------------------------------------------------------------------------------------------------------

    def day(self, text: str) -> date | None:
        """The day a cell names, or None."""
        found = _ISO.fullmatch(text)
        if found and (self._stated is None or len(text) == len("2026-03-09")):
            return iso_day(found[1]) if found[2] is None or self._zone is None else self._iso_moment(text)
        try:
            return self._days[text]
        except KeyError:
            day = self._read(text)
            if len(self._days) < _MOST_KEPT and len(text) <= LONGEST:
                self._days[text] = day
            return day

    def why_not(self, text: str) -> str:
        """Why ``day`` reads none in the text, and what to do."""
        told = self._said(text)
        if told is not None and self.order:
            order = word(_ORDER_WORDS[self.order])
            return _("is no day read as %(order)s: correct it, or say how the file writes its dates", order=order)
        if any(map(str.isdigit, text)) and any(each in text for each in "-/."):
            return _("is no day of the calendar: write it as in 2026-03-09")
        return word(NO_DAY)

    def _iso_moment(self, text: str) -> date | None:
        """The day of an ISO moment with a zone: a fast way for what is seldom the same twice."""
        try:
            return datetime.fromisoformat(text).astimezone(self._zone).date()
        except (ValueError, OverflowError):
            return None

    def _read(self, text: str) -> date | None:
        told = self._said(text)
        if told is None:
            return None
        if told.is_settled:
            day = told.days[0]
        elif self.order:
            day = told.days[DATE_ORDERS.index(self.order)]
        else:
            return None
        zone = told.zone or (self._stated if told.time != MIDNIGHT else None)
        if day is None or zone is None or self._zone is None:
            return day
        try:
            return datetime.combine(day, told.time, zone).astimezone(self._zone).date()
        except OverflowError:  # a zone that leads out of the calendar
            return None

    def _said(self, text: str) -> Said | None:
        """What the text names, without orders that a year of two digits would carry into the future."""
        told = said(text, self._first_year)
        if told is None or told.is_settled or told.days[0] is None or self._latest is None:
            return told
        latest = self._latest
        year_first, day_first, month_first = (day if day and day <= latest else None for day in told.days)
        if not (year_first or day_first or month_first):
            return told
        return told._replace(days=(year_first, day_first, month_first))

    # -- the questions ----------------------------------------------------------------------------------------------------

    def _in_doubt(self) -> tuple[int, str, Said] | None:
        """A text whose day the possible orders see differently."""
        possible = self.possible()
        return next((each for each in self._signs.values() if len({each[2].days[place] for place in possible}) > 1), None)

    @property
    def needs_a_zone(self) -> bool:
        """Whether a moment states a zone, and nobody said whose day counts."""
        return self._moment is not None

    def order_question(self) -> str:
        """What to ask of a column that ``is_open``, with an example."""
        doubt = self._in_doubt()
        if doubt is None:
            places = in_list(
                [_("%(text)r in line %(line)s", text=text, line=line) for line, text, _unused in self._contradictions()]
            )
            return _(
                "%(column)s writes its dates in more than one order: %(places)s. Which is meant?",
                column=self.heading,
                places=places,
            )
        _unused, text, told = doubt
        days = [told.days[place] for place in sorted(self.possible())]
        either = in_list([*dict.fromkeys(day_in_words(each).replace("\u00a0", " ") for each in days if each)], of="or")
        return _(
            "%(column)s does not show which number is the day: %(text)r may be %(days)s. Which is meant?",
            column=self.heading,
            text=text,
            days=either,
        )

    def zone_question(self) -> str:
        """What to ask of a column that ``needs_a_zone``, with an example."""
        assert self._moment is not None
        _unused, text, told = self._moment
        day = _any_day(told)
        elsewhere = _day_in(told, day, _ANYWHERE)
        if elsewhere in (None, day):
            return _(
                "%(column)s states its moments with a zone, as in %(text)r. Whose day counts?",
                column=self.heading,
                text=text,
            )
        return _(
            "%(column)s states its moments with a zone, as in %(text)r. %(text)r is %(day)s there and %(elsewhere)s in "
            "Los Angeles. Whose day counts?",
            column=self.heading,
            text=text,
            day=day,
            elsewhere=elsewhere,
        )

    def _contradictions(self) -> list[tuple[int, str, Said]]:
        """The texts that cannot all be right: those that allow one order only, where there are two of them."""
        alone = [each for each in self._signs.values() if sum(day is not None for day in each[2].days) == 1]
        return alone if len(alone) > 1 else list(self._signs.values())

    def _refused_order(self, file_name: str) -> Refused:
        doubt = self._in_doubt()
        shown_ones = [doubt] if doubt else self._contradictions()
        possible = self.possible() if doubt else {place for *_unused, told in shown_ones for place in _orders_of(told)}
        orders = " or ".join(DATE_ORDERS[place] for place in sorted(possible))
        return Refused(
            "ambiguous_dates",
            _(
                "%(file_name)s: %(order_question)s Say --date-order %(orders)s.",
                file_name=file_name,
                order_question=self.order_question(),
                orders=orders,
            ),
            field="date_order",
            faults=[
                Fault(line, self.heading, text, _("can be %(told)s", told=_in_words(told)))
                for line, text, told in shown_ones
            ],
        )

    def _refused_zone(self, file_name: str) -> Refused:
        assert self._moment is not None
        line, text, _unused = self._moment
        return Refused(
            "ambiguous_zone",
            _(
                "%(file_name)s: %(zone_question)s Say --time-zone, for instance America/Los_Angeles.",
                file_name=file_name,
                zone_question=self.zone_question(),
            ),
            field="time_zone",
            faults=[Fault(line, self.heading, shown(text), _("names a moment whose day depends on the zone"))],
        )


def _orders_of(told: Said) -> list[int]:
    return [place for place, day in enumerate(told.days) if day is not None]


def _in_words(told: Said) -> str:
    return in_list([word(_ORDER_WORDS[DATE_ORDERS[place]]) for place in _orders_of(told)], of="or")


def _any_day(told: Said) -> date:
    return next(day for day in told.days if day is not None)


def _shows_much(told: Said) -> bool:
    """Whether the moment is a good example of why the zone matters: it is another day in Los Angeles."""
    day = _any_day(told)
    return _day_in(told, day, _ANYWHERE) != day


def _day_in(told: Said, day: date, zone: tzinfo) -> date | None:
    try:
        return datetime.combine(day, told.time, told.zone).astimezone(zone).date()
    except OverflowError:
        return None
