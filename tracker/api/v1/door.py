"""The API's door: what an operation is, and how each is asked.

Every operation is asked in one order: the form of the request, whose token, which scope, whether this caller has such a
thing at all (404, as of what does not exist), then whether what is said can be taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint, abort, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from tracker.access.roles import Reach
from tracker.api.door import for_programs, settings
from tracker.api.v1.answers import answer
from tracker.api.v1.callers import Caller, caller_of_request
from tracker.api.v1.opened import note_refused
from tracker.api.v1.problems import Problem, answer_with
from tracker.api.v1.shapes.base import Shape
from tracker.language import DEFAULT, speaking
from tracker.models import db
from tracker.operations.tokens import Scope

LARGEST_BODY = 2_000_000  # bytes: a thousand completions, twice over
api = Blueprint("api_v1", __name__, url_prefix="/api/v1")
answer_with(api)

Opening = Callable[[Reach], bool]
View = TypeVar("View", bound=Callable[..., Shape])


def everyone(_reach: Reach) -> bool:
    return True


def report_readers(reach: Reach) -> bool:
    return reach.sees_reports


def staff_and_auditors(reach: Reach) -> bool:
    return reach.sees_all_units


def audit_readers(reach: Reach) -> bool:
    return reach.sees_audit


@dataclass(frozen=True)
class Operation:
    """One thing that a program may ask, or do."""

    rule: str  # below /api/v1: "/units/<number>"
    method: str
    view: Callable[..., Shape]
    answers: type[Shape]
    about: str  # under which heading it stands
    opened_to: Opening
    who: str  # the same in words
    scope: Scope
    hints: dict[str, type[Shape]] = field(default_factory=dict)  # what it takes: path, query, body

    @property
    def name(self) -> str:
        return self.view.__name__


OPERATIONS: list[Operation] = []

_WHO = {
    everyone: "any token",
    report_readers: "who sees figures: training staff, auditors, and officers of their own units",
    staff_and_auditors: "training staff and auditors",
    audit_readers: "auditors and administrators",
}


def operation(
    rule: str,
    answers: type[Shape],
    *,
    about: str,
    opened_to: Opening = everyone,
    who: str = "",
    scope: Scope = Scope.READ,
    method: str = "GET",
) -> Callable[[View], View]:
    """Put a view at the door. It takes the caller, and what its hints name: ``path``, ``query``, ``body``."""

    def put(view: View) -> View:
        hints = {name: hint for name, hint in get_type_hints(view).items() if name in ("path", "query", "body")}
        its = Operation(rule, method, view, answers, about, opened_to, who or _WHO[opened_to], scope, hints)
        OPERATIONS.append(its)

        def serve(**parts: str) -> Response:
            with speaking(DEFAULT):  # what programs are told is the same in every language
                return _served(its, parts)

        api.add_url_rule(rule, view.__name__, for_programs(serve), methods=[method])
        return view

    return put


def today() -> date:
    return settings().today()


def _served(its: Operation, parts: dict[str, str]) -> Response:
    if request.accept_mimetypes and not request.accept_mimetypes.best_match(["application/json"]):
        raise Problem("not-acceptable", "Send Accept: application/json, or leave it out.")
    caller = caller_of_request(db.session(), its.scope, today())
    try:
        return _done(its, caller, parts)
    except NotFound:
        note_refused(caller, its.name, parts)
        raise


def _done(its: Operation, caller: Caller, parts: dict[str, str]) -> Response:
    if not its.opened_to(caller.reach):
        abort(404)
    given: dict[str, Shape] = {}
    if "path" in its.hints:
        try:
            given["path"] = its.hints["path"].model_validate_strings(parts)
        except ValidationError:
            abort(404)  # nothing can be called so
    if "body" in its.hints:
        given["body"] = _body(its.hints["body"])
    query = _query(its.hints.get("query"))
    if query is not None:
        given["query"] = query
    return answer(its.view(caller, **given))


def _query(shape: type[Shape] | None) -> Shape | None:
    twice = [(f"#/query/{name}", "is said more than once") for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Problem("invalid", "The query says something more than once.", faults=twice)
    if shape is None:
        if request.args:
            faults = [(f"#/query/{name}", "is not asked for here") for name in request.args]
            raise Problem("invalid", "The query cannot be taken.", faults=faults)
        return None
    try:
        return shape.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        faults = [_fault("#/query", each) for each in error.errors(include_url=False, include_context=False)]
        raise Problem("invalid", "The query cannot be taken.", faults=faults) from None


def _body(shape: type[Shape]) -> Shape:
    if request.mimetype != "application/json":
        raise Problem("unsupported-media-type", "Send Content-Type: application/json.")
    request.max_content_length = LARGEST_BODY
    try:
        return shape.model_validate_json(request.get_data(cache=True))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            raise Problem("malformed", f"The body is no JSON: {found[0]['msg']}.") from None
        faults = [_fault("", each) for each in found[:100]]
        raise Problem("invalid", "The body cannot be taken; nothing was recorded.", faults=faults) from None


def _fault(where: str, error: ErrorDetails) -> tuple[str, str]:
    """Where it is, as a JSON pointer, and what is wrong there."""
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error["loc"])
    words = {"extra_forbidden": "is not asked for here", "missing": "is missing"}.get(error["type"])
    return where + steps, words or re.sub(r"^(Value error, |Input )", "", error["msg"])


def row_id(text: str) -> int:
    """The id that an address names; where no row can have it, nothing is there."""
    number = int(text)
    if number > 2**63 - 1:
        abort(404)
    return number


def kept_text(given: Any) -> str:
    """A text that was asked for, without outer spaces; "" where none was."""
    return (given or "").strip()
