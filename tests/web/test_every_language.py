"""No page says anything that a translator would not see: each is read in a language that nobody speaks.

The routes are those of the application, so a new page is held to it by itself. What a page needs to be there (a member, a
rule, a frozen report) stands in the little union below; give a new kind of address its sample in `_samples`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import training_union
from another_tongue import TONGUE, page_of, read_in, teach
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import ask, train

from tests.pages import Samples, Those, address_of, pages_of, samples_of
from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.coverage.frozen.hiding import hidden_of
from tracker.coverage.frozen.pack import Pack, manifest_text, sha256_of
from tracker.curriculum.words import Assurance
from tracker.models import (
    ExportJob,
    JobState,
    Member,
    Unit,
    new_id,
    writing,
)
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import add_client
from tracker.operations.completions import log_completion
from tracker.operations.freezing import figures_to_freeze, new_code, record_frozen

READERS = ("ana", "ben", "dora", "sam", "otto", "ada", "noor", "")  # the last has not signed in

# Pages that still say something in English. This list only ever grows shorter.
NOT_YET: frozenset[str] = frozenset()

# Pages of which the little union below holds no sample, so that only their "not found" is read here.
NO_SAMPLE = frozenset(
    {
        "account.code",
        "account.link",
        "account.link_form",
        "account.provider",
        "account.provider_back",
        "account.revoke_own_token",
        "evidence.read",
        "locals.class_one",
        "locals.class_undo",
        "locals.correction",
        "members.one_proof",
        "notices.stop_page",
        "proofs.proof",
        "staff.asked_by_name",
        "staff.class_one",
        "staff.class_undo",
        "staff.correction",
        "staff.decide",
        "staff.desk_course",
        "staff.desk_learner",
        "staff.end_by_name",
        "staff.import_columns",
        "staff.import_job",
        "staff.import_rows",
        "staff.merged",
        "staff.proposed_void",
        "staff.simulated",
        "staff.simulated_people",
        "staff.unfinished_people",
        "tokens.revoke",
    }
)

_UNITS = {"IATSE": ("0", "Весь союз"), "2": ("2", "Второй округ"), "80": ("80", "Монтаж"), "600": ("600", "Камера")}

_COURSES = """
principles:
  - {code: p4, number: 4, title: Учёба, text: "У каждого есть право учиться."}
courses:
  - {code: c1, title: Основы, provider: Учитель, minutes: 60, language: en, url: "https://example.org/1", slugs: [c1]}
  - {code: c2, title: Честность, provider: Учитель, minutes: 45, language: en}
  - {code: c3, title: Вопросы, provider: Учитель, minutes: 30, language: en}
  - {code: c4, title: Картинки, provider: Учитель, minutes: 200, language: en}
  - {code: c5, title: Творчество, provider: Школа, minutes: 240, language: en, satisfies: [{course: c1}]}
  - {code: c6, title: Безопасность, provider: Школа, minutes: 120, language: en, valid_months: 12}
paths:
  - code: ai
    title: Азы
    description: Что надо знать
    principle: p4
    target: 0.8
    version: 1
    sections:
      - {title: Начало, need: all, courses: [c1, c2]}
      - {title: На выбор, need: {any: 1}, courses: [c3, c4]}
  - code: s1
    title: Площадка
    principle: p4
    version: 1
    sections:
      - {title: Осторожно, need: all, courses: [c6]}
"""

_ROSTER = """member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home
0012,Анна,Первая,ana@example.org,80,осветитель,active,member,2020-01-01,,yes
0034,Бо,Второй,bo@example.org,80,осветитель,active,member,2020-01-01,,yes
0034,Бо,Второй,bo@example.org,600,звук,active,member,2020-01-01,,no
0056,Цой,Третий,cy@example.org,600,звук,active,member,2020-01-01,,yes
0078,Дия,Четвёртая,dee@example.org,80,осветитель,withdrawn,member,2020-01-01,,yes
0091,Ева,Пятая,eva@example.org,80,монтёр,active,member,2020-01-01,,yes
0092,Жак,Шестой,zhak@example.org,80,монтёр,active,member,2020-01-01,,yes
0093,Зоя,Седьмая,zoya@example.org,80,монтёр,active,member,2020-01-01,,yes
"""


@pytest.fixture
def foreign_union(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The little union with its own words in Cyrillic letters. Some has been done in it, and its pages are in the tongue."""
    monkeypatch.setattr(training_union, "COURSES", _COURSES)
    monkeypatch.setattr(training_union, "ROSTER", _ROSTER)
    with app.app_context():
        with writing() as session:
            for unit in session.scalars(select(Unit)):
                unit.number, unit.name = _UNITS[unit.number]
                unit.number_key = unit.number
            ana = session.scalar(select(Member).where(Member.number == "0012"))
            assert ana
            ana.first_name, ana.last_name, ana.name_key = "Анна", "Первая", "первая анна"
        train()
        ask("s1", "0")
        _log("0012", ("c1", Assurance.CLAIMED), ("c2", Assurance.REVIEWED))
        _log("0034", ("c5", Assurance.REVIEWED), ("c2", Assurance.PROVIDER), ("c3", Assurance.PROVIDER))
        _log("0091", ("c1", Assurance.CLAIMED), ("c2", Assurance.CLAIMED), ("c3", Assurance.CLAIMED))
        _frozen()
        _log("0092", ("c1", Assurance.REVIEWED), ("c2", Assurance.REVIEWED), ("c4", Assurance.PROVIDER))
        with writing() as session:
            add_client(session, "Школьная программа", OPERATOR, now=datetime.now(UTC))
            session.add(_long_file(world.users["sam"]))
    teach(monkeypatch)
    return world


def _log(number: str, *done: tuple[str, Assurance]) -> None:
    for code, assurance in done:
        with writing() as session:
            log_completion(
                session,
                member=find_member(session, number),
                course=find_course(session, code),
                completed_on=date(2026, 1, 10),
                assurance=assurance,
                actor=OPERATOR,
                today=datetime.now(UTC).date(),
                now=datetime.now(UTC),
            )


def _frozen() -> None:
    """A frozen report, of whose files none is there: its page tells that too."""
    code, report_id = new_code(), new_id()
    today, now = datetime.now(UTC).date(), datetime.now(UTC)
    with writing(alone=True) as session:
        unit = session.scalar(select(Unit).where(Unit.number == "0"))
        assert unit
        figures = figures_to_freeze(
            session, title="Отчёт", unit=unit, path=None, as_of=today, floor=Assurance.REVIEWED, today=today, now=now
        )
        files = dict.fromkeys(("coverage.csv", "crafts.csv", "method.txt", "report.pdf"), b"")
        manifest = manifest_text(figures, hidden_of(figures), files, title="Отчёт", code=code, body="Весь союз")
        pack = Pack(files, manifest, sha256_of(manifest.encode()))
        record_frozen(session, report_id, figures, pack, OPERATOR, title="Отчёт", code=code)


def _long_file(user_id: int) -> ExportJob:
    now = datetime.now(UTC)
    return ExportJob(
        id=new_id(),
        address="/reports/coverage.csv",
        form="csv",
        state=JobState.RECORDED,
        file_name="coverage.csv",
        rows=12_000,
        message="",
        result={"reach": {}},
        requested_at=now,
        requested_by=user_id,
        changed_at=now,
    )


def _samples(app: Flask, world: World) -> Samples:
    those = Those(world.ana, world.users["ana"], number="80", district="2", path="ai", course="c1")
    return samples_of(app, those)


# What pages are asked besides, so that each shows more of itself: another day, another floor, a query that finds nothing.
_QUERIES = {
    "reports.overview": ["", "craft=осветитель", "q=нигде", "kind=local&as_of=2026-02-01&known=2026-02-01&floor=claimed"],
    "reports.compare": ["", "path=ai&then=2019-01-01&units=local&sort=unit", "restated=yes&units=international", "q=нигде"],
    "reports.district": ["", "path=s1&floor=provider"],
    "reports.path": ["", "q=нигде", "as_of=2019-01-01", "sort=unit"],
    "reports.push": ["", "target=100", "target=100&who=waiting", "path=s1", "path=s1&target=50&floor=provider"],
    "reports.district_push": ["", "path=s1", "target=50"],
    "reports.second_cards": ["path=s1", "path=ai"],
    "reports.sections": ["", "unit=80", "as_of=2019-01-01"],
    "reports.priorities": ["", "by=craft", "by=both&path=ai"],
    "reports.where_next": ["", "by=craft", "by=both&path=ai"],
    "reports.freeze": ["", "unit=2"],
    "reports.chart": ["unit=80&path=ai"],
    "reports.local": ["", "path=s1", "state=overdue", "left_out=withdrawn", "q=нигде"],
}


def _browser(app: Flask, name: str) -> Browser:
    browser = Browser(read_in(app.test_client()))
    if name:
        assert browser.sign_in(name).status_code == 303
    return browser


@pytest.mark.parametrize("name", READERS)
def test_every_page_is_in_one_language(app: Flask, foreign_union: World, name: str) -> None:
    browser, samples = _browser(app, name), _samples(app, foreign_union)
    found: dict[str, list[str]] = {}
    for rule in pages_of(app):
        address = address_of(app, rule, samples(rule))
        for query in _QUERIES.get(rule.endpoint, [""]):
            answer = browser.get(f"{address}?{query}" if query else address)
            if answer.mimetype != "text/html" or not answer.text or 300 <= answer.status_code < 400:
                continue
            page = page_of(answer.text)
            assert page.language == TONGUE.tag, f"{address} says that it is in {page.language}"
            if page.foreign:
                found.setdefault(rule.endpoint, []).extend(page.foreign)
    said = {page: sorted(set(texts)) for page, texts in found.items() if page not in NOT_YET}
    assert not said, "\n".join(f"{page}: {texts}" for page, texts in sorted(said.items()))


def test_every_page_is_read_by_someone(app: Flask, foreign_union: World) -> None:
    """Else the test above would read nothing of it but that it is not there."""
    samples, left = _samples(app, foreign_union), {rule.endpoint: rule for rule in pages_of(app)}
    for name in ("sam", "ana", "ben", "ada", ""):
        browser = _browser(app, name)
        for rule in list(left.values()):
            query = _QUERIES.get(rule.endpoint, [""])[0]
            answer = browser.get(f"{address_of(app, rule, samples(rule))}?{query}")
            if answer.status_code == 200 or (answer.status_code in (302, 303) and "/login" not in answer.location):
                del left[rule.endpoint]
    assert set(left) <= NO_SAMPLE, f"Give these a sample in `_samples`: {sorted(set(left) - NO_SAMPLE)}"
    assert set(left) == NO_SAMPLE, f"These have one by now: {sorted(NO_SAMPLE - set(left))}"
