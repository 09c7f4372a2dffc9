"""Exports of programs that nobody here has seen: they go in by what a person says of them, without a line of code."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from tracker.curriculum.words import Assurance
from tracker.intake.accounts import read_accounts
from tracker.intake.completions import read_completions
from tracker.intake.guessing import look
from tracker.intake.reading import Reading
from tracker.intake.roster import read_roster
from tracker.operations.rows import AccountRow, CompletionRow, NotACompletion, RosterRow, RowFaults

FILES = Path(__file__).parent / "files"
TODAY = date(2026, 11, 21)


def told(content: bytes, reading: Reading, file_name: str = "export.csv") -> list[tuple[object, ...]]:
    """What came of each row: its line, and the learner, course and day; or why it is no completion; or its faults."""
    found: list[tuple[object, ...]] = []
    for row in read_completions(content, file_name, TODAY, reading):
        if isinstance(row, CompletionRow):
            learner = row.member_number or row.provider_id or row.email or row.learner_name
            found.append((row.line, learner, row.course_id or row.course, str(row.completed_on)))
        elif isinstance(row, NotACompletion):
            found.append(tuple(row))
        else:
            found.append((row.line, *((fault.column, fault.value) for fault in row.faults)))
    return found


def workbook(*rows: Sequence[object]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet("Export")
    for place, row in enumerate(rows):
        sheet.write_row(place, 0, row)
    book.close()
    return content.getvalue()


def test_a_german_platform_with_semicolons_decimal_commas_and_dotted_days() -> None:
    content = (
        "Teilnehmer;E-Mail-Adresse;Kurs;Abgeschlossen am;Fortschritt;Punktzahl\r\n"
        '"Fauxfoley, Zoë";zoe@example.org;Grundlagen der KI;09.03.2026 14:05;100,0 %;87,5\r\n'
        "Ben Beispiel;ben@example.org;Grundlagen der KI;25.03.2026 09:00;100,00 %;61,0\r\n"
        "Cleo Beispiel;cleo@example.org;Grundlagen der KI;;33,3 %;\r\n"
        "Dora Beispiel;dora@example.org;Grundlagen der KI;31.02.2026;100 %;\r\n"
    ).encode("utf-8-sig")
    columns = {"name": "Teilnehmer", "email": "E-Mail-Adresse", "course": "Kurs", "percent": "Fortschritt"}
    reading = Reading(columns={**columns, "completed_on": "Abgeschlossen am"})
    assert told(content, reading) == [
        (2, "zoe@example.org", "Grundlagen der KI", "2026-03-09"),
        (3, "ben@example.org", "Grundlagen der KI", "2026-03-25"),
        (4, "33.3 % of the course"),
        (5, ("Abgeschlossen am", "31.02.2026")),
    ]
    (first, *_) = read_completions(content, "export.csv", TODAY, reading)
    assert isinstance(first, CompletionRow) and first.learner_name == "Zoë Fauxfoley"
    assert look(content, "export.csv", "completions").guess == reading.columns


def test_a_grade_export_of_one_course_with_dashes_where_there_is_nothing() -> None:
    content = (
        '"First name",Surname,"ID number",Institution,"Email address","Course total (Percentage)","Completed"\n'
        'Testy,McGaffer,00123,,testy@example.org,"100.00 %","Monday, 9 March 2026, 8:01 PM"\n'
        'Zoë,Fauxfoley,00124,,zoe@example.org,"45.00 %",-\n'
        "Sam,Dummyworth,-,,-,-,-\n"
        'Una,Named,-,,-,"100.00 %","Tuesday, 10 March 2026, 12:00 AM"\n'
    ).encode()
    columns = {"first_name": "First name", "last_name": "Surname", "member_number": "ID number", "email": "Email address"}
    reading = Reading(
        columns={**columns, "percent": "Course total (Percentage)", "completed_on": "Completed"},
        constants={"course": "osha-10"},
    )
    assert told(content, reading) == [
        (2, "00123", "osha-10", "2026-03-09"),
        (3, "45 % of the course"),
        (4, "not begun"),
        (5, "Una Named", "osha-10", "2026-03-10"),
    ]


def test_a_progress_report_whose_last_column_has_no_heading() -> None:
    content = (
        b',"ID number","Email address",Quiz,,"Course complete",\n'
        b'Ana Example,0001,ana@example.org,Completed,"Monday, 9 March 2026, 8:01 PM",'
        b'Completed,"Tuesday, 10 March 2026, 8:01 PM"\n'
        b"Hal Example,0008,,Not completed,,Not completed,\n"
        b'Ben, Example,0002,,Completed,"Monday, 9 March 2026, 8:01 PM",Completed,"Monday, 9 March 2026, 8:01 PM"\n'
    )
    columns = {"member_number": "ID number", "percent": "Course complete", "completed_on": "#7"}
    reading = Reading(columns=columns, constants={"course": "osha-10"})
    expected = [
        (2, "0001", "osha-10", "2026-03-10"),
        (3, "not completed"),
        (4, ("", "Monday, 9 March 2026, 8:01 PM")),  # a comma too many
    ]
    assert told(content, reading) == expected
    none_yet = b"\n".join(content.splitlines()[::2])  # nobody has completed: the column's place is known all the same
    assert told(none_yet, reading) == [(2, "not completed")]


def test_a_note_beside_the_table_of_a_workbook_is_a_column_without_a_heading() -> None:
    content = workbook(
        ("Card", "Class", "Day"),
        ("0001", "osha-10", "2026-03-09"),
        ("0002", "osha-10", "2026-03-10", "", "paid cash"),
        *((f"{number:04}", "osha-10", "2026-03-10") for number in range(3, 40)),
        ("0040", "osha-10", "2026-03-10", "", "", "came late"),
    )
    reading = Reading(columns={"member_number": "Card", "course": "Class", "completed_on": "Day"})
    found = told(content, reading, "sheet.xlsx")
    assert len(found) == 40
    assert found[1::38] == [(3, "0002", "osha-10", "2026-03-10"), (41, "0040", "osha-10", "2026-03-10")]


def test_a_transcript_with_a_title_and_two_heading_rows() -> None:
    content = (
        "Transcript Report,,,,,,\n"
        "Run on 3/30/2026,,,,,,\n"
        "\n"
        "User,,,Training,,Transcript,\n"
        "ID,Full Name,Email,Title,ID,Status,Completed Date\n"
        '7001,"McGaffer, Testy",testy@example.org,Rigging Safety,RS-1,Completed,3/9/2026 11:59 PM\n'
        '7002,"Fauxfoley, Zoë",zoe@example.org,Rigging Safety,RS-1,In Progress,\n'
        '7003,"Propsmith, P",p@example.org,Rigging Safety,RS-1,Completed (Equivalent),3/25/2026\n'
    ).encode()
    columns = {"learner_id": "User ID", "email": "Email", "course": "Title", "course_id": "Training ID"}
    reading = Reading(
        columns={**columns, "percent": "Status", "completed_on": "Completed Date"},
        values={"percent": {"completed (equivalent)": "100"}},
    )
    assert told(content, reading) == [
        (6, "7001", "RS-1", "2026-03-09"),
        (7, "in progress"),
        (8, "7003", "RS-1", "2026-03-25"),
    ]


def test_a_table_in_utf_16_with_tabs_and_oracle_s_days() -> None:
    content = (
        "EMPLOYEE_NUMBER\tLEARNER_NAME\tACTIVITY_CODE\tACTIVITY_NAME\tCOMPLETION_DATE\tSCORE\r\n"
        "IA-0000001\tTesty McGaffer\tOSHA-10\tOSHA 10, Construction\t09-MAR-2026\t92\r\n"
        "IA-0000002\tZoë Fauxfoley\tOSHA-10\tOSHA 10, Construction\t09-MAR-26\t71\r\n"
    ).encode("utf-16")
    columns = {"learner_id": "Employee Number", "name": "learner name", "course_id": "ACTIVITY_CODE"}
    reading = Reading(columns={**columns, "completed_on": "COMPLETION_DATE"}, assurance=Assurance.PROVIDER)
    assert told(content, reading) == [
        (2, "IA-0000001", "OSHA-10", "2026-03-09"),
        (3, "IA-0000002", "OSHA-10", "2026-03-09"),
    ]
    reader = read_completions(content, "export.tsv", TODAY, reading)
    assert reader.dropped == ["ACTIVITY_NAME", "SCORE"]
    assert {row.assurance for row in reader if isinstance(row, CompletionRow)} == {Assurance.PROVIDER}


def test_registrations_with_moments_in_utc() -> None:
    content = (
        "registrationId,learnerId,learnerFirstName,learnerLastName,courseId,courseTitle,registrationCompletion,completedDate\n"
        "r-1,testy@example.org,Testy,McGaffer,c-1,AI Literacy,COMPLETED,2026-03-10T04:01:44.000Z\n"
        "r-2,zoe@example.org,Zoë,Fauxfoley,c-1,AI Literacy,INCOMPLETE,\n"
        "r-3,sam@example.org,Sam,Dummyworth,c-1,AI Literacy,COMPLETED,2026-03-08T09:59:59Z\n"
    ).encode()
    columns = {"email": "learnerId", "course_id": "courseId", "course": "courseTitle", "external_id": "registrationId"}
    columns |= {"percent": "registrationCompletion", "completed_on": "completedDate"}
    assert told(content, Reading(columns=columns, time_zone="America/Los_Angeles")) == [
        (2, "testy@example.org", "c-1", "2026-03-09"),
        (3, "incomplete"),
        (4, "sam@example.org", "c-1", "2026-03-08"),
    ]
    guess = look(content, "export.csv", "completions")
    assert [need.field for need in guess.needs] == ["time_zone"]
    assert guess.guess["email"] == "learnerId" and guess.guess["completed_on"] == "completedDate"


def test_a_french_export_in_windows_letters_with_months_in_words() -> None:
    content = (
        "Prénom;Nom;Courriel;Titre de la formation;Date d'achèvement;État;Section locale\r\n"
        "Zoë;Fauxfoley;zoe@example.org;Littératie en IA;9 mars 2026;Réussi;Section locale 667\r\n"
        "Émile;Exemple;emile@example.org;Littératie en IA;1er août 2026 à 14 h 30;Terminé;667\r\n"
        "Jo;Exemple;jo@example.org;Littératie en IA;;En cours;667\r\n"
        "Al;Exemple;al@example.org;Littératie en IA;30 février 2026;Réussi;667\r\n"
    ).encode("cp1252")
    columns = {"first_name": "Prénom", "last_name": "Nom", "email": "Courriel", "course": "Titre de la formation"}
    columns |= {"completed_on": "Date d'achèvement", "percent": "État", "local": "Section locale"}
    assert told(content, Reading(columns=columns)) == [
        (2, "zoe@example.org", "Littératie en IA", "2026-03-09"),
        (3, "emile@example.org", "Littératie en IA", "2026-08-01"),
        (4, "en cours"),
        (5, ("Date d'achèvement", "30 février 2026")),
    ]
    assert look(content, "export.csv", "completions").guess == columns
    (first, *_) = read_completions(content, "export.csv", TODAY, Reading(columns=columns))
    assert isinstance(first, CompletionRow)
    assert (first.learner_name, first.learner_local) == ("Zoë Fauxfoley", "Section locale 667")


def test_a_workbook_with_serial_days_and_fractions() -> None:
    content = workbook(
        ["Username", "Item Title", "Last Completed On", "% Complete"],
        ["IA-1", "What Is Generative AI?", 46090, 1],
        ["IA-2", "What Is Generative AI?", 46090.8343, 1.0],
        ["IA-3", "What Is Generative AI?", "", 0.4],
        ["IA-4", "What Is Generative AI?", 3, 1],
    )
    columns = {"learner_id": "Username", "course": "Item Title", "completed_on": "Last Completed On"}
    reading = Reading(columns={**columns, "percent": "% Complete"})
    assert told(content, reading, "export.xlsx") == [
        (2, "IA-1", "What Is Generative AI?", "2026-03-09"),
        (3, "IA-2", "What Is Generative AI?", "2026-03-09"),
        (4, "40 % of the course"),
        (5, ("Last Completed On", "3")),
    ]


def test_a_workbook_with_real_days() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "d.m.yy hh:mm"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Learner e-mail", "Class", "When"])
    sheet.write_row(1, 0, ["ana@example.org", "OSHA 10", datetime(2026, 3, 9, 23, 59)])
    book.close()
    reading = Reading(columns={"email": "Learner e-mail", "course": "Class", "completed_on": "When"})
    assert told(content.getvalue(), reading, "x.xlsx") == [(2, "ana@example.org", "OSHA 10", "2026-03-09")]


def test_a_spanish_export_with_pipes_and_two_columns_of_one_name() -> None:
    content = (
        "Nombre|Correo electrónico|Nombre|Fecha de finalización|Progreso\n"
        "Juana de la Cruz|juana@example.org|Alfabetización en IA|9 de marzo de 2026|Completado\n"
        "Sam Ejemplo|sam@example.org|Alfabetización en IA|–|No iniciado\n"
    ).encode()
    columns = {"name": "Nombre #1", "email": "Correo electrónico", "course": "Nombre #2"}
    columns |= {"completed_on": "Fecha de finalización", "percent": "#5"}
    assert told(content, Reading(columns=columns)) == [
        (2, "juana@example.org", "Alfabetización en IA", "2026-03-09"),
        (3, "no iniciado"),
    ]


def test_a_sign_in_sheet_of_one_class_on_one_day() -> None:
    content = b"Card;Name\n0123;Ana Example\n;\n0124;Ben Example\n"
    reading = Reading(
        columns={"member_number": "Card", "name": "Name"}, constants={"course": "osha-10", "completed_on": "2026-03-09"}
    )
    assert told(content, reading) == [(2, "0123", "osha-10", "2026-03-09"), (4, "0124", "osha-10", "2026-03-09")]


def test_moments_as_numbers_and_a_column_for_the_certificate() -> None:
    content = b"user,activity,ts,cert\nana@example.org,a,1773115304,https://x.org/c/1\nben@example.org,a,1773115304000,no\n"
    columns = {"email": "user", "course": "activity", "completed_on": "ts", "evidence_url": "cert"}
    assert told(content, Reading(columns=columns, time_zone="America/Los_Angeles")) == [
        (2, "ana@example.org", "a", "2026-03-09"),
        (3, ("cert", "no")),
    ]


# --- Rosters --------------------------------------------------------------------------------------------------------------


def test_a_personnel_file_of_another_union_program_for_one_local() -> None:
    content = (
        "Member Number,Employment Number,First Name,Middle Name,Last Name,Occupation,Work Level,Address 1,City,"
        "Primary Email,Secondary Email\n"
        "00123,E-1,Testy,Q,McGaffer,Electrics,A,1 Faux St,Springfield,testy@example.org,\n"
        "00124,E-2,Zoë,,Fauxfoley,Sound,B,,,zoe@example.org,other@example.org\n"
    ).encode()
    columns = {"member_number": "Member Number", "first_name": "First Name", "last_name": "Last Name"}
    columns |= {"email": "Primary Email", "craft": "Occupation"}
    reader = read_roster(content, "p.csv", Reading(columns=columns, constants={"local": "600", "status": "active"}))
    assert {"Address 1", "City", "Secondary Email", "Middle Name"} <= set(reader.dropped)
    assert list(reader) == [
        RosterRow(2, "00123", "Testy", "McGaffer", "testy@example.org", "600", "Electrics", "active", "", None, None, None),
        RosterRow(3, "00124", "Zoë", "Fauxfoley", "zoe@example.org", "600", "Sound", "active", "", None, None, None),
    ]
    assert look(content, "p.csv", "roster").guess == columns


def test_a_local_s_own_roster_by_the_columns_that_are_guessed() -> None:
    content = (FILES / "roster_local_assumed.csv").read_bytes()
    seen = look(content, "local999.csv", "roster")
    assert seen.needs == [] and seen.words["status"][:2] == ["Active", "Second Card"]
    words = {"Second Card": "active", "honorable withdrawal": "withdrawn"}
    rows = list(read_roster(content, "local999.csv", Reading(columns=seen.guess, values={"status": words})))
    assert [(row.status, row.from_on, row.home) for row in rows if isinstance(row, RosterRow)] == [
        ("active", date(2011, 6, 14), None),
        ("active", date(2019, 2, 1), False),
        ("withdrawn", date(1999, 3, 1), None),
        ("retired", date(1984, 11, 2), None),
    ]


def test_a_roster_with_whole_names_and_its_own_words() -> None:
    content = (
        "No de membre;Nom complet;Section locale;Type;Membre depuis;Local d'attache\n"
        "12;Fauxfoley, Zoë;Local 667;Permis;3/1/99;667\n"
        "13;Vincent van Gogh;Local 667;;25/12/40;600\n"
        "14;Cher;;Patron;0026-01-01;\n"
    ).encode()
    columns = {"member_number": "No de membre", "name": "Nom complet", "local": "Section locale", "kind": "Type"}
    columns |= {"from_on": "Membre depuis", "home_local": "Local d'attache"}
    reading = Reading(columns=columns, values={"kind": {"permis": "permit"}})
    first, second, third = read_roster(content, "r.csv", reading)
    assert first == RosterRow(2, "12", "Zoë", "Fauxfoley", "", "Local 667", "", "", "permit", date(1999, 1, 3), None, True)
    assert isinstance(second, RosterRow)
    assert (second.first_name, second.last_name, second.from_on, second.home) == (
        "Vincent",
        "van Gogh",
        date(1940, 12, 25),
        False,
    )
    assert isinstance(third, RowFaults) and third.named == ("14", "", "")
    assert [(fault.column, fault.value) for fault in third.faults] == [
        ("Section locale", ""),
        ("Type", "Patron"),
        ("Membre depuis", "0026-01-01"),
    ]


# --- Accounts -------------------------------------------------------------------------------------------------------------


def test_linkedin_s_file_of_users_by_the_columns_that_are_guessed() -> None:
    content = (FILES / "linkedin_users_upload_2016.csv").read_bytes()
    seen = look(content, "users.csv", "accounts")
    assert seen.needs == []
    assert list(read_accounts(content, "users.csv", Reading(columns=seen.guess))) == [
        AccountRow(2, "", "", "testy.mcgaffer@example.org", "Testy McGaffer", True, None, None),
        AccountRow(3, "", "", "zoe.fauxfoley@example.org", "Zoë Fauxfoley", False, None, None),
    ]


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        ("Active", True),
        ("LICENSED", True),
        ("Invited", True),
        ("Oui", True),
        ("1", True),
        ("Disabled", False),
        ("no", False),
    ],
)
def test_an_account_is_open_or_closed_in_the_usual_words(status: str, is_open: bool) -> None:
    content = f"Email,Status,Invited,First login\na@b.org,{status},2026-01-02,Never\n".encode()
    seen = look(content, "a.csv", "accounts").guess
    values = {"activated_on": {"never": ""}}
    assert list(read_accounts(content, "a.csv", Reading(columns=seen, values=values))) == [
        AccountRow(2, "", "", "a@b.org", "", is_open, date(2026, 1, 2), None)
    ]


def test_accounts_without_a_status_are_open_and_faults_name_the_file_s_columns() -> None:
    content = b"Mail;User ID;Aktiviert\na@b.org;;32.01.2026\n;;02.01.2026\n;u1;30.01.2026\n"
    columns = {"email": "Mail", "learner_id": "User ID", "activated_on": "Aktiviert"}
    rows = list(read_accounts(content, "a.csv", Reading(columns=columns)))
    assert [[(each.column, each.value) for each in row.faults] for row in rows[:2] if isinstance(row, RowFaults)] == [
        [("Aktiviert", "32.01.2026")],
        [("Mail", "")],
    ]
    assert rows[2] == AccountRow(4, "", "u1", "", "", True, None, date(2026, 1, 30))


@pytest.mark.parametrize("status", ["", "Locked"])
def test_what_a_status_means_is_never_guessed(status: str) -> None:
    (row,) = read_accounts(
        f"Email,State\na@b.org,{status}\n".encode(), "a.csv", Reading(columns={"email": "Email", "status": "State"})
    )
    assert isinstance(row, RowFaults) and "--value 'status:" in row.faults[0].reason
