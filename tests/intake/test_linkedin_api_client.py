"""Asking LinkedIn: pages, tokens, patience, and what is never done for it."""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.intake.linkedin_stand_in import CLIENT_ID, REPORTS, SECRET, Asked, Fault, Handler, StandIn, engagement
from tracker.intake.imports import original_of
from tracker.intake.linkedin_api.answers import Limits
from tracker.intake.linkedin_api.client import Application, LinkedIn, TooLong
from tracker.intake.linkedin_api.fetching import each_window
from tracker.intake.linkedin_api.windows import Window
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, RowFaults

NOW = datetime.now(UTC).replace(microsecond=0)
TOMORROW = NOW.date() + timedelta(days=1)
WEEK = Window(NOW - timedelta(days=7), 7)
LIMITS = Limits(silence=20, answer=60, size=400_000, tries=4)


@dataclass
class Caller:
    """A client of the stand-in that does not wait, but notes how long it would have."""

    stand_in: StandIn
    secret: str = SECRET
    limits: Limits = LIMITS
    waits: list[tuple[float, str]] = field(default_factory=list)

    def linkedin(self, **said: Any) -> LinkedIn:
        application = Application(CLIENT_ID, self.secret, self.stand_in.url, self.stand_in.token_url)
        return LinkedIn(application, wait=lambda *wait: self.waits.append(wait), limits=self.limits, **said)

    def learners(self, window: Window = WEEK, **said: Any) -> list[str]:
        """The learners of a window's elements, as they came."""
        with self.linkedin(**said) as linkedin:
            return [each["learnerDetails"]["uniqueUserId"] for page in linkedin.pages(window) for each in page]

    def refusal(self, window: Window = WEEK) -> str:
        with pytest.raises(Refused) as refusal:
            self.learners(window)
        assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
        return refusal.value.message


def people(count: int) -> list[dict[str, Any]]:
    return [engagement(number, 1, NOW - timedelta(hours=1 + number % 150)) for number in range(1, count + 1)]


def ids(count: int) -> list[str]:
    return [f"{number:07}" for number in range(1, count + 1)]


def once(*numbers: int) -> Callable[[Callable[[Handler], bool]], Fault]:
    """A fault for the questions of these numbers only."""

    def bind(act: Callable[[Handler], bool]) -> Fault:
        return lambda handler, asked: asked.number in numbers and act(handler)

    return bind


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(people(230)) as stand_in:
        yield stand_in


@pytest.fixture
def caller(stand_in: StandIn) -> Caller:
    return Caller(stand_in)


# --- Pages ---------------------------------------------------------------------------------------------------------------


def test_every_page_of_a_window_is_read(caller: Caller) -> None:
    assert caller.learners() == ids(230)
    assert [asked.start for asked in caller.stand_in.asked] == [0, 100, 200]
    assert (caller.stand_in.tokens_given, caller.waits) == (1, [])


def test_an_empty_window_is_one_question(caller: Caller) -> None:
    assert caller.learners(Window(NOW - timedelta(days=100), 14)) == []
    assert len(caller.stand_in.asked) == 1


def test_pages_shorter_than_asked_for_are_followed(caller: Caller) -> None:
    caller.stand_in.most_on_a_page = 7
    assert caller.learners() == ids(230)


def test_where_no_link_is_given_the_total_says_whether_there_is_more(caller: Caller) -> None:
    caller.stand_in.tells_links = False
    assert caller.learners() == ids(230)
    assert [asked.start for asked in caller.stand_in.asked] == [0, 100, 200]


@pytest.mark.parametrize(
    "paging", [None, 7, {}, {"links": 7, "total": "230"}, {"links": [7, {"rel": "prev"}], "total": None}]
)
def test_without_a_link_and_a_total_the_page_was_the_last(caller: Caller, paging: object) -> None:
    caller.stand_in.fault = lambda handler, _: handler.answer(200, {"elements": people(2), "paging": paging})
    assert caller.learners() == ids(2)


def test_a_total_that_is_too_large_ends_with_an_empty_page(caller: Caller) -> None:
    def answer(handler: Handler, asked: Asked) -> bool:
        return handler.answer(200, {"elements": people(2) if asked.start == 0 else [], "paging": {"total": 10**9}})

    caller.stand_in.fault = answer
    assert caller.learners() == ids(2)


def test_repeated_pages_and_elements_in_another_order_are_all_given(caller: Caller) -> None:
    caller.stand_in.repeats = True
    assert sorted(set(caller.learners())) == ids(230)


def link(href: object) -> Fault:
    page = {"elements": people(1), "paging": {"links": [{"rel": "next", "href": href}]}}
    return lambda handler, _: handler.answer(200, page)


def test_a_next_link_that_was_followed_before_is_refused(caller: Caller) -> None:
    caller.stand_in.fault = link(f"{REPORTS}?start=100&q=criteria")
    assert "they have no end" in caller.refusal()
    assert len(caller.stand_in.asked) == 2


def test_a_next_link_to_a_place_no_report_has_ends_the_pages(caller: Caller) -> None:
    def answer(handler: Handler, asked: Asked) -> bool:
        if asked.number == 1:
            return link(f"{REPORTS}?start={'9' * 5_000}")(handler, asked)
        return handler.answer(200, {"elements": people(1), "paging": {"total": 10**9}})

    caller.stand_in.fault = answer
    assert caller.learners() == ids(1) * 2


def test_a_next_link_that_only_orders_its_question_otherwise_was_followed_before(caller: Caller) -> None:
    def answer(handler: Handler, asked: Asked) -> bool:
        question = sorted(asked.question.items(), reverse=asked.number % 2 == 0)
        return link(f"{REPORTS}?{urlencode(question)}")(handler, asked)

    caller.stand_in.fault = answer
    assert "they have no end" in caller.refusal()


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/v2/learningActivityReports?start=100",
        "//evil.example/v2/learningActivityReports?start=100",
        "http://127.0.0.1:9/v2/learningActivityReports?start=100",
        "http://127.0.0.1@evil.example/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://[",
        "http://127.0.0.1:port/",
        "/" + "x" * 9_000,
        7,
        None,
        {"href": "/"},
    ],
)
def test_a_next_link_to_another_host_is_not_followed(caller: Caller, href: object) -> None:
    caller.stand_in.fault = link(href)
    assert "not on its own host" in caller.refusal()
    assert len(caller.stand_in.asked) == 1


def test_a_redirect_is_not_followed(caller: Caller) -> None:
    with StandIn() as other:
        caller.stand_in.fault = lambda handler, _: handler.answer(302, {}, [("Location", f"{other.url}{REPORTS}")])
        assert "sends us to another address (302)" in caller.refusal()
        assert other.asked == []


# --- Tokens --------------------------------------------------------------------------------------------------------------


def test_a_token_that_ends_between_two_pages_is_fetched_anew(caller: Caller) -> None:
    def forget(asked: Asked) -> None:
        if asked.number == 1:
            caller.stand_in.forget_tokens()

    caller.stand_in.on_page = forget
    assert caller.learners() == ids(230)
    assert caller.stand_in.tokens_given == 2


def test_a_token_is_renewed_a_little_before_its_end(caller: Caller) -> None:
    caller.stand_in.token_lives = 1_000
    clock = iter([0.0, 939.0, 941.0, 941.0])
    assert caller.learners(clock=lambda: next(clock)) == ids(230)
    assert caller.stand_in.tokens_given == 2
    assert all(asked.status == 200 for asked in caller.stand_in.asked)


def test_a_token_that_is_never_taken_is_not_fetched_for_ever(caller: Caller) -> None:
    caller.stand_in.fault = lambda handler, _: handler.answer(401, {"message": "Invalid access token"})
    assert "does not take the token that it has just given (401: Invalid access token)" in caller.refusal()
    assert caller.stand_in.tokens_given == 2


def test_a_wrong_secret_is_told_by_the_names_of_the_settings(caller: Caller) -> None:
    caller.secret = "not-the-secret-at-all"
    message = caller.refusal()
    assert "TRACKER_LINKEDIN_CLIENT_ID with TRACKER_LINKEDIN_CLIENT_SECRET (401: Client authentication failed)" in message
    assert caller.secret not in message


@pytest.mark.parametrize("token", [None, 7, "", "two\r\nlines", "é", {}])
def test_an_answer_without_a_token_is_refused(caller: Caller, token: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "do_POST", lambda handler: handler.answer(200, {"access_token": token}))
    assert "holds none" in caller.refusal()


@pytest.mark.parametrize("expires_in", [None, "3600", -1, 0, True, float("nan"), float("inf"), 7_776_000])
def test_whatever_is_said_of_a_tokens_life_it_is_used(
    caller: Caller, expires_in: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(handler: Handler) -> None:
        handler.answer(200, {"access_token": handler.stand_in.new_token(), "expires_in": expires_in})

    monkeypatch.setattr(Handler, "do_POST", give)
    assert caller.learners() == ids(230)
    assert caller.stand_in.tokens_given == 1


# --- Patience ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retry_after", "at_least", "at_most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("100000", 900, 900),
        (timedelta(minutes=3), 100, 180),
        (timedelta(minutes=-3), 0, 0),
        ("soon", 0.5, 1),
        ("", 0.5, 1),
    ],
)
def test_it_slows_down_for_as_long_as_linkedin_asks(
    caller: Caller, retry_after: str | timedelta, at_least: float, at_most: float
) -> None:
    if isinstance(retry_after, timedelta):
        retry_after = format_datetime(datetime.now(UTC) + retry_after, usegmt=True)
    busy = {"status": 429, "code": "RATE_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
    caller.stand_in.fault = once(2)(lambda handler: handler.answer(429, busy, [("Retry-After", retry_after)]))
    assert caller.learners() == ids(230)
    [(seconds, why)] = caller.waits
    assert at_least <= seconds <= at_most
    assert why == "LinkedIn asks us to slow down (429: Rate limit exceeded)"


def test_it_waits_longer_every_time_and_gives_up_in_the_end(caller: Caller) -> None:
    caller.stand_in.fault = lambda handler, _: handler.answer(503, {"message": "Unavailable"})
    assert caller.refusal() == "LinkedIn has trouble of its own (503: Unavailable). Try again later."
    assert len(caller.stand_in.asked) == 4
    assert [0.5 * 2**turn <= seconds <= 2**turn for turn, (seconds, _) in enumerate(caller.waits)] == [True] * 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_that_passes_is_waited_out(caller: Caller, status: int) -> None:
    caller.stand_in.fault = once(2, 3)(lambda handler: handler.answer(status, b"<html>a proxy's page</html>"))
    assert caller.learners() == ids(230)
    assert len(caller.waits) == 2


def slow(handler: Handler) -> bool:
    time.sleep(0.8)
    return False


def drip(handler: Handler) -> bool:
    """A byte now and then, so that no single silence is too long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(9):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.3)
    handler.close_connection = True
    return True


def hang_up(handler: Handler) -> bool:
    handler.close_connection = True
    handler.connection.close()
    return True


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (slow, "did not answer in time"),
        (drip, "did not answer in time"),
        (hang_up, "cannot be reached"),
        (lambda handler: handler.break_off({"elements": people(50)}), "broke off"),
        (lambda handler: handler.answer(200, b"{not json"), "not the JSON"),
        (lambda handler: handler.answer(200, b"[" * 100_000), "not the JSON"),
        (lambda handler: handler.answer(200, b"\xff\xfe\xfa"), "not the JSON"),
        (lambda handler: handler.answer(200, b""), "not the JSON"),
        (lambda handler: handler.answer(200, b"[]"), "not the JSON"),
        (lambda handler: handler.answer(200, b"not packed at all", [("Content-Encoding", "gzip")]), "broke off"),
    ],
)
def test_an_answer_that_is_slow_broken_or_no_json_is_asked_for_again(
    caller: Caller, act: Callable[[Handler], bool], why: str
) -> None:
    if act in (slow, drip):
        caller.limits = replace(LIMITS, silence=0.5, answer=1.5)
    caller.stand_in.fault = once(2)(act)
    assert caller.learners() == ids(230)
    assert caller.waits
    assert all(why in reason for _, reason in caller.waits)


def test_nobody_there_is_told_in_words(caller: Caller) -> None:
    with StandIn() as gone:
        pass
    caller.stand_in = gone
    assert caller.refusal() == "LinkedIn cannot be reached. Try again later."


def test_an_answer_without_end_is_left_off(caller: Caller) -> None:
    sent = 0

    def pour(handler: Handler, _: Asked) -> bool:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while sent < 200_000_000:
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            sent += 0x10000
        return True

    caller.stand_in.fault = pour
    assert "larger than 390 KiB" in caller.refusal()
    assert sent < 20_000_000
    assert caller.waits == []


def test_an_answer_that_unpacks_without_end_is_left_off(caller: Caller) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    caller.stand_in.fault = lambda handler, _: handler.answer(200, bomb, [("Content-Encoding", "gzip")])
    assert "larger than 390 KiB" in caller.refusal()


# --- Windows that are too long -------------------------------------------------------------------------------------------


def test_a_window_that_always_fails_is_halved_and_none_is_lost(caller: Caller, tmp_path: Path) -> None:
    caller.stand_in.longest_days = 3
    begin = NOW - timedelta(days=16)
    with caller.linkedin() as linkedin:
        windows = [
            (fetched.window, len(list(fetched.reader(TOMORROW))))
            for fetched in each_window(linkedin, begin, NOW, tmp_path, lambda *_: None)
        ]
    assert [window.days for window, _ in windows] == [3] * 5 + [1]
    assert windows[0][0].from_at == begin
    assert windows[-1][0].until_at == NOW
    assert all(one.until_at == other.from_at for (one, _), (other, _) in pairwise(windows))
    assert sum(count for _, count in windows) == 230
    assert [days for _, days in caller.stand_in.windows][:3] == [14, 7, 3]
    assert list(tmp_path.iterdir()) == []


def test_a_day_that_always_fails_is_refused(caller: Caller, tmp_path: Path) -> None:
    caller.stand_in.longest_days = 0
    with caller.linkedin() as linkedin, pytest.raises(Refused, match=r"trouble of its own \(500: Internal Server Error\)"):
        next(each_window(linkedin, NOW - timedelta(days=10), NOW, tmp_path, lambda *_: None))
    assert list(dict.fromkeys(days for _, days in caller.stand_in.windows)) == [10, 5, 2, 1]


def test_only_an_internal_error_halves_a_window(caller: Caller) -> None:
    caller.stand_in.fault = lambda handler, _: handler.answer(503, {})
    with caller.linkedin() as linkedin, pytest.raises(Refused):
        next(linkedin.pages(WEEK))
    caller.stand_in.fault = lambda handler, _: handler.answer(500, {})
    with caller.linkedin() as linkedin, pytest.raises(TooLong):
        next(linkedin.pages(WEEK))


# --- What is said of it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (403, {"message": "Not enough permissions"}, "does not let this application read learning reports (403: Not enough"),
        (400, {"message": "Invalid\r\n\x1b[2Jparameters\u202e\ud800"}, "(400: Invalid \\x1b[2Jparameters\\u202e\\ud800)"),
        (400, {"message": 7, "error": None}, "refuses the question (400)."),
        (404, b"<h1>Not\nfound</h1>", "refuses the question (404: <h1>Not found</h1>)."),
        (403, {"message": "x" * 10_000}, "(403: " + "x" * 199 + "…)"),
        (200, {"elements": {"unexpected": True}}, "holds no elements"),
        (200, {}, "holds no elements"),
        (204, b"", "refuses the question (204)"),
    ],
)
def test_a_refusal_is_one_clear_line(caller: Caller, status: int, content: object, said: str) -> None:
    caller.stand_in.fault = lambda handler, _: handler.answer(status, content)
    message = caller.refusal()
    assert said in message
    assert message.isprintable()
    assert len(message) < 350
    assert caller.waits == []


def test_the_secret_and_the_tokens_are_told_to_no_one(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(handler: Handler, asked: Asked) -> bool:
        return handler.answer(403, {"message": f"{handler.headers['Authorization']} of {SECRET} may not"})

    caller.stand_in.fault = echo
    assert "(403: Bearer … of … may not)" in caller.refusal()
    caller.stand_in.fault = None
    caller.learners()
    assert "learningActivityReports" in caplog.text
    assert SECRET not in caplog.text
    assert "Bearer" not in caplog.text
    assert SECRET not in repr(Application(CLIENT_ID, SECRET, "", ""))
    assert not any(token in caplog.text for token in caller.stand_in._tokens)


def test_a_netrc_sends_no_password_of_its_own(caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests would take what it holds for a host instead of the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert caller.learners() == ids(230)


def test_a_proxy_is_not_asked_for_this_machine(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert caller.learners() == ids(230)


# --- The file ------------------------------------------------------------------------------------------------------------


def test_what_was_fetched_is_read_line_by_line_as_often_as_needed(caller: Caller, tmp_path: Path) -> None:
    deep: Any = "here"
    for _ in range(300):
        deep = [deep]
    caller.stand_in.elements[3]["learnerDetails"]["customAttributes"] = {"deep": deep, "line": "a\nb\u2028c"}
    with caller.linkedin() as linkedin:
        for fetched in each_window(linkedin, NOW - timedelta(days=14), NOW, tmp_path, lambda *_: None):
            rows = list(fetched.reader(TOMORROW))
            assert rows == list(fetched.reader(TOMORROW))
            told = [(row.line, row.provider_id) for row in rows if isinstance(row, CompletionRow)]
            assert told == list(enumerate(ids(230), start=1))
            assert original_of(fetched.file, fetched.file_name).lines == 230


def test_an_element_nested_beyond_reading_is_one_faulty_row(caller: Caller, tmp_path: Path) -> None:
    deep = b'{"elements": [{"a": ' + b"[" * 900 + b"]" * 900 + b'}, {"activities": 7}], "paging": {}}'
    caller.stand_in.fault = lambda handler, _: handler.answer(200, deep)
    with caller.linkedin() as linkedin:
        for fetched in each_window(linkedin, NOW - timedelta(days=14), NOW, tmp_path, lambda *_: None):
            assert [type(row) for row in fetched.reader(TOMORROW)] == [RowFaults, RowFaults]
