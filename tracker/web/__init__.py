"""People's doors. A page parses, calls one read or one write, commits once if it wrote, and answers.

- `gate`     who may open which page: closed unless its view says otherwise
- `hosts`    under which names a request may call this site
- `sessions` how long a sign-in lasts
- `refusals` what was refused to whom, in the audit trail
- `taken`    which file was taken by whom, there too
- `headers`  what every answer tells the browser not to do
- `cookies`  what ours are called, and how they travel
- `forms`    what every form stands on
- `ids`      what an address may ask for by number
- `nav`      where a person may go, and where they start
- `speaking` in which language
- `showing`  how counts, shares, days and moments are written
- `packing`  every answer packed, for browsers that can unpack
- `errors`   every refusal, in words, with the way back
- `retrying` a request that met trouble which passes, answered again from its start
- `fields`   days, links and lengths, with their faults in plain words
- `watching` the number of each request, and its line in the log
- `logs`     what is written down, and what never is
- `metrics`  counts for whoever watches the server
- `serving`  what a process that serves pages does beside answering

then a file or a folder per door: `account` (signing in), `members` (their own record),
`evidence` (files behind it), `locals` (what a local does for its members), `staff`, `reports`, `admin`
(users), `admin_audit` (the audit trail), `admin_clients` (programs and what they may do), `admin_tokens` (those that
act as a person), `health` (for whoever watches the
server),
`frozen` (where anyone checks a frozen report), `proofs` (where anyone checks a member's statement),
`notices` (where whoever got a mail stops its kind), `help` (a page of plain words beside each task).
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker.config import Settings
from tracker.operations.notices.recipients import write_to_others_in

_STATIC = Path(__file__).with_name("static")


def open_doors(app: Flask) -> None:
    """Attach every page, and what stands before and behind each of them."""
    from tracker.web import (
        account,
        admin,
        admin_audit,
        admin_tokens,
        errors,
        evidence,
        forms,
        frozen,
        gate,
        headers,
        health,
        help,
        hosts,
        ids,
        locals,
        logs,
        members,
        metrics,
        nav,
        notices,
        packing,
        proofs,
        refusals,
        replica,
        reports,
        retrying,
        serving,
        showing,
        speaking,
        staff,
        taken,
        watching,
    )
    from tracker.web import admin_clients as clients

    settings: Settings = app.config["SETTINGS"]
    retrying.answer_again(app)
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops
        )
    ids.limit(app)
    app.static_folder = str(_STATIC)
    app.static_url_path = "/static"
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=app.send_static_file)
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)

    hosts.answer_to(app, settings.hosts)
    gate.stand_before(app)  # before the rest, so that a stranger meets the gate before anything else answers
    refusals.note_on(app)
    taken.note_on(app)
    forms.guard(app)
    if settings.read_database_url:
        replica.read_reports_from(app)
    packing.pack_on(app)
    headers.set_on(app)
    errors.answer_in_words(app)
    speaking.teach(app)
    write_to_others_in(settings.language)
    showing.teach(app)
    nav.show_on(app)
    help.stand_beside(app)
    for door in (
        account.account,
        members.members,
        evidence.evidence,
        staff.staff,
        locals.locals_,
        reports.reports,
        admin.admin,
        admin_audit.trail,
        clients.clients,
        admin_tokens.tokens,
        health.health,
        frozen.checking,
        proofs.proofs,
        notices.notices,
        help.help_,
    ):
        app.register_blueprint(door)
    logs.keep_quiet(app)
    serving.stand_by(app)
    counts = metrics.count_on(app)
    watching.watch(app, hops=settings.proxy_hops, begun=counts.begun, ended=counts.ended)  # last: before all else
