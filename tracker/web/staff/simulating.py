"""`/staff/catalogue/…`: what a change of the catalogue would do, before it is published. Nothing is applied here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tracker.coverage.applied_texts import text_in_force
from tracker.coverage.simulating import (
    Group,
    LocalChange,
    PathChange,
    Simulation,
    named_page,
    names_document,
    simulation_document,
)
from tracker.curriculum.catalogue import CatalogueFaults, read_catalogue
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.paths import ChangePolicy
from tracker.intake.progress import progress_of
from tracker.intake.queueing import is_under_way, waits_long
from tracker.intake.simulations import found_of, members_of, purge_trials, refusal_of, text_on_trial
from tracker.language import _, ngettext
from tracker.models import db
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import one_of
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.opened import opened
from tracker.web.reports.door import FORMS, document_file, file_url, here
from tracker.web.staff.door import staff
from tracker.web.staff.rules import catalogue_page
from tracker.web.staff.trying import TryForm, begin_trial, start, trials_folder

_KEPT = timedelta(days=1)
_WHO = ("lost", "gained", "kept")
_POLICIES = tuple(each.value for each in ChangePolicy)


def _heading(who: str, found: int) -> str:
    if who == "lost":
        return ngettext("%(n)s person who would turn incomplete", "%(n)s people who would turn incomplete", found)
    if who == "gained":
        return ngettext("%(n)s person who would become complete", "%(n)s people who would become complete", found)
    return ngettext(
        "%(n)s person who would stay complete because they are kept",
        "%(n)s people who would stay complete because they are kept",
        found,
    )


@staff.post("/catalogue")
@staff_only
def try_catalogue() -> AnyResponse | tuple[str, int]:
    """Say what is wrong in the text, line by line; or let it be tried."""
    form = TryForm()
    came = form.take() if form.validate() else None
    if came is None:
        return catalogue_page(form), 422
    name, text = came
    try:
        read_catalogue(text, name)
    except CatalogueFaults as broken:
        form.form_errors += [
            _("%(file)s has faults, and nothing was tried. By line and column:", file=name),
            *broken.lines(),
        ]
        return catalogue_page(form), 422
    try:
        purge_trials(trials_folder(), datetime.now(UTC) - _KEPT)
        trial_id = begin_trial(name, text, form.floor.data, gate.signed_in_user().email)
    except OSError as error:
        current_app.logger.error("a catalogue cannot be kept: %s", error)
        form.refuse(Refused("not_kept", _("The text could not be kept: the disk is full, or cannot be written.")))
        return catalogue_page(form), 507
    return redirect(url_for(".simulated", trial_id=trial_id), 303)


@staff.get("/catalogue/trials/<int:trial_id>")
@staff_and_auditors
def simulated(trial_id: int) -> str:
    """How far it is, or what was found."""
    folder = trials_folder()
    kept = text_on_trial(folder, trial_id)
    if kept is None:
        abort(404)
    asked = kept[1]
    found, refused = found_of(folder, trial_id), refusal_of(folder, trial_id)
    if found is None or refused is not None:
        is_at_work = refused is None and is_under_way(folder, trial_id)
        return render_template(
            "staff/simulating.html",
            asked=asked,
            trial_id=trial_id,
            refused=refused,
            is_at_work=is_at_work,
            progress=progress_of(folder, trial_id),
            waits_long=waits_long(folder, trial_id, datetime.now(UTC)),
        )
    in_force = text_in_force(db.session(), "catalogue")
    return render_template(
        "staff/simulated.html",
        asked=asked,
        trial_id=trial_id,
        found=found,
        below=[(path, _below(path)) for path in found.paths],
        ChangePolicy=ChangePolicy,
        is_stale=in_force is None or in_force.id != found.force_id,
        files=[(form, file_url(".simulated_file", form, trial_id=trial_id)) for form in FORMS],
    )


@staff.post("/catalogue/trials/<int:trial_id>")
@staff_only
def try_again(trial_id: int) -> AnyResponse:
    """Start a trial again that stopped."""
    if text_on_trial(trials_folder(), trial_id) is None:
        abort(404)
    start(trial_id)
    return redirect(url_for(".simulated", trial_id=trial_id), 303)


@staff.get("/catalogue/trials/<int:trial_id>/change.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def simulated_file(trial_id: int, form: str) -> Response:
    return document_file(simulation_document(_found(trial_id)), form, "catalogue-change")


@staff.get("/catalogue/trials/<int:trial_id>/people")
@staff_and_auditors
def simulated_people(trial_id: int) -> str:
    """Who the people of one count are."""
    found = _found(trial_id)
    path, group = _group(found)
    members = members_of(trials_folder(), trial_id, group)
    page = named_page(db.session(), members, group.day, after=request.args.get("after", ""))
    return render_template(
        "staff/simulated_people.html",
        trial_id=trial_id,
        path=path,
        group=group,
        words=_heading(group.who, len(members)),
        page=page,
        first_url=here(after=None) if request.args.get("after") else None,
        next_url=here(after=page.next_key) if page.next_key else None,
        files=[(form, file_url(".simulated_people_file", form, trial_id=trial_id)) for form in FORMS],
    )


@staff.get("/catalogue/trials/<int:trial_id>/people.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def simulated_people_file(trial_id: int, form: str) -> Response:
    path, group = _group(_found(trial_id))
    members = members_of(trials_folder(), trial_id, group)
    rows = named_page(db.session(), members, group.day, size=None).rows
    facts = [
        (
            _("Path"),
            _(
                "%(path)s, version %(before)s → %(after)s",
                path=path.title,
                before=path.version_before,
                after=path.version_after,
            ),
        ),
        (_("Change policy"), group.policy.value),
        (_("Day"), group.day.isoformat()),
    ]
    document = names_document(_heading(group.who, len(rows)), facts, rows)
    answer = document_file(document, form, group.who, path.code, group.policy.value, group.day.isoformat())
    opened([row.member_id for row in rows], "list")
    return answer


def _found(trial_id: int) -> Simulation:
    found = found_of(trials_folder(), trial_id)
    if found is None:
        abort(404)
    return found


def _group(found: Simulation) -> tuple[PathChange, Group]:
    """The count that the address asks for."""
    paths = {path.code: path for path in found.paths}
    path = paths.get(one_of("path", tuple(paths)))
    policy, who = one_of("policy", _POLICIES), one_of("who", _WHO)
    if path is None or not policy or not who:
        abort(404)
    days = {day.isoformat(): day for day in path.days}
    day = one_of("day", tuple(days))
    if not day:
        abort(404)
    return path, Group(path.path_id, ChangePolicy(policy), days[day], who)


def _told_on(path: PathChange, policy: ChangePolicy) -> date:
    """The day on which a policy has done what it does."""
    return path.grace_day if policy is ChangePolicy.GRACE else path.first_day


def _below(path: PathChange) -> list[tuple[str, str, dict[ChangePolicy, LocalChange]]]:
    """The locals that fall below target under any policy: number, title, and each policy's figures of it."""
    rows: dict[str, tuple[str, str, dict[ChangePolicy, LocalChange]]] = {}
    for policy in ChangePolicy:
        outcome = path.outcome(policy, _told_on(path, policy))
        for each in outcome.below(path.target):
            rows.setdefault(each.number, (each.number, each.title, {}))[2][policy] = each
    return sorted(rows.values(), key=lambda row: natural(row[0]))
