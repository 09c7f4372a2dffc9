"""The language room: what is spoken, by whom it is asked for, and how numbers, days and lists are written in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from markupsafe import Markup

from tracker.language import (
    _,
    code,
    day,
    follow,
    in_list,
    language_named,
    lazy,
    locale,
    mark,
    moment,
    month,
    ngettext,
    number,
    percent,
    pgettext,
    short_day,
    speaking,
    spoken,
    word,
)

DAY = date(2026, 3, 31)

_FRENCH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "%(n)s course"
msgid_plural "%(n)s courses"
msgstr[0] "%(n)s cours"
msgstr[1] "%(n)s les cours"

msgid "in progress"
msgstr "en cours"

msgid "Local %(number)s has %(count)s members."
msgstr "%(count)s membres dans la section locale %(number)s."

msgctxt "a month"
msgid "May"
msgstr "mai"
"""


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    """French with a few texts of its own; the other languages say what stands in the code."""
    written = io.BytesIO()
    write_mo(written, read_po(io.BytesIO(_FRENCH.encode()), locale="fr_CA"))
    texts = Translations(io.BytesIO(written.getvalue()))
    none = spoken.texts_of("en")
    monkeypatch.setattr(spoken, "texts_of", lambda chosen: texts if chosen == "fr_CA" else none)


@pytest.fixture
def nobody_followed() -> Iterator[None]:
    """Whom an application before this one followed is asked again afterwards."""
    before = list(spoken._follows)
    spoken._follows.clear()
    yield
    spoken._follows[:] = before


@pytest.mark.parametrize(
    ("chosen", "written"),
    [
        ("en", ["1,240", "2.5", "61\u00a0%"]),
        ("fr_CA", ["1\u00a0240", "2,5", "61\u00a0%"]),
        ("es", ["1.240", "2,5", "61\u00a0%"]),
    ],
)
def test_numbers_are_written_as_each_language_writes_them(chosen: str, written: list[str]) -> None:
    with speaking(chosen):
        assert [number(1_240), number(2.5), percent(61)] == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (-1_240, "-1,240"), (2.0, "2"), (0.3125, "0.3125"), (1 / 3, "0.333333"), (0.1 + 0.2, "0.3")],
)
def test_a_number_has_the_places_that_it_needs_and_six_at_most(value: float, written: str) -> None:
    with speaking("en"):
        assert number(value) == written


@pytest.mark.parametrize(
    ("chosen", "long", "short", "of_month"),
    [
        ("en", "31 March 2026", "31 Mar 2026", "March 2026"),
        ("fr_CA", "31 mars 2026", "31 mars 2026", "mars 2026"),
        ("es", "31 de marzo de 2026", "31 mar 2026", "marzo de 2026"),
    ],
)
def test_days_are_written_out_and_do_not_break(chosen: str, long: str, short: str, of_month: str) -> None:
    with speaking(chosen):
        assert [day(DAY), short_day(DAY), month(DAY)] == [each.replace(" ", "\u00a0") for each in (long, short, of_month)]


def test_a_moment_is_told_by_the_clock_of_its_zone() -> None:
    at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    with speaking("en"):
        assert moment(at, ZoneInfo("Europe/Berlin")) == "1\u00a0Apr\u00a02026, 01:30"


@pytest.mark.parametrize(
    ("chosen", "of", "items", "listed"),
    [
        ("en", "standard", [], ""),
        ("en", "standard", ["a"], "a"),
        ("en", "standard", ["a", "b"], "a and b"),
        ("en", "standard", ["a", "b", "c"], "a, b and c"),
        ("en", "or", ["a", "b", "c"], "a, b or c"),
        ("fr_CA", "standard", ["a", "b", "c"], "a, b et c"),
        ("fr_CA", "or", ["a", "b"], "a ou b"),
        ("es", "standard", ["a", "b", "c"], "a, b y c"),
        ("es", "standard", [], ""),
    ],
)
def test_a_list_is_joined_as_people_say_it(chosen: str, of: str, items: list[str], listed: str) -> None:
    with speaking(chosen):
        assert in_list(items, of=of) == listed


def test_another_language_is_spoken_for_a_while_and_the_one_before_again(nobody_followed: None) -> None:
    assert code() == "en"
    with speaking("fr-CA"):
        assert code() == "fr_CA"
        assert str(locale()) == "fr_CA"
        with speaking("es"):
            assert code() == "es"
        assert code() == "fr_CA"
    assert code() == "en"


def test_a_fault_ends_what_is_spoken_for_a_while(nobody_followed: None) -> None:
    with pytest.raises(ValueError, match="no"), speaking("fr"):
        raise ValueError("no")
    assert code() == "en"


@pytest.mark.parametrize("chosen", [None, "", "xx", "klingon"])
def test_a_language_that_is_not_known_is_english(chosen: str | None, nobody_followed: None) -> None:
    with speaking("fr"), speaking(chosen):
        assert code() == "en"


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("fr", "fr_CA"),
        ("fr-CA", "fr_CA"),
        ("FR_ca", "fr_CA"),
        ("fr-FR", "fr_CA"),
        ("es-MX", "es"),
        ("en-GB", "en"),
        ("de", None),
        ("", None),
        (None, None),
    ],
)
def test_a_browsers_tag_names_the_language_that_comes_nearest(name: str | None, named: str | None) -> None:
    assert language_named(name) == named


def test_whoever_said_last_who_is_spoken_to_is_asked_unless_something_else_is_said(nobody_followed: None) -> None:
    follow(lambda: "es")
    follow(lambda: "fr_CA")
    assert code() == "fr_CA"
    with speaking("en"):
        assert code() == "en"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 cours"), (1, "1 cours"), (2, "2 les cours"), (1_240, "1\u00a0240 les cours")]
)
def test_none_is_singular_in_french(french: None, count: int, said: str) -> None:
    with speaking("fr"):
        assert ngettext("%(n)s course", "%(n)s courses", count) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 courses"), (1, "1 course"), (2, "2 courses")])
def test_none_is_plural_in_english(count: int, said: str) -> None:
    with speaking("en"):
        assert ngettext("%(n)s course", "%(n)s courses", count) == said


def test_a_translator_may_order_the_values_anew(french: None) -> None:
    with speaking("fr"):
        said = _("Local %(number)s has %(count)s members.", number="80", count=3)
    assert said == "3 membres dans la section locale 80."


def test_a_text_that_nobody_translated_stands_as_it_is(french: None) -> None:
    with speaking("fr"):
        assert _("100 % of %(who)s".replace("%", "%%", 1), who="Ana") == "100 % of Ana"
        assert _("61 % of all") == "61 % of all"  # without values nothing is filled in


def test_a_label_is_translated_each_time_it_is_drawn(french: None) -> None:
    label = lazy("in progress")
    with speaking("fr"):
        assert f"{label}" == "en cours"
        assert label == "en cours"
        assert len(label) == 8
    with speaking("en"):
        assert str(label) == "in progress"
    assert lazy("%(a)s of %(b)s", a=1, b=2) == "1 of 2"
    assert lazy("The two new passwords differ.") % {"other_name": "password"} == "The two new passwords differ."
    assert not lazy("")


def test_a_marked_word_is_itself_until_it_is_drawn(french: None) -> None:
    state = mark("in progress")
    assert state == "in progress"
    with speaking("fr"):
        assert word(state) == "en cours"
        assert word("") == ""  # and not the heading of the translators' file


def test_the_same_word_in_another_sense_is_another_text(french: None) -> None:
    with speaking("fr"):
        assert pgettext("a month", "May") == "mai"
        assert _("May") == "May"


def test_a_value_that_is_markup_makes_the_text_markup_and_escapes_the_rest() -> None:
    link = Markup('<a href="/">here</a>')
    said = _("%(name)s & co: %(link)s", name="<b>Dee</b>", link=link)
    assert isinstance(said, Markup)
    assert said == '&lt;b&gt;Dee&lt;/b&gt; &amp; co: <a href="/">here</a>'
    assert not isinstance(_("%(name)s & co", name="<b>Dee</b>"), Markup)
    counted = ngettext("%(n)s course %(link)s", "%(n)s courses %(link)s", 2, link=link)
    assert counted == '2 courses <a href="/">here</a>'
    assert isinstance(counted, Markup)
