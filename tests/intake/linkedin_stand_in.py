"""A stand-in for LinkedIn: a real server on loopback that speaks the documented JSON, and misbehaves when told to.

Its answers have the shape of ``files/linkedin_learningActivityReports_individual_content.json``: it gives a learner's
engagement with a course in the window that holds its moment.
"""

from __future__ import annotations

import json
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

CLIENT_ID, SECRET = "stand-in-client", "stand-in-secret-0123456789"
REPORTS = "/v2/learningActivityReports"
ACCOUNT = "urn:li:enterpriseAccount:999"


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def engagement(learner: int, course: int, at: datetime, percent: int = 100, **learner_details: Any) -> dict[str, Any]:
    """What one learner did with one course, last at a moment. Complete from 100 percent on."""
    activities = [("SECONDS_VIEWED", 36 * percent), ("PROGRESS_PERCENTAGE", percent)]
    if percent == 100:
        activities.append(("COMPLETIONS", 1))
    return {
        "latestDataAt": milliseconds(at + timedelta(hours=6)),
        "learnerDetails": {
            "name": f"Testy McGaffer {learner}",
            "enterpriseGroups": ["Local 80"],
            "entity": {"profileUrn": f"urn:li:enterpriseProfile:({ACCOUNT},{learner})"},
            "email": f"m{learner}@example.org",
            "customAttributes": {},
            "uniqueUserId": f"{learner:07}",
        }
        | learner_details,
        "contentDetails": {
            "contentProviderName": "LinkedIn",
            "name": f"Course {course}",
            "contentUrn": f"urn:li:lyndaCourse:{course}",
            "locale": {"country": "US", "language": "en"},
        },
        "activities": [
            {
                "engagementType": kind,
                "engagementValue": value,
                "engagementMetricQualifier": "TOTAL",
                "assetType": "COURSE",
                "firstEngagedAt": milliseconds(at - timedelta(days=1)),
                "lastEngagedAt": milliseconds(at),
            }
            for kind, value in activities
        ],
    }


@dataclass
class Asked:
    """One question for a page of a report."""

    number: int  # of the report questions, from 1
    question: dict[str, str]
    status: int = 0

    @property
    def days(self) -> int:
        return int(self.question["timeOffset.duration"])

    @property
    def start(self) -> int:
        return int(self.question.get("start", 0))


# Answers in its own way and says so, or lets the ordinary answer be given.
Fault = Callable[["Handler", Asked], bool]


@dataclass
class StandIn:
    """The server. Use it as a context; ``url`` is what TRACKER_LINKEDIN_API is set to."""

    elements: list[dict[str, Any]] = field(default_factory=list)
    longest_days: int = 14  # a longer window gets a 500, as LinkedIn answers
    most_on_a_page: int = 100
    token_lives: float = 3_600
    repeats: bool = False  # every page but the first is given twice, and elements in an order of their own
    tells_links: bool = True
    fault: Fault | None = None
    on_page: Callable[[Asked], None] | None = None  # is told after a page has gone out
    asked: list[Asked] = field(default_factory=list)
    tokens_given: int = 0

    def __enter__(self) -> StandIn:
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()
        handler = type("HandlerOfThis", (Handler,), {"stand_in": self})
        self._server = Server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.token_url = f"{self.url}/oauth/v2/accessToken"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TRACKER_LINKEDIN_CLIENT_ID": CLIENT_ID,
            "TRACKER_LINKEDIN_CLIENT_SECRET": SECRET,
            "TRACKER_LINKEDIN_API": self.url,
            "TRACKER_LINKEDIN_TOKEN_URL": self.token_url,
        }

    @property
    def windows(self) -> list[tuple[int, int]]:
        """Beginning and length of the windows that were asked for, in that order, each once however many its pages."""
        return list(dict.fromkeys((int(each.question["startedAt"]), each.days) for each in self.asked))

    # -- what the handler asks ------------------------------------------------------------------------------------------

    def note(self, question: dict[str, str]) -> Asked:
        with self._lock:
            asked = Asked(len(self.asked) + 1, question)
            self.asked.append(asked)
        return asked

    def new_token(self) -> str:
        token = "token-" + secrets.token_hex(16)
        with self._lock:
            self.tokens_given += 1
            self._tokens[token] = time.monotonic() + self.token_lives
        return token

    def knows(self, authorization: str) -> bool:
        return time.monotonic() < self._tokens.get(authorization.removeprefix("Bearer "), 0)

    def forget_tokens(self) -> None:
        """As when an administrator revokes them."""
        self._tokens.clear()

    def wrong_question(self, question: dict[str, str]) -> str:
        """What LinkedIn would not take, "" where it takes it."""
        wanted = {
            "q": "criteria",
            "timeOffset.unit": "DAY",
            "aggregationCriteria.primary": "INDIVIDUAL",
            "aggregationCriteria.secondary": "CONTENT",
            "assetType": "COURSE",
            "contentSource": "ALL_SOURCES",
        }
        wrong = [name for name, value in wanted.items() if question.get(name) != value]
        numbers = ("startedAt", "timeOffset.duration", "count", "start")
        wrong += [name for name in numbers if not question.get(name, "").isdigit()]
        if not wrong and int(question["count"]) > 100:
            wrong = ["count"]
        if not wrong and self.span(question)[1] > time.time() * 1_000:
            wrong = ["startedAt: the window ends in the future"]
        return ", ".join(wrong)

    def span(self, question: dict[str, str]) -> tuple[int, int]:
        begin = int(question["startedAt"])
        return begin, begin + 86_400_000 * int(question["timeOffset.duration"])

    def page(self, question: dict[str, str]) -> dict[str, Any]:
        begin, end = self.span(question)
        found = [each for each in self.elements if begin <= each["activities"][0]["lastEngagedAt"] < end]
        if self.repeats:
            random.Random(begin).shuffle(found)
        start, count = int(question["start"]), min(int(question["count"]), self.most_on_a_page)
        is_again = self.repeats and start and "again" not in question
        following = {**question, "again": "1"} if is_again else {**question, "start": str(start + count)}
        if not is_again:
            following.pop("again", None)
        elements = found[start : start + count]
        if "again" in question:
            elements = elements[::-1]
        links = []
        if self.tells_links and (start + count < len(found) or is_again):
            links = [{"rel": "next", "href": f"{REPORTS}?{urlencode(sorted(following.items()))}"}]
        if start:
            links.insert(0, {"rel": "prev", "href": f"{REPORTS}?start=0"})
        return {
            "elements": elements,
            "paging": {"total": len(found), "count": count, "start": start, "links": links},
        }


class Server(ThreadingHTTPServer):
    """Says nothing of a caller that was killed."""

    def handle_error(self, *_: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            raise


class Handler(BaseHTTPRequestHandler):
    """Answers as LinkedIn does."""

    stand_in: StandIn
    _asked: Asked | None = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def answer(self, status: int, content: object, headers: Iterable[tuple[str, str]] = ()) -> bool:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return True

    def break_off(self, content: object) -> bool:
        """Promise all of it, send half of it, and hang up."""
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True
        return True

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if urlsplit(self.path).path != "/oauth/v2/accessToken" or form.get("grant_type") != "client_credentials":
            self.answer(400, {"error": "invalid_request", "error_description": "not what was expected"})
        elif (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET):
            self.answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
        else:
            self.answer(
                200, {"access_token": self.stand_in.new_token(), "expires_in": max(int(self.stand_in.token_lives), 1)}
            )

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        question = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._asked = asked = self.stand_in.note(question)
        try:
            self._give(parts.path, question, asked)
        except (BrokenPipeError, ConnectionResetError):  # who asked has gone
            self.close_connection = True
        if self.stand_in.on_page is not None:
            self.stand_in.on_page(asked)

    def _give(self, path: str, question: dict[str, str], asked: Asked) -> None:
        if self.stand_in.fault is not None and self.stand_in.fault(self, asked):
            return
        if not self.stand_in.knows(self.headers.get("Authorization", "")):
            self.answer(401, {"status": 401, "message": "Invalid access token", "code": "UNAUTHORIZED"})
        elif path != REPORTS or (wrong := self.stand_in.wrong_question(question)):
            self.answer(400, {"status": 400, "message": f"Invalid parameters: {wrong}", "code": "ILLEGAL_ARGUMENT"})
        elif asked.days > self.stand_in.longest_days:
            self.answer(500, {"status": 500, "message": "Internal Server Error"})
        else:
            self.answer(200, self.stand_in.page(question))

    def send_response(self, code: int, message: str | None = None) -> None:
        if self._asked is not None:
            self._asked.status = code
        super().send_response(code, message)
