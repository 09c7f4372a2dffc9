"""`/help/`: a page of plain words beside each task, and which of them fits the page someone is on.

A topic is a template of its own in `templates/help/`, called as the topic is. What it says of buttons and links it says in
their own words, so that both are translated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Flask, abort, current_app, render_template, request, url_for
from markupsafe import Markup

from tracker.access.roles import Reach
from tracker.language import lazy
from tracker.web import gate
from tracker.web.gate import public, signed_in

help_ = Blueprint("help", __name__, url_prefix="/help")

SIGNING_IN = "signing-in"  # these are read before anyone has signed in
PRIVACY = "privacy"


class Topic(NamedTuple):
    """A page of help: what it is called, in a line what it is for, and the pages it stands beside, by their endpoints."""

    code: str
    title: str
    about: str
    beside: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/help/{self.code}"


class Part(NamedTuple):
    """Some topics of the contents, and for whom they come first."""

    title: str
    is_for: Callable[[Reach], bool]
    topics: tuple[Topic, ...]


_EVERYONE = (
    Topic(
        SIGNING_IN,
        lazy("Signing in"),
        lazy("With a link or a password, and your account"),
        (
            *("account.login", "account.ask_link", "account.link", "account.page", "account.password", "account.code"),
            *("account.second_factor", "account.new_factor", "account.recovery_codes", "account.remove_second_factor"),
            *("account.provider", "account.provider_back"),
        ),
    ),
    Topic(
        PRIVACY,
        lazy("Privacy"),
        lazy("What is kept about you, who sees it, for how long, and what you can ask for"),
        ("staff.archive", "staff.erase"),
    ),
    Topic(
        "mails",
        lazy("Mails"),
        lazy("What comes, when, and how to stop it"),
        ("notices.stop_page", "notices.stop_mails", "staff.notices"),
    ),
    Topic(
        "roles",
        lazy("Who sees what"),
        lazy("The roles, and what each may see and do"),
        (
            *("admin.users", "admin.user", "admin.new_user", "admin.end_user_role", "admin.suspend_user", "trail.audit"),
            *("admin.new_address", "admin.new_password", "admin.reset_second_factor"),
        ),
    ),
)

_MEMBERS = (
    Topic(
        "my-record",
        lazy("My record"),
        lazy("What is asked of you, what counted and why, what is missing"),
        ("members.record", "members.path", "members.archive"),
    ),
    Topic(
        "log-a-course",
        lazy("Log a completed course"),
        lazy("In under a minute, on a phone"),
        ("members.new_completion", "members.completions", "members.log"),
    ),
    Topic(
        "evidence",
        lazy("Proof"),
        lazy("What shows that you did it, and who may open it"),
        ("members.proof", "evidence.read"),
    ),
    Topic("something-is-wrong", lazy("Something is wrong"), lazy("Have your record corrected"), ("members.wrong",)),
    Topic(
        "joining-a-path",
        lazy("Join a path"),
        lazy("Learn what you like, without being asked"),
        ("members.paths",),
    ),
    Topic(
        "statements",
        lazy("Statements to show"),
        lazy("Show others what you completed, and only what you choose"),
        ("members.proofs", "members.new_proof", "members.preview_proof", "members.one_proof", "members.make"),
    ),
    Topic(
        "who-opened-my-record",
        lazy("Who has opened my record"),
        lazy("Each time somebody looks, it is noted"),
        ("members.opened",),
    ),
)

_READERS = (
    Topic(
        "figures",
        lazy("What the figures mean"),
        lazy("In scope, covered, floors, why so many, second cards, small groups"),
        (
            *("reports.overview", "reports.path", "reports.sections", "reports.second_cards", "reports.member"),
            *("reports.compare", "reports.chart", "reports.exports", "reports.export"),
        ),
    ),
    Topic(
        "your-local",
        lazy("Your local’s page"),
        lazy("From the percent to the names, whom to call, one page for the meeting"),
        (
            *("reports.local", "reports.district", "reports.local_access", "reports.district_access"),
            *("locals.corrections", "locals.correction"),
        ),
    ),
    Topic(
        "frozen-reports",
        lazy("Frozen reports"),
        lazy("A figure that can be quoted, and checked by anyone"),
        ("reports.frozen", "reports.frozen_one", "reports.freeze", "reports.freeze_it", "checking.frozen_public"),
    ),
)

_LEADS = (
    Topic(
        "classes",
        lazy("Classes"),
        lazy("Record a class for everyone who was there, with its sign-in sheet"),
        (
            *("locals.classes", "locals.class_new", "locals.class_one", "locals.class_undo"),
            *("staff.classes", "staff.class_new", "staff.class_one", "staff.class_undo"),
        ),
    ),
    Topic(
        "eligibility",
        lazy("Who may have an account"),
        lazy("The local says who, the training staff invite them"),
        ("locals.eligibility", "staff.eligibility", "reports.all_access"),
    ),
)

_STAFF = (
    Topic(
        "assigning",
        lazy("Assign a path"),
        lazy("Rules in sentences, due dates, leaving, undo"),
        (
            *("staff.assign", "staff.preview_assignment", "staff.rules", "staff.rule", "staff.end_rule", "staff.due"),
            *("staff.due_of_rule", "staff.asked_by_name", "staff.end_by_name", "staff.exempt"),
        ),
    ),
    Topic(
        "reviewing",
        lazy("Review what members logged"),
        lazy("Accept, return, reject, and the rest of what waits"),
        (
            *("staff.home", "staff.reviews", "staff.review", "staff.confirmed_reviews", "staff.accepted_together"),
            *("staff.corrections", "staff.correction", "staff.new_completion", "staff.waiting"),
        ),
    ),
    Topic(
        "imports",
        lazy("Imports"),
        lazy("Rosters and reports, the matching desk, undo"),
        (
            *("staff.imports", "staff.upload_import", "staff.import_job", "staff.import_columns", "staff.import_rows"),
            *("staff.import_outcome", "staff.undo_import", "staff.import_profiles", "staff.held", "staff.decide"),
            *("staff.desk", "staff.desk_learner", "staff.desk_courses", "staff.desk_course", "staff.desk_decided"),
            *("staff.merge", "staff.merged", "clients.listed", "clients.client", "clients.new", "clients.revoke"),
        ),
    ),
    Topic(
        "catalogue",
        lazy("Courses and paths"),
        lazy("Versions, and what a change means for those who are asked"),
        (
            *("staff.catalogue", "staff.catalogue_path", "staff.courses", "staff.course", "staff.retired_courses"),
            *("staff.unfinished_people", "staff.try_catalogue", "staff.simulated", "staff.simulated_people", "staff.policy"),
        ),
    ),
    Topic(
        "priorities-and-push-lists",
        lazy("Where to train next, and whom to call"),
        lazy("Which locals first, and the fewest calls to the target"),
        ("reports.where_next", "reports.push", "reports.district_push"),
    ),
    Topic(
        "voiding",
        lazy("Void what is wrong"),
        lazy("One completion, or many with a second person"),
        (
            *("staff.void", "staff.voids", "staff.new_void", "staff.propose", "staff.proposed_void"),
            *("staff.decide_void", "staff.member", "staff.members", "staff.history"),
        ),
    ),
)

_ADMINS = (
    Topic(
        "first-run",
        lazy("The way to the first report"),
        lazy("From an empty installation to the first figure, step by step"),
        ("account.start",),
    ),
)

PARTS = (
    Part(lazy("For everyone"), lambda reach: True, _EVERYONE),
    Part(lazy("Your own record"), lambda reach: reach.member_id is not None, _MEMBERS),
    Part(lazy("Figures"), lambda reach: reach.sees_reports, _READERS),
    Part(lazy("For those who lead a local"), lambda reach: bool(reach.locals_led) or reach.sees_all_units, _LEADS),
    Part(lazy("Training staff"), lambda reach: reach.sees_all_units, _STAFF),
    Part(lazy("Administration"), lambda reach: reach.is_admin or reach.is_staff, _ADMINS),
)
TOPICS = {topic.code: topic for part in PARTS for topic in part.topics}
TOPIC_OF = {endpoint: topic for topic in TOPICS.values() for endpoint in topic.beside}


def stand_beside(app: Flask) -> None:
    """Tell every template which topic fits its page. A page that says what went wrong gives none of its own."""
    app.context_processor(lambda: {"help_topic": _topic_here()})


@help_.get("/")
@signed_in
def contents() -> str:
    reach = gate.reach()
    return render_template(
        "help/contents.html",
        own=[part for part in PARTS if part.is_for(reach)],
        others=[part for part in PARTS if not part.is_for(reach)],
    )


@help_.get(f"/{SIGNING_IN}")
@public
def signing_in() -> str:
    return _page(TOPICS[SIGNING_IN])


@help_.get(f"/{PRIVACY}")
@public
def privacy() -> str:
    return _page(TOPICS[PRIVACY])


@help_.get("/<topic>")
@signed_in
def topic(topic: str) -> str:
    return _page(TOPICS.get(topic) or abort(404))


def _page(topic: Topic) -> str:
    others = TOPICS if gate.reach().user_id is not None else {}  # a stranger could open none of them
    return render_template(f"help/{topic.code}.html", topic=topic, topics=others, way=way)


def way(endpoint: str, words: str, **values: Any) -> Markup:
    """The way to a page, for whoever may open it; for the others what it is called."""
    view, reach = current_app.view_functions[endpoint], gate.reach()
    may_read = getattr(view, "openings", (_nobody,))[0]
    if getattr(view, "is_public", False) or (reach.user_id is not None and may_read(reach)):
        return Markup('<a href="{}">{}</a>').format(url_for(endpoint, **values), words)
    return Markup("<strong>{}</strong>").format(words)


def _nobody(_reach: Reach) -> bool:
    return False


def _topic_here() -> Topic | None:
    """The topic of the page that is asked for, if whoever asks can read it."""
    topic = TOPIC_OF.get(request.endpoint or "")
    return topic if topic and (topic.code == SIGNING_IN or gate.reach().user_id is not None) else None
