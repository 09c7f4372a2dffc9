"""The union's page, its filters, and whose second cards make the locals add up to more: as each of its readers.

The world of `test_reports`, and beside it a fourth district in Canada, whose one local has no members.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from test_reports import DAY, rows_of, text_of
from worked_union import Reader, readers, those_who_may_open, worked_app


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from worked_app(sqlite_template, tmp_path_factory.mktemp("union"))


@pytest.fixture(scope="module")
def as_reader(app: Flask) -> Reader:
    return readers(app)


def units_on(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="(?:local|district)s/([^?"]+)', page)


# --- The filters -----------------------------------------------------------------------------------------------------

TOWNS = [f"30{n}" for n in range(1, 7)]


@pytest.mark.parametrize(
    ("query", "units", "said"),
    [
        ("sector=Stage", ["15", "118"], "The whole union: sector Stage."),
        ("sector=Motion+Picture+%26+TV+production", ["80", "700"], "sector Motion Picture & TV production."),
        ("country=CA", ["D12", "118"], "country CA."),
        ("country=US&sector=Stage", ["15"], "sector Stage, country US."),
        ("district=D2", ["D2", "80", "700"], "The whole union: District 2."),
        ("district=D3&kind=local", TOWNS, "locals only, District 3."),
        ("district=D3&q=town+2", ["302"], "District 3, units that match “town 2”."),
        ("craft=sound&kind=district", ["D2"], "through a card of the craft sound."),
    ],
)
def test_a_filter_narrows_the_map_and_says_so(as_reader: Reader, query: str, units: list[str], said: str) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&{query}")
    assert page.status_code == 200
    assert units_on(page.text) == units
    assert said in text_of(page.text)


@pytest.mark.parametrize(
    "query", ["sector=Stage", "country=US", "craft=grip", "craft=grip&district=D2", "craft=editing&country=US&path=ai-hours"]
)
def test_the_file_holds_the_filtered_map(as_reader: Reader, query: str) -> None:
    sam = as_reader("sam")
    cell = r'href="(?:local|district)s/([^?"]+)\?path=([^&"]+)[^"]*">\d+ %<small>([^<]+)<'
    shown = set(re.findall(cell, sam.get(f"/reports/?{DAY}&{query}").text))
    file = sam.get(f"/reports/coverage.csv?{DAY}&{query}").text
    told = {
        (row["unit"], row["path"], f"{row['covered']} of {row['in_scope']}")
        for row in rows_of(file)
        if row["unit"] != "IA" and row["in_scope"] != "0"
    }
    assert shown == told
    assert shown
    assert "Scope,The whole union: " in file or 'Scope,"The whole union: ' in file


def test_the_figures_of_a_craft_are_those_of_its_cards(as_reader: Reader) -> None:
    def figures(craft: str) -> dict[tuple[str, str], str]:
        rows = rows_of(as_reader("sam").get(f"/reports/coverage.csv?{DAY}&craft={craft}").text)
        return {(row["unit"], row["path"]): f"{row['covered']}/{row['in_scope']}" for row in rows if row["in_scope"] != "0"}

    grips = figures("grip")
    assert grips["80", "ai-fundamentals"] == "2/3"
    assert grips["D3", "ai-fundamentals"] == "0/5"
    assert grips["IA", "ai-fundamentals"] == "2/8"
    assert ("700", "ai-fundamentals") not in grips
    editors = figures("editing")
    assert editors["700", "ai-fundamentals"] == "1/2", "Ben and Cleo; Dov mixes sound"
    assert ("80", "ai-fundamentals") not in editors, "Ben's card in 80 is a grip's"


def test_a_cell_asks_the_same_of_its_unit(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&floor=claimed&craft=grip&district=D2").text
    assert 'href="locals/80?path=ai-fundamentals&amp;as_of=2026-02-28&amp;floor=claimed&amp;craft=grip#path"' in page


def test_the_form_keeps_every_filter_and_works_by_a_get(as_reader: Reader) -> None:
    asked = "path=ai-fundamentals&district=D2&sector=Stage&craft=grip&country=US&kind=local&q=80&floor=claimed&sort=district"
    page = as_reader("sam").get(f"/reports/?{DAY}&{asked}").text
    start = page.index('<form method="get" action="/reports/"')
    form = page[start : page.index("</form>", start)]
    for name, value in (
        ("path", "ai-fundamentals"), ("district", "D2"), ("sector", "Stage"), ("craft", "grip"), ("country", "US"),
        ("kind", "local"), ("floor", "claimed"),
    ):  # fmt: skip
        select = form[form.index(f'name="{name}"') :]
        assert f'<option value="{value}" selected>' in select[: select.index("</select>")], name
    assert '<input type="hidden" name="sort" value="district">' in form
    assert 'name="q" type="search" value="80"' in form
    assert 'value="2026-02-28"' in form
    assert "<script" not in form


def test_sorting_keeps_the_filters(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&country=US&craft=grip").text
    assert "/reports/?as_of=2026-02-28&amp;country=US&amp;craft=grip&amp;sort=ai-fundamentals" in page


@pytest.mark.parametrize("query", ["sector=Ballet", "country=XX", "craft=juggling", "craft=%00", "sector=stage"])
@pytest.mark.parametrize("page", ["/reports/", "/reports/coverage.csv"])
def test_an_unknown_filter_is_refused_in_words(as_reader: Reader, page: str, query: str) -> None:
    answer = as_reader("sam").get(f"{page}?{query}")
    assert answer.status_code == 400
    assert "makes no sense as" in answer.text


def test_filters_that_leave_nothing_say_what_to_do(as_reader: Reader) -> None:
    none = text_of(as_reader("sam").get(f"/reports/?{DAY}&country=CA&sector=Motion+Picture+%26+TV+production").text)
    assert "No unit matches" in none
    assert "Choose fewer filters" in none
    nobody = text_of(as_reader("sam").get("/reports/?as_of=2001-01-01&craft=grip").text)
    assert "No one is in scope of a path through a card of the craft grip on 1 January 2001" in nobody
    assert "Show every craft" in nobody


def test_an_officer_filters_only_what_they_see(as_reader: Reader) -> None:
    page = as_reader("dora").get(f"/reports/?{DAY}")
    assert units_on(page.text) == ["D2", "80", "700"]
    assert 'name="country"' not in page.text, "nothing to choose between"
    for query in ("district=D1", "sector=Stage", "country=CA"):
        assert as_reader("dora").get(f"/reports/?{DAY}&{query}").status_code == 400
    assert units_on(as_reader("dora").get(f"/reports/?{DAY}&q=").text) == ["D2", "80", "700"]


# --- Small groups ------------------------------------------------------------------------------------------------------


def test_a_crafts_small_groups_are_hidden_from_readers_without_names(as_reader: Reader) -> None:
    dora = as_reader("dora").get(f"/reports/?{DAY}&craft=grip")
    assert "2 of 3" not in dora.text
    assert dora.text.count(">hidden<") == 6, "three paths that ask grips, in District 2 and in Local 80"
    assert "Locals add up to" not in dora.text, "a sum would tell them"
    assert "so small that it could point at single members" in text_of(dora.text)
    assert [
        row
        for row in rows_of(as_reader("dora").get(f"/reports/coverage.csv?{DAY}&craft=grip").text)
        if row["in_scope"] != "0"
    ] == []
    assert "2 of 3" in as_reader("ben").get(f"/reports/?{DAY}&craft=grip").text, "his own local"
    assert "2 of 3" in as_reader("otto").get(f"/reports/?{DAY}&craft=grip").text


def test_an_officer_sees_no_crafts_total_of_the_units_above(as_reader: Reader) -> None:
    fay = as_reader("fay")
    assert "The whole union" in text_of(fay.get(f"/reports/?{DAY}").text)
    page = text_of(fay.get(f"/reports/?{DAY}&craft=grip").text)
    assert "The whole union" not in page
    assert {row["unit"] for row in rows_of(fay.get(f"/reports/coverage.csv?{DAY}&craft=grip").text)} == {"301"}


# --- What the locals add up to -----------------------------------------------------------------------------------------


def test_above_the_map_stands_what_its_locals_add_up_to(as_reader: Reader) -> None:
    sam = as_reader("sam")
    whole = text_of(sam.get(f"/reports/?{DAY}&path=ai-fundamentals").text)
    assert "The whole union Path Covered Target Locals at their target Locals add up to" in whole
    assert "AI Fundamentals 3 of 11 · 27 % 80 %: 6 to go 0 of 8 12 ( 1 more )" in whole
    district = text_of(sam.get(f"/reports/?{DAY}&path=ai-fundamentals&district=D2").text)
    assert "AI Fundamentals 3 of 5 · 60 % 80 %: 1 to go 0 of 2 6 ( 1 more )" in district
    assert "add up to 1 more than District 2’s 5 people: so many second cards" in district
    chosen = text_of(sam.get(f"/reports/?{DAY}&path=ai-fundamentals&sector=Motion+Picture+%26+TV+production").text)
    assert "The 2 locals chosen" in chosen
    assert "AI Fundamentals 4 of 6 · 67 %" in chosen
    assert "whoever holds cards in several of them counts in each" in chosen
    none = text_of(sam.get(f"/reports/?{DAY}&path=ai-fundamentals&craft=grip").text)
    assert "The locals add up to exactly these people" in none
    reached = text_of(sam.get(f"/reports/?{DAY}&path=ai-hours").text)
    assert "Two hours of AI 3 of 3 · 100 % 50 %: reached 2 of 2 3" in reached


def test_an_officer_of_one_local_is_told_no_sum(as_reader: Reader) -> None:
    assert "Locals add up to" not in as_reader("ben").get(f"/reports/?{DAY}").text
    dora = as_reader("dora").get(f"/reports/?{DAY}").text
    assert "Locals add up to" in dora
    assert "second-cards" not in dora, "names are not hers to see"


# --- Second cards ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["", ".csv", ".xlsx", ".pdf"])
def test_second_cards_are_for_those_who_see_every_name(as_reader: Reader, form: str) -> None:
    path = f"/reports/second-cards{form}?unit=D2&path=ai-fundamentals&{DAY}"
    assert those_who_may_open(as_reader, path) == {"sam", "otto"}


@pytest.mark.parametrize("unit", ["", "&unit=IA", "&unit=D2"])
def test_second_cards_are_listed_with_their_locals(as_reader: Reader, unit: str) -> None:
    sam = as_reader("sam")
    said = text_of(sam.get(f"/reports/second-cards?path=ai-fundamentals&{DAY}{unit}").text)
    assert "The locals add up to 1 more than the people: 1 person is in scope through cards in several of them." in said
    assert "Ben Example 0002 Local 80 · Studio Grips , Local 700 · Motion Picture Editors Guild" in said
    rows = rows_of(sam.get(f"/reports/second-cards.csv?path=ai-fundamentals&{DAY}{unit}").text)
    assert [(row["member_number"], row["locals"], row["counted"]) for row in rows] == [("0002", "80, 700", "2")]


def test_second_cards_of_a_craft_a_day_and_what_was_known(as_reader: Reader) -> None:
    sam = as_reader("sam")
    for query in ("craft=grip", "as_of=2021-12-31", "known=2020-01-01"):
        said = text_of(sam.get(f"/reports/second-cards?path=ai-fundamentals&{query}").text)
        assert "No one is in scope through cards in several locals" in said, query


@pytest.mark.parametrize(
    "query",
    ["path=nothing", "path=", "path=%00", "path=ai-hours&unit=80", "path=ai-hours&unit=nowhere", "path=ai-hours&unit=%00"],
)
def test_second_cards_of_nothing_are_not_found(as_reader: Reader, query: str) -> None:
    assert as_reader("sam").get(f"/reports/second-cards?{query}").status_code == 404


# --- The tabs ----------------------------------------------------------------------------------------------------------

TABS = {
    "sam": ["Coverage", "Compare", "Priorities", "Access", "Frozen reports"],
    "otto": ["Coverage", "Compare", "Priorities", "Access", "Frozen reports"],
    "dora": ["Coverage", "Compare", "Frozen reports"],
    "ben": ["Coverage", "Compare", "Frozen reports"],
}


@pytest.mark.parametrize("name", sorted(TABS))
def test_the_tabs_lead_only_where_a_reader_may_go(as_reader: Reader, name: str) -> None:
    page = as_reader(name).get("/reports/").text
    tabs = page[page.index('aria-label="Reports"') :]
    tabs = tabs[: tabs.index("</nav>")]
    assert re.findall(r"<a href=[^>]+>([^<]+)</a>", tabs) == TABS[name]
    assert 'href="/reports/" aria-current="page">Coverage' in tabs


def test_the_tabs_keep_the_day_and_the_floor(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&floor=claimed").text
    assert 'href="/reports/compare?as_of=2026-02-28&amp;floor=claimed">Compare' in page


# --- As a picture ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["", "kind=local", "district=D2&craft=grip", "sector=Stage&sort=-ai-fundamentals", "form=x"]
)
def test_the_map_as_a_picture_asks_the_same(as_reader: Reader, query: str) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&{query}").text
    link = re.search(r'href="(charts/heat[^"]*)">This map as a picture', page)
    assert link is not None
    answer = as_reader("sam").get(f"/reports/{html.unescape(link[1])}")
    assert answer.status_code == 200
    assert as_reader("sam").get(f"/reports/{html.unescape(link[1]).replace('heat', 'heat.json')}").status_code == 200
