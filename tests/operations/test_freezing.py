"""Freezing a report: what is in it, what is hidden, what becomes of it when facts come later; on both engines."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import zipfile
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.operations.conftest import Desk
from tracker.coverage.catalogue import find_path
from tracker.coverage.derivation import current_policy
from tracker.coverage.finding import find_unit
from tracker.coverage.frozen.checking import Damaged, damages, examine_frozen, frozen_file, match_of
from tracker.coverage.frozen.denominators import denominators
from tracker.coverage.frozen.listing import frozen_page, manifest_of
from tracker.coverage.frozen.pack import ARCHIVE, MANIFEST, Pack, pack_of
from tracker.coverage.frozen.reading import pack_figures
from tracker.coverage.frozen.restating import Restatement, headline_changed, restatement
from tracker.coverage.frozen.touching import Touch, counts_of, touch_page, touches
from tracker.coverage.local.denominator import denominator
from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, FrozenReport, LearningPath, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.freezing import figures_to_freeze, kept_pack, new_code, record_frozen, sweep_orphans
from tracker.operations.refused import Refused

PATH = "ai-hours"
SINCE = timedelta(hours=1)


def people(desk: Desk, local: str, craft: str, first: int, number: int, status: str = "active") -> None:
    desk.roster(
        "".join(
            f"{first + n},Anna{first + n},Secretname,,{local},{craft},{status},member,2025-01-01,,\n" for n in range(number)
        )
    )


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    return tmp_path / "frozen"


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Local 80 has seven grips and two editors, Local 700 thirty camera people; everyone is asked; three have done it."""
    people(desk, "80", "grip", 1000, 7)
    people(desk, "80", "editing", 1100, 2)
    people(desk, "700", "camera", 2000, 30)
    people(desk, "80", "grip", 1200, 1, status="retired")
    desk.assign("set-safety", units=["80", "700"], on=date(2025, 2, 1))
    return desk


def freeze(desk: Desk, frozen: Path, unit: str = "80", **said: object) -> FrozenReport:
    with desk.app.app_context():
        now = desk.now
        with writing(alone=True) as session:
            path = find_path(session, str(said["path"])) if said.get("path") else None
            figures = figures_to_freeze(
                session,
                title=str(said.get("title", "For the table")),
                unit=find_unit(session, unit),
                path=path,
                as_of=said.get("as_of", desk.today),
                floor=said.get("floor", Assurance.REVIEWED),
                today=desk.today,
                now=now,
            )
        code, its_id = new_code(), new_id()
        pack = pack_of(figures, title="For the table", code=code, body="Local 80")
        with kept_pack(frozen, its_id, pack.files), writing() as session:
            return record_frozen(session, its_id, figures, pack, OPERATOR, title="For the table", code=code)


def rows(frozen: Path, report: FrozenReport, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(frozen_file(frozen, report, name).decode(), newline="")))


def since(desk: Desk, report: FrozenReport) -> list[Touch]:
    with desk.session() as session:
        paths = [path.id for path in session.scalars(select(LearningPath))]
        return touches(session, report.unit_id, paths, as_of=report.as_of, since=report.frozen_at)


def became(desk: Desk, report: FrozenReport, frozen: Path) -> Restatement:
    with desk.session() as session:
        return restatement(session, report, frozen)


def later(desk: Desk) -> None:
    """An hour passes: what is recorded now is recorded after the freezing."""
    type(desk).now = property(lambda self: datetime.combine(self.today, datetime.min.time(), UTC) + timedelta(hours=13))  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def clock() -> object:
    kept = Desk.now
    yield
    Desk.now = kept  # type: ignore[method-assign]


def test_a_frozen_report_holds_its_figures_its_method_and_a_hash_of_all(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    files = {each.name: each for each in manifest_of(report).files}
    assert set(files) == {
        "assurance.csv", "coverage.csv", "crafts.csv", "denominators.csv", "method.txt", "report.pdf", "trend.csv"
    }  # fmt: skip
    for name, line in files.items():
        content = frozen_file(frozen, report, name)
        assert (len(content), sha256(content).hexdigest()) == (line.size, line.sha256)
    assert sha256(frozen_file(frozen, report, MANIFEST)).hexdigest() == report.sha256
    assert json.loads(report.manifest)["floor"] == "reviewed"
    assert frozen_file(frozen, report, "report.pdf").startswith(b"%PDF")
    method = frozen_file(frozen, report, "method.txt").decode()
    assert "Version 1, for all days" in method
    assert f"/frozen/{report.code}" in method
    (line,) = rows(frozen, report, "coverage.csv")
    assert (line["unit"], line["in_scope"], line["covered"], line["shown"]) == ("80", "9", "0", "")
    assert report.known is None
    assert report.frozen_at == full.now


def test_nobodys_name_is_in_any_file(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    for each in (*(line.name for line in manifest_of(report).files), MANIFEST):
        content = frozen_file(frozen, report, each)
        assert b"Secretname" not in content
        assert b"Anna" not in content


def test_a_small_craft_is_hidden_with_the_next_smallest(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    found = {line["craft"]: line for line in rows(frozen, report, "crafts.csv")}
    assert {craft: (line["in_scope"], line["covered"], line["shown"]) for craft, line in found.items()} == {
        "editing": ("", "", "hidden"),
        "grip": ("", "", "hidden"),
    }


def test_a_denominator_does_not_tell_how_few_are_retired(full: Desk, frozen: Path) -> None:
    told = {line["who"]: (line["members"], line["shown"]) for line in rows(frozen, freeze(full, frozen), "denominators.csv")}
    assert told["with the status retired"] == ("", "hidden")
    assert told["hold a card here"] == ("", "hidden"), "less those in scope it would tell"
    assert told["in scope"] == ("9", "")


def test_a_district_hides_its_small_local_and_another(full: Desk, frozen: Path) -> None:
    people(full, "15", "sound", 3000, 3)
    full.assign("set-safety", units=["15"], on=date(2025, 2, 1))
    report = freeze(full, frozen, "IA")
    found = {line["unit"]: line["shown"] for line in rows(frozen, report, "coverage.csv") if line["path"] == "set-safety"}
    assert found["15"] == "hidden"
    assert found["IA"] == ""
    assert sum(shown == "hidden" for shown in found.values()) >= 2


def test_the_denominators_of_all_paths_are_those_of_each(full: Desk) -> None:
    full.exempt("1000", "set-safety", date(2025, 1, 1))
    full.assign("ai-fundamentals", members=["1200", "2000"], on=date(2025, 2, 1))
    with full.session() as session:
        policy = current_policy(session)
        paths = session.scalars(select(LearningPath)).all()
        for number in ("80", "700", "IA"):
            unit = find_unit(session, number)
            found = denominators(session, unit.id, [path.id for path in paths], full.today, policy)
            for path in paths:
                one = denominator(session, unit, path, full.today, policy)
                assert (found[path.id].with_card, found[path.id].in_scope) == (one.with_card, one.in_scope)
                assert sorted(found[path.id].left_out) == sorted(one.left_out)


def test_the_same_moment_gives_the_same_files(full: Desk) -> None:
    def pack() -> Pack:
        with full.session() as session:
            unit = find_unit(session, "80")
            figures = pack_figures(session, unit, None, as_of=full.today, floor=Assurance.REVIEWED, frozen_at=full.now)
            return pack_of(figures, title="For the table", code="code", body="Local 80")

    one, other = pack(), pack()
    assert {name: content for name, content in one.files.items() if name.endswith((".csv", ".txt"))} == {
        name: content for name, content in other.files.items() if name.endswith((".csv", ".txt"))
    }


def test_the_archive_is_the_same_whenever_it_is_made(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    content = frozen_file(frozen, report, ARCHIVE)
    assert content == frozen_file(frozen, report, ARCHIVE)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read(MANIFEST) == report.manifest.encode()
        assert archive.namelist() == sorted(archive.namelist())
    assert match_of(report, sha256(content).hexdigest(), frozen).file == ARCHIVE


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"title": " "}, "no_title"),
        ({"title": "x" * 151}, "long_title"),
        ({"as_of": date(2200, 1, 1)}, "impossible_day"),
        ({"path": "ai-hours"}, "no_one_asked"),
        ({"as_of": date(2024, 1, 1)}, "no_one_asked"),
    ],
)
def test_what_cannot_be_frozen_is_refused(full: Desk, frozen: Path, said: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        freeze(full, frozen, **said)
    assert refusal.value.code == code
    assert not frozen.exists()


def test_a_day_to_come_is_refused(full: Desk, frozen: Path) -> None:
    with pytest.raises(Refused) as refusal:
        freeze(full, frozen, as_of=full.today + timedelta(days=1))
    assert refusal.value.code == "day_to_come"


def test_a_unit_of_a_few_is_not_frozen(desk: Desk, frozen: Path) -> None:
    people(desk, "80", "grip", 1000, 4)
    desk.assign("set-safety", units=["80"], on=date(2025, 2, 1))
    with pytest.raises(Refused) as refusal:
        freeze(desk, frozen)
    assert refusal.value.code == "small_group"


def test_freezing_is_written_down(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    with full.session() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "freeze_report")).one()
        assert (entry.object_id, entry.detail["sha256"]) == (report.id, report.sha256)
        assert [row.report.id for row in frozen_page(session, None).rows] == [report.id]
        assert frozen_page(session, {0}).rows == []


# --- Restated since --------------------------------------------------------------------------------------------------------


def test_nothing_recorded_since_restates_nothing(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    assert not became(full, report, frozen).is_restated
    assert since(full, report) == []
    with full.session() as session:
        assert headline_changed(session, [report]) == set()


def complete(desk: Desk, member: str) -> None:
    with desk.session() as session:
        path = find_path(session, "set-safety")
        codes = [each.course.code for section in path.versions[-1].sections for each in section.courses]
    for code in codes:
        desk.log(member, code, desk.today - timedelta(days=20), Assurance.REVIEWED)


def test_a_late_completion_restates_and_a_void_takes_it_back(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    before = {each.name: frozen_file(frozen, report, each.name) for each in manifest_of(report).files}
    later(full)
    complete(full, "1000")
    after = became(full, report, frozen)
    (line,) = [each for each in after.whole if each.is_other]
    assert (line.then.covered(report.floor), line.now.covered(report.floor), line.now.in_scope) == (0, 1, 9)
    assert {(touch.kind, touch.is_new) for touch in since(full, report)} == {("completion", True)}
    with full.session() as session:
        assert headline_changed(session, [report]) == {report.id}
        page = touch_page(session, since(full, report))
        assert page.rows[0].member.number == "1000"
        assert "recorded since" in page.rows[0].words
    assert {each.name: frozen_file(frozen, report, each.name) for each in manifest_of(report).files} == before


def test_a_completion_voided_since_restates(full: Desk, frozen: Path) -> None:
    complete(full, "1000")
    with full.session() as session:
        course = find_path(session, "set-safety").versions[-1].sections[0].courses[0].course.code
    report = freeze(full, frozen)
    later(full)
    full.void("1000", course)
    assert became(full, report, frozen).is_restated
    assert counts_of(since(full, report)) == [("completion", False, 1)]


def test_a_card_and_an_exemption_recorded_since_restate(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    later(full)
    people(full, "80", "grip", 1900, 1)
    full.exempt("1001", "set-safety", date(2025, 3, 1))
    kinds = {(kind, is_new) for kind, is_new, _ in counts_of(since(full, report))}
    assert {("membership", True), ("exemption", True)} <= kinds


def test_what_bears_on_another_day_or_another_unit_is_not_listed(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen, as_of=full.today - timedelta(days=40))
    later(full)
    complete(full, "1000")  # on a later day than the report's
    complete(full, "2000")  # of another local
    assert since(full, report) == []
    assert not became(full, report, frozen).is_restated


def test_what_is_asked_or_excused_on_another_locals_card_is_not_listed(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    later(full)
    full.roster("1000,Anna1000,Secretname,,700,camera,active,member,2025-01-01,,\n")
    full.exempt("1000", "set-safety", date(2025, 3, 1), unit="700")
    assert since(full, report) == []
    assert not became(full, report, frozen).is_restated
    full.exempt("1001", "set-safety", date(2025, 3, 1), unit="80")
    assert [(touch.kind, touch.is_new) for touch in since(full, report)] == [("exemption", True)]


def test_a_card_that_ends_after_the_day_is_no_change_of_it(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen, as_of=full.today - timedelta(days=40))
    later(full)
    full.roster(f"1000,Anna1000,Secretname,,80,grip,active,member,2025-01-01,{full.today},\n")
    assert since(full, report) == []


def test_what_was_hidden_stays_hidden_when_it_grows(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    later(full)
    people(full, "80", "editing", 1950, 20)
    after = became(full, report, frozen)
    assert after.is_restated
    assert after.parts == [], "of a craft that was hidden nothing is told"


# --- Files that are not as they were ---------------------------------------------------------------------------------------


def test_a_changed_or_missing_file_is_told(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    assert damages(frozen, report) == []
    file = frozen / str(report.id) / "coverage.csv"
    file.write_bytes(file.read_bytes().replace(b"9", b"8", 1))
    (frozen / str(report.id) / "method.txt").unlink()
    assert damages(frozen, report) == ["coverage.csv is not the file that was frozen", "method.txt is missing"]
    with pytest.raises(Damaged):
        frozen_file(frozen, report, "coverage.csv")
    with full.session() as session:
        assert [finding.is_wrong for finding in examine_frozen(session, frozen)] == [True, True]
    after = became(full, report, frozen)
    assert not after.is_readable
    assert not after.is_restated


def test_a_manifest_changed_in_the_database_is_told(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    with full.write() as session:
        row = session.get(FrozenReport, report.id)
        row.manifest = row.manifest.replace("For the table", "For another")
    with full.session() as session:
        found = damages(frozen, session.get(FrozenReport, report.id))
    assert found == [
        "the manifest in the database is not the one that was frozen",
    ]


def test_a_row_that_is_not_recorded_leaves_no_files(full: Desk, frozen: Path) -> None:
    def fail() -> None:
        with kept_pack(frozen, 7, {"a.csv": b"a"}):
            assert (frozen / "7" / "a.csv").read_bytes() == b"a"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(frozen.iterdir()) == []


def test_what_a_dead_process_left_is_swept(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    with kept_pack(frozen, 7, {"a.csv": b"a"}):
        pass
    with full.session() as session:
        assert [finding.is_wrong for finding in examine_frozen(session, frozen)] == [False]
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert sweep_orphans(frozen, [report.id], datetime.now(UTC) - SINCE) == []
    assert sweep_orphans(frozen, [report.id], soon) == ["7"]
    assert damages(frozen, report) == []


def test_the_hash_is_what_a_reader_works_out_by_hand(full: Desk, frozen: Path) -> None:
    report = freeze(full, frozen)
    done = subprocess.run(["sha256sum", str(frozen / str(report.id) / MANIFEST)], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == report.sha256
