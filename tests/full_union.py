"""A demonstration union in which something of everything is under way, so that every page has something to show.

What `tracker demo` leaves out is done here through the same operations and pages as in earnest: a roster with changes that
are held, a file on its way in, a catalogue on trial, two members made one, a voiding that waits for a second person.
"""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.pages import Samples, Those, address_of, pages_of, samples_of
from tests.web.little_union import token_on
from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.voiding import VoidQuestion
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import Assurance, Role
from tracker.demonstration.building import catalogue_text, found_union
from tracker.demonstration.people import MEMBER_EMAIL
from tracker.models import AssignmentRule, Batch, Completion, SignInLink, User, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.assignments import Plan, assign_path
from tracker.operations.catalogue import apply_catalogue
from tracker.operations.clients import add_client
from tracker.operations.completions import log_completion
from tracker.operations.evidence import evidence_folder, keep_file
from tracker.operations.exporting import ask_for_export
from tracker.operations.held import Hold, hold_changes
from tracker.operations.merging import merge_members
from tracker.operations.notices.stopping import STOPPABLE, stop_token
from tracker.operations.roster import record_roster
from tracker.operations.rows import RosterRow
from tracker.operations.sign_in_links import ask_for_link, make_link
from tracker.operations.tokens import Scope, make_token
from tracker.operations.voiding import propose_void
from tracker.web.help import TOPICS

PASSWORD = "backstage-demo"
LOCAL, DISTRICT, PATH = "80", "D2", "building-ai-literacy"
RETIRED = "learning-microsoft-365-copilot-for-work"  # by its provider, in this union

# What pages are asked, so that each shows what it is for; "" is the page as it opens.
QUERIES = {
    "reports.chart": [f"unit={LOCAL}&path={PATH}"],
    "reports.second_cards": [f"path={PATH}"],
    "reports.overview": ["", "district=D2&craft=camera", "q=nowhere", "floor=claimed&as_of=2026-01-31"],
    "reports.compare": ["", "units=district"],
    "reports.local": ["", "state=overdue", "q=nowhere"],
    "reports.push": ["", "target=100"],
    "staff.import_rows": ["outcome=unmatched"],
    "staff.rules": ["", "show=ended"],
    "staff.members": ["", "q=gaffer", "q=nowhere"],
    "members.wrong": ["", "about=other"],
}

# Who reads, in the order in which a page is looked for; "" has not signed in.
READERS = ("", "member", "officer", "staff", "admin", "auditor", "district", "viewer")
_MORE_PEOPLE = (
    ("auditor", Role.AUDITOR, None),
    ("district", Role.DISTRICT_VIEWER, DISTRICT),
    ("viewer", Role.LOCAL_VIEWER, LOCAL),
)


def leave_empty(app: Flask) -> Those:
    """Only the units, and everyone who reads: one of them is a member of nothing yet."""
    now = datetime.now(UTC)
    policy = app.config["SETTINGS"].policy_file.read_text("utf-8")
    with app.app_context():
        with writing(alone=True) as session:
            found_union(session, policy, now.date(), now)
        with writing() as session:
            row = RosterRow(
                2, "1", "Testy", "McGaffer", MEMBER_EMAIL, LOCAL, "grips", "withdrawn", "member", now.date(), None, True
            )
            record_roster(session, [row], OPERATOR, batch_id=None, today=now.date(), now=now)
        member = find_member(db.session(), MEMBER_EMAIL)
        assert member
        its_id = member.member_id
        _add(
            ("member", Role.MEMBER, None),
            ("officer", Role.LOCAL_LEAD, LOCAL),
            ("staff", Role.STAFF, None),
            ("admin", Role.ADMIN, None),
        )
        _add(*_MORE_PEOPLE)
        user = db.session.scalar(select(User.id).where(User.email == "officer@example.org"))
        assert user
    return Those(its_id, user, LOCAL, DISTRICT, PATH, "what-is-generative-ai", queries=QUERIES)


def _add(*people: tuple[str, Role, str | None]) -> None:
    with writing() as session:
        member = find_member(session, MEMBER_EMAIL)
        for name, role, number in people:
            unit = find_unit(session, number) if number else None
            its_id = member.member_id if member and role is Role.MEMBER else None
            add_user(session, f"{name}@example.org", role, unit, its_id, OPERATOR, datetime.now(UTC).date(), PASSWORD)


def fill(app: Flask) -> Those:
    """Do what the demonstration leaves out; who and what the addresses name."""
    now, staff, more = datetime.now(UTC), _staff(app), {}
    today = now.date()
    with app.app_context():
        _add(*_MORE_PEOPLE)
        _retire_a_course(app, staff, now)
        with writing(alone=True) as session:
            member, path = find_member(session, MEMBER_EMAIL), find_path(session, "getting-started-with-prompt-engineering")
            assert member and path
            assign_path(
                session,
                Plan(path, on=today, members=[member], due_on=today + timedelta(days=60)),
                staff,
                today=today,
                now=now,
            )
        with writing() as session:
            member = find_member(session, MEMBER_EMAIL)
            assert member
            file = keep_file(evidence_folder(app.config["SETTINGS"].instance), _photo(), "certificate.jpg")
            log_completion(
                session,
                member=member,
                course=find_course(session, "ethics-in-the-age-of-generative-ai"),
                completed_on=today - timedelta(days=2),
                assurance=Assurance.CLAIMED,
                actor=Actor(None, "member", MEMBER_EMAIL),
                today=today,
                now=now,
                file=file,
            )
            batch = session.scalar(select(Batch.id).limit(1))
            assert batch
            hold_changes(session, [Hold(member.member_id, 2, "email", MEMBER_EMAIL, "testy@example.net", ())], batch, now)
            add_client(session, "Learning platform", staff, now=now)
            assert staff.user_id
            ask_for_export(session, staff, "/reports/coverage.csv", "csv", now=now)
            ask_for_link(session, MEMBER_EMAIL, "127.0.0.1", "en", "", now)
            session.flush()
            link = make_link(session, session.scalars(select(SignInLink)).one(), now)
            assert link
            more["account.link"] = {"token": link.token}
            more["notices.stop_page"] = {
                "token": stop_token(app.config["SETTINGS"].secret_key, MEMBER_EMAIL, next(iter(STOPPABLE)))
            }
            for email in (MEMBER_EMAIL, "officer@example.org"):
                user = session.scalars(select(User).where(User.email == email)).one()
                made = make_token(session, user, "My own spreadsheet", [Scope.READ], 90, now=now)
                page = "account.revoke_own_token" if email == MEMBER_EMAIL else "tokens.revoke"
                more[page] = {"token_id": made.token.id}
            course = session.scalar(select(Completion.course_id).where(Completion.voided_at.is_(None)).limit(1))
            propose_void(session, VoidQuestion(course_id=course), "Recorded for the wrong course", staff, now)
        with writing(alone=True) as session:
            keep, gone = find_member(session, "0000111"), find_member(session, "0000112")
            assert keep and gone
            merge_members(session, keep, gone, staff, today=today, now=now)
        rule = db.session.scalar(select(AssignmentRule.id).where(AssignmentRule.due_on < today).limit(1))
        member = find_member(db.session(), MEMBER_EMAIL)
        user = db.session.scalar(select(User.id).where(User.email == "officer@example.org"))
        assert member and user
        member_id = member.member_id
        by_name = select(AssignmentRule.id).order_by(AssignmentRule.id.desc()).limit(1)
        assert db.session.scalar(by_name)
    queries = QUERIES | {"staff.simulated_people": [_work_of_staff(app, more)]}
    more |= {
        "staff.due_of_rule": {"rule_id": rule},
        "staff.unfinished_people": {"code": RETIRED, "path_code": _path_with(RETIRED)},
    }
    return Those(member_id, user, LOCAL, DISTRICT, PATH, "what-is-generative-ai", more, queries)


def browser_of(app: Flask, name: str) -> FlaskClient:
    """A client in which one of the readers is signed in."""
    client = app.test_client()
    if name:
        page = client.get("/login").text
        sent = {"csrf_token": token_on(page), "email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/login", data=sent).status_code == 303
    return client


@dataclass(frozen=True)
class Reading:
    """A page that one of the readers opens."""

    reader: str
    page: str  # by its endpoint
    address: str


def readings(app: Flask, those: Those, readers: Sequence[str] = READERS) -> Iterator[Reading]:
    """What each of these readers can open, by trying: pages alone, not files nor what leads on to a page."""
    samples = samples_of(app, those)
    for reader in readers:
        client = browser_of(app, reader)
        for rule in pages_of(app):
            for address in _addresses(app, rule, samples, those):
                with client.get(address) as answer:
                    assert answer.status_code < 500, f"{address} breaks for {reader}"
                    is_page = answer.status_code == 200 and answer.mimetype == "text/html"
                if is_page:
                    yield Reading(reader, rule.endpoint, address)


def once_each(all_readings: Iterable[Reading]) -> list[Reading]:
    """Of these, every address once: by the first who can open it."""
    by_address: dict[str, Reading] = {}
    for reading in all_readings:
        by_address.setdefault(reading.address, reading)
    return list(by_address.values())


def _addresses(app: Flask, rule: Rule, samples: Samples, those: Those) -> Iterator[str]:
    """Where a page is, with each of its queries; the pages of help with each of their topics."""
    topics = TOPICS if rule.endpoint == "help.topic" else [""]
    for topic in topics:
        address = address_of(app, rule, {**samples(rule), **({"topic": topic} if topic else {})})
        for query in those.queries.get(rule.endpoint, [""]):
            yield f"{address}?{query}" if query else address


def _work_of_staff(app: Flask, more: dict[str, dict[str, Any]]) -> str:
    """What goes through a page and a process of its own; the query of a list of people whom a trial would change."""
    client = browser_of(app, "staff")
    rows = ("1,,what-is-generative-ai,2026-01-05,provider", ",nobody@example.net,what-is-generative-ai,2026-01-05,provider")
    report = "\n".join(["member_number,email,course,completed_on,assurance", *rows, ""])
    for name, text in (("monthly.csv", report), ("academy.csv", "Academy\n\nWho;Where;When\nTesty;Hall;03/04/2026\n")):
        answer = client.post(
            "/staff/imports",
            data={
                "csrf_token": _token(client, "/staff/imports"),
                "kind": "completions",
                "file": (io.BytesIO(text.encode()), name),
            },
            content_type="multipart/form-data",
        )
        _until(client, answer, 'id="job"')
    text = changed_catalogue()
    answer = client.post(
        "/staff/catalogue", data={"csrf_token": _token(client, "/staff/catalogue"), "text": text, "floor": "reviewed"}
    )
    trial = {"trial_id": int(_until(client, answer, 'http-equiv="refresh"').rsplit("/", 1)[1])}
    more |= {"staff.simulated": trial, "staff.simulated_people": trial}
    people = re.search(r'/people\?([^"#]+)"', client.get(f"/staff/catalogue/trials/{trial['trial_id']}").text)
    assert people
    page = "/reports/frozen/new?unit=IA"
    sent = {
        "title": "Quarter",
        "path": "",
        "as_of": str(datetime.now(UTC).date()),
        "floor": "reviewed",
        "csrf_token": _token(client, page),
    }
    answer = client.post(page, data=sent)
    assert answer.status_code == 303, answer.text
    return html.unescape(people[1])


def _token(client: FlaskClient, page: str) -> str:
    return token_on(client.get(page).text)


def _until(client: FlaskClient, answer: TestResponse, working: str) -> str:
    """Follow an answer until no process works on its page any more; the address it ends at."""
    assert answer.status_code == 303, answer.text
    address = answer.location
    for _ in range(300):
        answer = client.get(address)
        if answer.status_code == 303:
            address = answer.location
        elif working not in answer.text:
            return address
        else:
            time.sleep(0.1)
    raise AssertionError(f"{address} never ends")


def changed_catalogue() -> str:
    """The catalogue with a second version of the path that everyone is asked for, which those complete do not meet."""
    before, head, after = catalogue_text().partition(f"  - code: {PATH}\n")
    after = after.replace("version: 1\n", "version: 2\n    change: require\n", 1)
    return before + head + after.replace("          - how-to-talk-to-the-ais\n", f"          - {RETIRED}\n", 1)


def _retire_a_course(app: Flask, staff: Actor, now: datetime) -> None:
    policy = app.config["SETTINGS"].policy_file.read_text("utf-8")
    head = f"  - code: {RETIRED}\n"
    text = catalogue_text()
    assert head in text
    text = text.replace(head, f"{head}    retired_on: {now.date() - timedelta(days=30)}\n")
    with writing(alone=True) as session:
        apply_catalogue(session, read_catalogue(text, "courses.yaml"), text, policy, staff, today=now.date(), now=now)


def _path_with(course: str) -> str:
    paths = read_catalogue(catalogue_text(), "courses.yaml").paths
    return next(path.code for path in paths if any(course in section.courses for section in path.sections))


def _photo() -> io.BytesIO:
    made = io.BytesIO()
    with Image.new("RGB", (300, 200), (40, 90, 160)) as image:
        image.save(made, "JPEG")
    made.seek(0)
    return made


def _staff(app: Flask) -> Actor:
    with app.app_context():
        user = db.session.scalar(select(User).where(User.email == "staff@example.org"))
        assert user
        return Actor(user.id, Role.STAFF.value, user.email)
