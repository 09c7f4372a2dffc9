"""The weekly digest: what it tells, whom, in which language, and that nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from click.testing import Result
from sqlalchemy import func, select

from tests.operations.conftest import ANA, TODAY, Desk
from tracker.cli.posting.weekly import make_weekly
from tracker.config import Settings
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Assurance, Role
from tracker.models import (
    About,
    AuditEntry,
    Completion,
    Correction,
    CorrectionState,
    Member,
    Notice,
    NoticeTold,
    Review,
    User,
    new_id,
)
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.notices import notify, recipient_of, tell_member
from tracker.operations.notices.stopping import resume_notices, stop_notices
from tracker.operations.reviewing.deciding import decide_claim

WEEK = timedelta(days=7)
ZOE = "0003,Zoë,Example,zoe@example.org,80,grip,active,member,2019-03-01,,yes\n"


def settings(desk: Desk) -> Settings:
    found: Settings = desk.app.config["SETTINGS"]
    return replace(found, url="https://training.example.org")


def make(desk: Desk, on: date | None = None, at: time = time(12)) -> int:
    """Make what is due on a day; how many digests. The desk's day moves on to it."""
    desk.today = on or desk.today
    with desk.app.app_context():
        return make_weekly(settings(desk), datetime.combine(desk.today, at, UTC))[0]


def digests(desk: Desk) -> list[Notice]:
    with desk.session() as session:
        return list(session.scalars(select(Notice).where(Notice.kind == "digest").order_by(Notice.id)))


def only(desk: Desk) -> str:
    """The text of the one digest there is."""
    (found,) = digests(desk)
    return found.body


def sign_in(desk: Desk, number: str, email: str, language: str | None = None) -> User:
    with desk.write() as session:
        member = find_member(session, number)
        assert member is not None
        user = add_user(session, email, Role.MEMBER, None, member.member_id, OPERATOR, desk.today)
        user.language = language
        return user


def member_id(desk: Desk, number: str = "0001") -> int:
    with desk.session() as session:
        member = find_member(session, number)
        assert member is not None
        return member.member_id


@pytest.fixture
def ana(desk: Desk) -> Desk:
    """Ana alone, asked for nothing yet."""
    desk.roster(ANA)
    return desk


def test_a_newly_asked_path_is_told_with_who_asks_and_until_when(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"], due_on=date(2026, 3, 31))
    assert make(ana) == 1
    (told,) = digests(ana)
    assert told.address == "ana@example.org"
    assert told.subject.replace("\xa0", " ") == "New for you: Two hours of AI"
    body = told.body.replace("\xa0", " ")
    assert "Two hours of AI: asked of everyone in Local 80 · Studio Grips, until 31 March 2026 (in 29 days)." in body
    assert "Coming up" not in body, "its day is told once"
    assert "https://training.example.org/" in body
    assert "At most one comes in a week" in body


def test_one_digest_a_person_a_week_at_most(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"])
    assert make(ana) == 1
    ana.assign("set-safety", everyone=True)
    assert make(ana) == 0, "the same day"
    assert make(ana, TODAY + timedelta(days=1)) == 0, "later in the week"
    assert make(ana, TODAY + WEEK) == 1
    first, second = digests(ana)
    assert "Set Safety" not in first.body
    assert "Set Safety: asked of all members" in second.body
    assert "Two hours of AI" not in second.body, "told once"


def test_what_was_missed_on_its_day_is_made_up_for_and_told_once(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"])
    assert make(ana, TODAY + timedelta(days=3)) == 1
    ana.assign("set-safety", everyone=True)
    assert make(ana, TODAY + WEEK) == 0, "four days after the last"
    assert make(ana, TODAY + 2 * WEEK) == 1
    assert "Set Safety" in digests(ana)[1].body


def test_nobody_is_written_to_at_night(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"])
    assert make(ana, at=time(6, 59)) == 0
    assert make(ana, at=time(7)) == 1


def test_nothing_to_say_is_no_mail(ana: Desk) -> None:
    assert make(ana) == 0
    assert digests(ana) == []


def test_each_milestone_is_told_once(ana: Desk) -> None:
    due = date(2026, 6, 20)
    ana.assign("ai-hours", units=["80"], due_on=due)
    told: dict[int, str] = {}
    for week in range(20):
        day = TODAY + week * WEEK
        if make(ana, day):
            told[week] = digests(ana)[-1].body.replace("\xa0", " ")
    days_left = [(due - (TODAY + week * WEEK)).days for week in told]
    assert days_left == [110, 54, 26, 5, -2], "asked, then within 60, 30 and 7 days, then past its day"
    texts = list(told.values())
    assert all(f"until 20 June 2026 (in {left} days)" in text for text, left in zip(texts[1:4], days_left[1:4], strict=True))
    assert "was to be done by 20 June 2026. You can still do it." in texts[4]
    assert "takes nothing away from you" in texts[4]


def test_who_is_done_or_waits_for_review_is_not_reminded(ana: Desk) -> None:
    ana.roster(ZOE)
    ana.assign("ai-hours", units=["80"], due_on=TODAY + timedelta(days=20))
    ana.log("0001", "what-is-generative-ai", date(2026, 2, 1))
    ana.log("0001", "copilot", date(2026, 2, 1))
    assert make(ana) == 1
    assert digests(ana)[0].address == "zoe@example.org"


def test_the_exempt_are_not_asked(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"], due_on=TODAY + timedelta(days=20))
    ana.exempt("0001", "ai-hours", TODAY - timedelta(days=1))
    assert make(ana) == 0


def test_what_expires_is_told_at_each_milestone_with_what_renews_it(ana: Desk) -> None:
    ana.assign("set-safety", units=["80"], on=date(2026, 1, 1))
    ana.log("0001", "osha-10", date(2025, 5, 1), Assurance.REVIEWED, actor=OPERATOR)
    ana.log("0001", "fall-protection", date(2025, 5, 20), Assurance.REVIEWED, actor=OPERATOR)
    told: list[int] = []
    for week in range(14):
        if make(ana, TODAY + week * WEEK):
            told.append((date(2026, 5, 19) - ana.today).days)
    assert told == [57, 29, 1]
    text = digests(ana)[0].body.replace("\xa0", " ")
    assert "Set Safety counts until 19 May 2026 (in 57 days)." in text
    assert "Renew it by completing Fall Protection again, or Rigging Week." in text


def test_an_import_is_silent_and_only_the_digest_tells_it(ana: Desk) -> None:
    courses = (
        "what-is-generative-ai",
        "ai-ethics",
        "prompt-engineering",
        "firefly",
        "copilot",
        "osha-10",
        "fall-protection",
    )
    ana.completions("".join(f"0001,,{course},2026-02-1{place},provider,,x{place}\n" for place, course in enumerate(courses)))
    with ana.session() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 0
    assert make(ana) == 1
    text = only(ana)
    assert "7 courses were recorded from a provider’s report: What Is Generative AI?," in text
    assert "and 2 more." in text
    assert "Fall Protection" not in text, "no flood"
    assert make(ana, TODAY + WEEK) == 0


def claim(desk: Desk, course: str = "ai-ethics") -> None:
    desk.log("0001", course, date(2026, 2, 20))


def decide(desk: Desk, decision: Review, **said: str) -> None:
    with desk.write() as session:
        found = session.scalars(select(Completion).where(Completion.assurance == Assurance.CLAIMED)).one()
        decide_claim(session, found, decision, actor=Actor(7, "staff", "Sam"), now=desk.now, **said)


def test_an_accepted_claim_is_told_by_the_digest(ana: Desk) -> None:
    claim(ana)
    decide(ana, Review.ACCEPTED)
    with ana.session() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 0
    assert make(ana) == 1
    assert "the training staff accepted it, and it counts." in only(ana)


def test_returned_evidence_is_told_at_once_and_not_again(ana: Desk) -> None:
    claim(ana)
    decide(ana, Review.RETURNED, reason="unreadable")
    with ana.session() as session:
        (told,) = session.scalars(select(Notice))
        assert (told.kind, told.address) == ("returned", "ana@example.org")
        assert "cannot be read" in told.body
    assert make(ana) == 0


def test_what_could_not_be_told_at_once_is_in_the_digest(ana: Desk) -> None:
    """Nobody had an address of hers when it was sent back."""
    ana.roster("0009,Eve,Example,,80,grip,active,member,2019-03-01,,yes\n")
    ana.log("0009", "ai-ethics", date(2026, 2, 20))
    decide(ana, Review.RETURNED, reason="unreadable")
    ana.roster("0009,Eve,Example,eve@example.org,80,grip,active,member,2019-03-01,,yes\n")
    assert make(ana) == 1
    text = only(ana)
    assert "sent it back. What you added cannot be read" in text
    assert "Taken back" not in text, "the claim that went back is no record taken away"


def test_completion_revoked_the_member_is_told(ana: Desk) -> None:
    ana.log("0001", "ai-ethics", date(2026, 2, 20), Assurance.REVIEWED, actor=OPERATOR)
    ana.void("0001", "ai-ethics", "it was somebody else's")
    assert make(ana) == 1
    assert "counts no longer. The reason: it was somebody else's" in only(ana)


def test_the_answer_to_a_correction_is_told(ana: Desk) -> None:
    with ana.write() as session:
        member = find_member(session, "0001")
        local = find_unit(session, "80")
        assert member is not None
        assert local is not None
        session.add(
            Correction(
                member_id=member.member_id,
                id=new_id(),
                about=About.NAME,
                object_id=None,
                shown="Ana Example",
                words="it is Anna",
                unit_id=local.id,
                state=CorrectionState.DONE,
                asked_at=ana.now,
                answer="We told\n# the office.",
                answered_at=ana.now,
                answered_by=None,
            )
        )
    assert make(ana) == 1
    assert "- Ana Example: it was corrected. We told # the office." in only(ana)


def test_a_digest_is_in_the_language_of_its_recipient(ana: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(ana, "0001", "ana@example.org", "fr_CA")
    ana.roster(ZOE)
    ana.assign("ai-hours", units=["80"], due_on=date(2026, 3, 31))
    assert make(ana) == 2
    told = {each.address: (each.language, each.body) for each in digests(ana)}
    assert told["ana@example.org"][0] == "fr_CA"
    assert "31\xa0mars\xa02026" in told["ana@example.org"][1]
    assert told["zoe@example.org"][0] == "en"
    assert "31\xa0March\xa02026" in told["zoe@example.org"][1]


def deceased(desk: Desk) -> None:
    desk.roster("0001,Ana,Example,ana@example.org,80,grip,deceased,member,2026-02-20,,yes\n")


def suspended_card(desk: Desk) -> None:
    desk.roster("0001,Ana,Example,ana@example.org,80,grip,suspended,member,2019-03-01,,yes\n")


def suspended_sign_in(desk: Desk) -> None:
    user = sign_in(desk, "0001", "ana@example.org")
    with desk.write() as session:
        session.get_one(User, user.id).is_active = False


def merged(desk: Desk) -> None:
    with desk.write() as session:
        member = find_member(session, "0001")
        assert member is not None
        session.get_one(Member, member.member_id).merged_into_id = 1


def shared_address(desk: Desk) -> None:
    desk.roster("0004,Al,Example,ana@example.org,15,grip,active,member,2019-03-01,,yes\n")


def somebody_s_sign_in(desk: Desk) -> None:
    desk.roster(ZOE)
    with desk.write() as session:
        zoe = find_member(session, "0003")
        assert zoe is not None
        add_user(session, "Ana@Example.org", Role.MEMBER, None, zoe.member_id, OPERATOR, desk.today)
        stop_notices(session, "Ana@Example.org", "digest", OPERATOR, desk.now)


def stopped(desk: Desk) -> None:
    with desk.write() as session:
        stop_notices(session, "Ana@example.org", "digest", OPERATOR, desk.now)


@pytest.mark.parametrize(
    "what",
    [deceased, suspended_card, suspended_sign_in, merged, shared_address, somebody_s_sign_in, stopped],
    ids=lambda each: each.__name__,
)
def test_deceased_erasure_request_and_others_to_whom_nothing_is_sent(ana: Desk, what: Callable[[Desk], None]) -> None:
    ana.log("0001", "ai-ethics", date(2026, 2, 20), Assurance.REVIEWED, actor=OPERATOR)
    ana.void("0001", "ai-ethics")
    what(ana)
    assert make(ana) == 0
    assert digests(ana) == []


def test_who_lets_mails_come_again_is_told_what_is_still_new(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"])
    stopped(ana)
    assert make(ana) == 0
    with ana.write() as session:
        assert resume_notices(session, "ana@example.org", "digest", OPERATOR, ana.now)
        assert not resume_notices(session, "ana@example.org", "digest", OPERATOR, ana.now)
    assert make(ana, TODAY + WEEK) == 1


def test_a_mail_goes_to_the_sign_in_and_else_to_the_newest_address_that_is_theirs_alone(ana: Desk) -> None:
    ana.today += timedelta(days=1)
    ana.roster("0001,Ana,Example,new@example.org,80,grip,active,member,2019-03-01,,yes\n")
    with ana.session() as session:
        assert recipient_of(session, member_id(ana)) == ("new@example.org", "en")
    sign_in(ana, "0001", "Ana@Work.example", "es")
    with ana.session() as session:
        assert recipient_of(session, member_id(ana)) == ("Ana@Work.example", "es")
        assert recipient_of(session, 12345) is None


def test_only_what_is_told_at_once_is_kept_at_once(ana: Desk) -> None:
    with ana.write() as session:
        assert tell_member(session, member_id(ana), "security", lambda: ("Subject", "Body"), ana.now)
        assert not tell_member(session, member_id(ana), "digest", lambda: ("Subject", "Body"), ana.now)
        notify(session, "x@example.org", None, "S", "B", ana.now, kind="security", language="fr_CA")
    with ana.session() as session:
        assert {(each.address, each.kind, each.language) for each in session.scalars(select(Notice))} == {
            ("ana@example.org", "security", "en"),
            ("x@example.org", "security", "fr_CA"),
        }


def test_a_run_that_was_cut_short_tells_nobody_twice(ana: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes next goes on where it ended."""
    ana.roster(ZOE)
    ana.assign("ai-hours", units=["80"])
    monkeypatch.setattr("tracker.operations.notices.weekly._AT_ONCE", 1)
    moment = datetime.combine(TODAY, time(12), UTC)
    with ana.app.app_context():
        assert make_weekly(settings(ana), moment, lambda: False)[0] == 1
        assert make_weekly(settings(ana), moment)[0] == 1
        assert make_weekly(settings(ana), moment)[0] == 0
    assert sorted(each.address for each in digests(ana)) == ["ana@example.org", "zoe@example.org"]


def test_without_an_address_of_the_pages_no_digest_is_made(ana: Desk) -> None:
    ana.assign("ai-hours", units=["80"])
    with ana.app.app_context():
        assert make_weekly(replace(settings(ana), url=""), datetime.combine(TODAY, time(12), UTC)) == (0, 0)
    with ana.session() as session:
        assert session.scalar(select(func.count()).select_from(NoticeTold)) == 0


def test_what_is_years_old_is_not_news_on_the_first_day(ana: Desk) -> None:
    ana.today = TODAY - timedelta(days=60)
    ana.assign("ai-hours", units=["80"], due_on=TODAY - timedelta(days=40))
    ana.completions("0001,,osha-10,2020-02-10,provider,,x1\n")
    assert make(ana, TODAY) == 0


def test_a_dry_run_lists_who_would_get_what_and_writes_nothing(
    ana: Desk, tracker: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_URL", "https://training.example.org")
    ana.today = datetime.now(UTC).date()
    ana.assign("ai-hours", units=["80"], due_on=ana.today + timedelta(days=20))
    with ana.write() as session:
        add_user(session, "lead@example.org", Role.LOCAL_LEAD, find_unit(session, "80"), None, OPERATOR, ana.today)
        notify(session, "ben@example.org", None, "Another number", "Body", ana.now)
    before = rows(ana)
    said = tracker("notices", "send", "--dry-run").output.replace("\xa0", " ")
    assert "ben@example.org  held  Another number" in said
    assert "ana@example.org  en  1 to tell\n    New for you: Two hours of AI: asked of everyone in Local 80" in said
    assert "lead@example.org  en  This week in Local 80 · Studio Grips" in said
    assert "1 people would get a digest, 1 officers a roll-up.\n1 would be sent." in said
    assert rows(ana) == before
    assert "1 wait, 0 of them failed before; 0 were given up." in tracker("notices", "list").output
    assert rows(ana) == before


def rows(desk: Desk) -> list[int]:
    with desk.session() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Notice, NoticeTold, AuditEntry)]
