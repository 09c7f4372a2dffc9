"""The OpenAPI document: made by flask-openapi from the operations and their shapes, when it is first asked for.

The library makes the document and no more. Checking what is said is ours (`door`): it would read a day strictly as Python
does, where JSON knows only text, and read a body that is a text as JSON a second time.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from tracker.api.v1.door import OPERATIONS, Operation
from tracker.api.v1.problems import KINDS, MEDIA_TYPE
from tracker.api.v1.shapes.base import Shape, said
from tracker.operations.tokens import Scope

VERSION = "3.1.0"
_ABOUT = """\
What the pages of the training tracker tell their readers, for programs; and recording completions. A token speaks for its \
owner: it sees what they see today, within its scopes. What is not theirs answers 404, like what does not exist.

Lists come in pages: follow `next`, or the Link header. Each answer has an ETag: send it back as If-None-Match. Ids are \
text. Days are YYYY-MM-DD, moments are UTC. Every refusal is application/problem+json."""
_SCOPES = {
    Scope.READ: "Read what the token's owner may read.",
    Scope.COMPLETIONS: "Record completions, as the token's owner may.",
    Scope.STATEMENTS: "Send statements to /xapi/statements, as a provider.",
}
_REFUSED = (400, 401, 403, 404, 406, 409, 422, 500, 503)
_WRITING = (413, 415)


class ProblemFault(Shape):
    """Where something is wrong."""

    pointer: str = said("A JSON pointer into the body, or #/query/ and the name.", "/completions/0/completed_on")
    detail: str = said("What is wrong there.", "is no day: write it YYYY-MM-DD, as in 2026-03-09")


class Refusal(Shape):
    """A request that was refused (RFC 9457)."""

    type: str = said("What kind of refusal: an address on the reference page.", "/api/v1/#not-found")
    title: str = said("The same in words.", "Nothing is here for this token.")
    status: int = said("The HTTP status.", 404)
    detail: str = said("What happened, for people.", "Nothing is here for this token.")
    faults: list[ProblemFault] = said("Where it is wrong, where that can be said.", [], default=[])


@functools.cache
def document() -> dict[str, Any]:
    """The whole document, as JSON."""
    from flask_openapi.blueprint import APIBlueprint
    from flask_openapi.models.info import Info
    from flask_openapi.models.tag import Tag
    from flask_openapi.openapi import OpenAPI

    described = APIBlueprint("described", __name__, url_prefix="/api/v1", abp_security=[])
    for its in OPERATIONS:
        put = getattr(described, its.method.lower())
        put(
            its.rule,
            tags=[Tag(name=its.about)],
            operation_id=its.name,
            summary=_summary(its),
            description=_description(its),
            security=[{"token": []}, {"program": [its.scope.value]}],
            responses=_answers(its),
        )(_signature(its))
    maker = OpenAPI(
        __name__,
        info=Info(title="Training tracker", version="1", description=_ABOUT),
        doc_ui=False,
        validation_error_model=Refusal,
        security_schemes=_SCHEMES,
    )
    maker.openapi_version = VERSION
    maker.register_api(described)
    made: dict[str, Any] = maker.api_doc
    return made


_SCHEMES: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A person's own token, made on their account page."},
    "program": {
        "type": "oauth2",
        "description": "A program's token, for an hour, from its client id and secret.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/oauth2/token",
                "scopes": {scope.value: words for scope, words in _SCOPES.items()},
            }
        },
    },
}


def _signature(its: Operation) -> Any:
    """A function with the operation's hints: the library reads what is taken from these."""

    def view(**_given: Any) -> None:
        """Never called."""

    view.__name__ = its.name
    view.__annotations__ = dict(its.hints)
    return view


def _summary(its: Operation) -> str:
    return (its.view.__doc__ or "").strip().split("\n")[0].rstrip()


def _description(its: Operation) -> str:
    more = re.sub(r"\s+", " ", " ".join((its.view.__doc__ or "").strip().split("\n")[1:])).strip()
    who = f"For {its.who}. Scope: `{its.scope.value}`."
    return f"{more} {who}".strip()


def _answers(its: Operation) -> dict[str, Any]:
    codes = _REFUSED if its.method == "GET" else (*_REFUSED, *_WRITING)
    refused = {str(code): _refusal(code) for code in codes}
    kept = {"304": {"description": "Nothing has changed since that ETag."}} if its.method == "GET" else {}
    return {"200": its.answers, **kept, **refused}


def _refusal(code: int) -> dict[str, Any]:
    title = next(title for status, title in KINDS.values() if status == code)
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
