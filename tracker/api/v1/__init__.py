"""`/api/v1`: everything that pages read, and recording completions, for programs (docs/integrations.md).

- `door`       what an operation is, and how each is asked: who calls, may they, is it well said, then the answer
- `callers`    who calls: a person's own token, or a program's from `/oauth2/token`
- `problems`   every refusal as problem+json
- `asking`     what a query may say
- `answers`    JSON with an ETag; lists page by page
- `cursors`    where a list goes on: signed, so that nobody makes one up
- `opened`     that a program looked at somebody's record, or took a list of names
- `shapes/`    what is asked and answered, a file per noun: the document is made of these
- `views/`     the operations, a file per noun
- `document`   the OpenAPI document
- `reference`  the document, and the page that people read it as

An operation reads through `access/` as pages do, and says nothing that its caller's page does not say.
"""

from __future__ import annotations

from flask import Blueprint


def blueprint() -> Blueprint:
    """The API with every operation."""
    from tracker.api.v1 import door, reference, views  # noqa: F401 — each puts its operations at the door when it is loaded

    return door.api
