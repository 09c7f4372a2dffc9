"""A change of the catalogue, tried out on the page before anyone applies it."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from importing import tables
from little_union import Browser, World, token_on
from training_union import COURSES, POLICY, days_ago, now, today
from werkzeug.test import TestResponse

from tracker.curriculum.catalogue import read_catalogue
from tracker.intake import processes as starting
from tracker.intake.imports import import_completions
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import apply_catalogue

Sign = Callable[[str], Browser]

MORE = COURSES.replace("version: 1\n", "version: 2\n    change: require\n    target: 0.3\n", 1).replace(
    "courses: [basics, ethics]", "courses: [basics, ethics, safety]"
)


@pytest.fixture
def sam(app: Flask, union: World, signed_in: Sign) -> Browser:
    """Ana has done the path that Local 80 asks for."""
    with app.app_context(), writing(alone=True) as session:
        head = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"
        done = "".join(f"0012,,{course},{days_ago(9)},reviewed,,\n" for course in ("basics", "ethics", "prompts"))
        import_completions(session, (head + done).encode(), "done.csv", OPERATOR, today=today(), now=now())
    return signed_in("sam")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace("\u00a0", " ")


def give(browser: Browser, text: str = "", file: bytes | None = None, **fields: str) -> TestResponse:
    token = token_on(browser.get("/staff/catalogue").text)
    sent: dict[str, object] = {"csrf_token": token, "text": text, "floor": "reviewed", **fields}
    if file is not None:
        sent["file"] = (io.BytesIO(file), "ours.yaml")
    return browser.client.post("/staff/catalogue", data=sent, content_type="multipart/form-data")


def found(browser: Browser, answer: TestResponse) -> str:
    """Wait until nobody works on it any more; its address."""
    assert answer.status_code == 303, answer.text
    for _ in range(300):
        if 'id="job"' not in browser.get(answer.location).text:
            return str(answer.location)
        time.sleep(0.1)
    raise AssertionError(f"{answer.location} never ends")


def test_the_three_policies_stand_side_by_side_with_names_and_files(app: Flask, sam: Browser) -> None:
    before = tables(app, "audit_entry")  # who took a list of names is written down
    address = found(sam, give(sam, MORE))
    page = sam.get(address).text
    said = text_of(page)
    assert "What courses.yaml would change" in said
    assert "AI Fundamentals: version 1 → 2" in said
    assert "The file says require: all move at once . The version begins on" in said
    assert said.count("as the file says") == 2
    assert "1 local would fall below the target of 30 %" in said
    assert "33 % → 0 of 3 · 0 %" in said
    assert "path ai: version 1 → 2" in said
    links = [html.unescape(each) for each in re.findall(r'href="([^"]+)"', page)]
    people = next(each for each in links if "policy=require" in each and "who=lost" in each)
    named = sam.get(people)
    assert "1 person who would turn incomplete" in text_of(named.text)
    assert "Ana Example" in text_of(named.text)
    assert "Ana Example" in sam.get(people.replace("/people?", "/people.csv?")).text
    table = sam.get(f"{address}/change.csv?header=no").text.splitlines()
    assert table[0].startswith("path,version,policy,day")
    assert len(table) == 1 + 3 * 2
    assert sam.get(f"{address}/change.xlsx").status_code == 200
    assert tables(app, "audit_entry") == before


def test_a_file_is_taken_like_its_text(sam: Browser) -> None:
    page = text_of(sam.get(found(sam, give(sam, file=MORE.encode()))).text)
    assert "What ours.yaml would change" in page


def test_faults_come_with_their_lines_and_the_text_stays(sam: Browser) -> None:
    answer = give(sam, MORE.replace("title: Foundations", "tilte: Foundations"))
    assert answer.status_code == 422
    said = text_of(answer.text)
    assert "courses.yaml has faults, and nothing was tried." in said
    assert re.search(r"courses\.yaml:\d+:\d+: .tilte. is not a key of a section", said)
    assert "tilte: Foundations" in said


def test_nothing_to_read_is_answered_in_words(sam: Browser) -> None:
    assert "Choose a file, or paste its text below." in text_of(give(sam).text)
    assert "This is not UTF-8 text" in text_of(give(sam, file=b"\xff\xfe\x00").text)


def test_what_cannot_be_applied_is_refused_with_its_reason(sam: Browser) -> None:
    same = MORE.replace("version: 2\n    change: require\n", "version: 1\n")
    page = text_of(sam.get(found(sam, give(sam, same))).text)
    assert "courses.yaml cannot be tried" in page
    assert "path ai asks something else than version 1 did" in page


def test_the_file_in_force_changes_nobody(sam: Browser) -> None:
    page = text_of(sam.get(found(sam, give(sam, COURSES))).text)
    assert "Nobody’s state would change" in page


def test_a_trial_whose_process_could_not_start_says_so_and_starts_again(
    sam: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(starting, "_COMMAND", ("/nowhere/at/all",))
        answer = give(sam, MORE)
    stopped = sam.get(answer.location)
    assert "stopped half-way" in text_of(stopped.text)
    again = sam.send(answer.location, page=answer.location)
    assert "What courses.yaml would change" in text_of(sam.get(found(sam, again)).text)


def test_auditors_read_and_cannot_try(union: World, signed_in: Sign) -> None:
    otto = signed_in("otto")
    page = text_of(otto.get("/staff/catalogue").text)
    assert "AI Fundamentals" in page
    assert "See what would change" not in page
    token = token_on(otto.get("/staff/catalogue").text)
    assert otto.client.post("/staff/catalogue", data={"csrf_token": token, "text": MORE}).status_code == 404


def test_a_trial_nobody_began_is_not_there(sam: Browser) -> None:
    assert sam.get("/staff/catalogue/trials/123").status_code == 404
    assert sam.get("/staff/catalogue/trials/123/change.csv").status_code == 404
    assert sam.get("/staff/catalogue/trials/123/people?path=ai&policy=keep&who=lost&day=2026-01-01").status_code == 404


def test_a_text_on_trial_is_kept_from_others_of_the_machine(app: Flask, sam: Browser, tmp_path: Path) -> None:
    found(sam, give(sam, MORE))
    folder = next(tmp_path.rglob("simulations"))
    assert folder.stat().st_mode & 0o077 == 0
    kept = [file for file in folder.iterdir() if file.name.endswith((".yaml", ".members.json", ".found.json"))]
    assert len(kept) == 3
    assert all(file.stat().st_mode & 0o077 == 0 for file in kept)


def test_the_catalogue_page_tells_what_changed_when_in_plain_words(app: Flask, sam: Browser) -> None:
    with app.app_context(), writing(alone=True) as session:
        apply_catalogue(session, read_catalogue(MORE), MORE, POLICY, OPERATOR, today=today(), now=now())
    page = text_of(sam.get("/staff/catalogue").text)
    assert "Path “AI Fundamentals” has version 2 after 1: all move." in page
    assert "asked for all of “AI Basics”, “AI Ethics”; 1 of “Prompting”, “Pictures”; now for all of “AI Basics”" in page
    assert "The first one." in page
