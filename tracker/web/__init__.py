"""People's doors. A page parses, calls one read or one write, commits once if it wrote, and answers.

- `gate`     who may open which page: closed unless its view says otherwise
- `hosts`    under which names a request may call this site
- `sessions` how long a sign-in lasts
- `headers`  what every answer tells the browser not to do
- `forms`    what every form stands on
- `ids`      what an address may ask for by number
- `nav`      where a person may go, and where they start
- `speaking` in which language
- `showing`  how counts, shares, days and moments are written
- `packing`  every answer packed, for browsers that can unpack
- `errors`   every refusal, in words, with the way back
- `fields`   days, links and lengths, with their faults in plain words

then a file or a folder per door: `account` (signing in), `members` (their own record),
`evidence` (files behind it), `locals` (what a local does for its members), `staff`, `reports`, `admin`
(users, audit), `admin_clients` (programs that send statements), `health` (for whoever watches the server),
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
        members,
        nav,
        notices,
        packing,
        proofs,
        replica,
        reports,
        showing,
        speaking,
        staff,
    )
    from tracker.web import admin_clients as clients

    settings: Settings = app.config["SETTINGS"]
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
        clients.clients,
        health.health,
        frozen.checking,
        proofs.proofs,
        notices.notices,
        help.help_,
    ):
        app.register_blueprint(door)
