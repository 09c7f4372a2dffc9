"""Every route of the application × every role × their own, another local's, and what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.access.asking import (
    OUTSIDERS,
    ROLES,
    SAFE,
    Answer,
    Asker,
    Kept,
    Key,
    bare,
    canaries_in,
    crossed,
    line_of,
    names_something,
    nowhere,
    rules_of,
    table,
    union_on,
    where,
)
from tests.access.planted import PATH
from tracker.models import db

# Who try a thing of their own beside one of another's: the rest have none of their own.
CROSSING = ("member", "viewer", "lead", "staff")
# What whoever holds its address may read, whosever it is.
BY_ADDRESS = frozenset({"proofs.proof", "checking.frozen_public", "checking.check_file"})


@dataclass
class Found:
    """What all the asking brought to light."""

    answers: dict[Key, dict[str, str]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)  # where another's does not answer like what is not there
    written: list[str] = field(default_factory=list)  # by a request that was refused
    looked: list[str] = field(default_factory=list)  # where looking wrote
    cached: list[str] = field(default_factory=list)  # what a browser may keep and show to the next person


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """Ask for everything, once for all the tests here."""
    with union_on("sqlite", request, tmp_path_factory.mktemp("routes")) as (asker, address):
        yield _asked(asker, Kept(address.removeprefix("sqlite:///")))


def _asked(asker: Asker, kept: Kept) -> Found:
    found, app, (own, other) = Found(), asker.app, (asker.planted.own, asker.planted.other)
    for (endpoint, method), rule in rules_of(app).items():
        row: dict[str, str] = {}
        for role in ROLES:
            addresses = [where(app, rule, own)]
            if names_something(rule):
                addresses += [where(app, rule, other), nowhere(app, rule, own)]
                addresses += crossed(app, rule, own, other) if role in CROSSING else ()
            answers = []
            for address in addresses:
                answer = asker.ask(role, method, address)
                if kept.was_written():
                    kept.restore()
                    if method == SAFE and endpoint not in BY_ADDRESS:
                        found.looked.append(f"{address} as {role}")
                    is_refused = answer.status == 404 or (role in OUTSIDERS and address != addresses[0])
                    if is_refused and endpoint not in BY_ADDRESS:
                        found.written.append(f"{method} {address} as {role}")
                if answer.status == 200 and "static" not in endpoint and not _is_personal(answer):
                    found.cached.append(f"{address} to {role}")
                if role in OUTSIDERS and endpoint not in BY_ADDRESS:
                    found.leaks += [f"{method} {address} to {role}: {each}" for each in canaries_in(answer, address)]
                answers.append(answer)
            row[role] = _cell(answers)
            if role in OUTSIDERS and len(addresses) > 1 and endpoint not in BY_ADDRESS:
                found.unlike += _unlike(f"{method} {endpoint} to {role}", addresses, answers)
        found.answers[endpoint, method] = row
    return found


def _cell(answers: list[Answer]) -> str:
    """What a role is answered: theirs, another's, nobody's."""
    codes = [str(each.status) for each in answers[:3]]
    return codes[0] if len({*codes}) == 1 else " ".join(codes)


def _is_personal(answer: Answer) -> bool:
    return answer.head.get("Cache-Control") == "no-store" and "Cookie" in answer.head.get("Vary", "")


def _unlike(what: str, addresses: list[str], answers: list[Answer]) -> list[str]:
    """Where another's, or theirs crossed with another's, is answered otherwise than what is not there."""
    nothing = bare(answers[2], addresses[2])
    seen = zip(addresses[1:2] + addresses[3:], answers[1:2] + answers[3:], strict=True)
    return [f"{what}: {address}" for address, answer in seen if bare(answer, address) != nothing]


def test_the_table_has_every_route_and_no_other(found: Found) -> None:
    known = table()
    missing = [line_of(key, answers) for key, answers in found.answers.items() if key not in known]
    assert not missing, "Judge these, then add them to routes.csv:\n" + "\n".join(missing)
    assert not known.keys() - found.answers.keys(), "routes.csv names what is gone"


def test_everyone_is_answered_as_the_table_says(found: Found) -> None:
    known = table()
    other = [
        f"{line_of(key, answers)}\n  the table: {line_of(key, known[key])}"
        for key, answers in found.answers.items()
        if key in known and answers != known[key]
    ]
    assert not other, "\n".join(other)


def test_no_byte_of_another_local_s_members_is_in_any_answer(found: Found) -> None:
    assert not found.leaks, "\n".join(found.leaks)


def test_what_is_another_s_answers_like_what_is_not_there(found: Found) -> None:
    assert not found.unlike, "\n".join(found.unlike)


def test_what_is_refused_writes_nothing(found: Found) -> None:
    assert not found.written, "\n".join(found.written)


def test_abuse_12_nothing_is_written_by_looking(found: Found) -> None:
    """Abuse 12: a picture on another site whose address changes something here. Only the trail notes what was opened."""
    assert not found.looked, "\n".join(found.looked)


def test_abuse_23_no_page_is_kept_for_the_next_person(found: Found) -> None:
    """Abuse 23: the back button, or a cache on the way, on a shared computer of the hall."""
    assert not found.cached, "\n".join(found.cached)


@pytest.mark.parametrize("form", ["page", "csv", "xlsx", "pdf"])
def test_a_name_is_seen_in_whatever_it_is_packed(form: str, union: Asker) -> None:
    """Else the tests above would find nothing because they look at nothing."""
    address = "/reports/locals/600" if form == "page" else f"/reports/locals/600/members.{form}"
    answer = union.ask("staff", SAFE, address)
    assert answer.status == 200
    assert canaries_in(answer, address)


@pytest.fixture(scope="module")
def union(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """The same on PostgreSQL, which is asked for less."""
    with union_on("postgresql", request, tmp_path_factory.mktemp("union")) as (asker, _address):
        yield asker


@pytest.mark.parametrize("role", ["member", "lead"])
def test_another_s_is_not_there_on_the_other_engine(union: Asker, role: str) -> None:
    """A thinner asking than above: only for what names something, and without their own."""
    app, own, other = union.app, union.planted.own, union.planted.other
    before, faults = _rows(app), []
    for (endpoint, method), rule in rules_of(app).items():
        if names_something(rule) and endpoint not in BY_ADDRESS:
            addresses = [where(app, rule, own), where(app, rule, other), nowhere(app, rule, own)]
            addresses += crossed(app, rule, own, other)
            answers = [union.ask(role, method, each) for each in addresses[1:]]
            faults += _unlike(f"{method} {endpoint}", addresses, [answers[0], *answers])
            for address, answer in zip(addresses[1:], answers, strict=True):
                faults += [f"{method} {address}: {each}" for each in canaries_in(answer, address)]
    assert not faults, "\n".join(faults)
    assert _rows(app) == before


@pytest.mark.parametrize("form", ["svg", "json", "png", "pdf"])
@pytest.mark.parametrize("name", ["trend", "assurance", "heat", "sections", "slope", "priorities"])
def test_no_chart_of_another_local_is_drawn(union: Asker, name: str, form: str) -> None:
    for role in ("viewer", "lead", "district"):
        theirs = union.ask(role, SAFE, f"/reports/charts/{name}.{form}?unit=600&path={PATH}")
        nobodys = union.ask(role, SAFE, f"/reports/charts/{name}.{form}?unit=999&path={PATH}")
        assert bare(theirs, "/?unit=600") == bare(nobodys, "/?unit=999")
        assert not canaries_in(theirs, "")


def _rows(app: Flask) -> dict[str, int]:
    """How many rows each table holds; refusals are noted in the audit trail."""
    with app.app_context():
        tables = [each for each in db.metadata.sorted_tables if not each.name.startswith("audit")]
        return {each.name: db.session.scalar(select(func.count()).select_from(each)) or 0 for each in tables}
