"""Programs' doors: JSON in, JSON out. No page, no cookie, no session: a program shows its token with every call.

- `door`        what the doors share: who may pass the gate, how a refusal is told
- `tokens`      `/oauth2/token`: a client's credentials for a token that lasts an hour
- `statements`  `/xapi/…`: learning as it happens
- `settling`    what had to wait for an import, done as soon as it has ended
"""

from __future__ import annotations

from flask import Flask


def open_doors(app: Flask) -> None:
    """Attach every program's door."""
    from tracker.api import statements, tokens, v1
    from tracker.api.settling import Settling
    from tracker.api.v1.callers import ask_once_more
    from tracker.api.v1.problems import type_and_title
    from tracker.models import ask_first

    for each in (tokens.oauth2, statements.xapi, v1.blueprint()):
        app.register_blueprint(each)
        app.extensions["csrf"].exempt(each)  # no cookie speaks for a program, so no page can make one speak
    ask_first(ask_once_more)
    app.extensions["settling"] = Settling(app)
    app.extensions["api_problem"] = type_and_title  # the door beside, which may not ask for it, answers what reaches no view
