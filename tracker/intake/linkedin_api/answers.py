"""One question over HTTP, asked until it is answered or there is no sense in asking again.

The other side is not trusted: its answers have a largest size and a latest time, a redirect is not followed, and what it
says in an error is shortened and made visible before anyone reads it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

# Waits some seconds, and is told why.
Wait: TypeAlias = Callable[[float, str], None]

_CHUNK = 1 << 16
_LONGEST_SAYING = 200


@dataclass(frozen=True)
class Limits:
    """How long and how much. Times in seconds."""

    connecting: float = 10
    silence: float = 60  # between two pieces of an answer
    answer: float = 300  # from the question to the answer's end
    size: int = 32 * 1024 * 1024  # bytes of an answer, unpacked
    tries: int = 6
    first_wait: float = 1  # doubled after every try
    longest_wait: float = 900


class NoAnswer(Exception):
    """No answer worth reading, though asked again and again. ``status`` is HTTP's, None where it did not come so far."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Answer(NamedTuple):
    """What was answered: HTTP's status, and the body read as JSON (None where an error has none)."""

    status: int
    content: Any
    said: str  # what the body says is wrong, fit to be shown


class _Broken(Exception):
    """An answer that broke off, or that is not what it says it is: the next one may be better."""


class Bearer(AuthBase):
    """Sends the token, and keeps a ``.netrc`` from sending anything else. Without a token it sends nothing."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Asker:
    """Asks, and asks again after 429, 5xx, silence and broken answers, with growing waits.

    Args:
        name: whom we ask, for people.
        secrets: what must not be repeated to anyone, though an answer should hold it.
    """

    def __init__(self, name: str, *, wait: Wait, limits: Limits, secrets: set[str]) -> None:
        self._name = name
        self._wait = wait
        self._limits = limits
        self._secrets = secrets
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "training-tracker"})

    def close(self) -> None:
        self._session.close()

    def ask(self, url: str, *, token: str = "", form: Mapping[str, str] | None = None) -> Answer:
        """GET, or POST where there is a form.

        Returns:
            The answer, whatever it says: what cannot be better a second time is for the caller to judge.

        Raises:
            NoAnswer: nothing but trouble, or an answer that no patience makes smaller.
        """
        trouble = NoAnswer("")
        pause = 0.0
        for turn in range(self._limits.tries):
            if turn:
                self._wait(pause, trouble.reason)
            pause = self._backing_off(turn)
            try:
                answer, headers = self._once(url, token, form)
            except _Broken as broken:
                trouble = NoAnswer(str(broken))
                continue
            if answer.status != 429 and answer.status < 500:
                return answer
            does = "asks us to slow down" if answer.status == 429 else "has trouble of its own"
            trouble = NoAnswer(f"{self._name} {does} ({answer.status}{answer.said and f': {answer.said}'})", answer.status)
            asked_for = _retry_after(headers)
            if asked_for is not None:
                pause = min(max(asked_for, 0.0), self._limits.longest_wait)
        raise trouble

    def _backing_off(self, turn: int) -> float:
        """Doubled every time, and never the same for two who were turned away together."""
        longest: float = min(self._limits.first_wait * 2**turn, self._limits.longest_wait)
        return longest * random.uniform(0.5, 1)

    def _once(self, url: str, token: str, form: Mapping[str, str] | None) -> tuple[Answer, Mapping[str, str]]:
        # What stays on this machine goes through no proxy.
        self._session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
        began = time.monotonic()
        try:
            response = self._session.request(
                "GET" if form is None else "POST",
                url,
                data=form,
                auth=Bearer(token),
                timeout=(self._limits.connecting, self._limits.silence),
                allow_redirects=False,
                stream=True,
            )
            with closing(response):
                body = self._body(response, began)
        except requests.exceptions.SSLError:
            raise NoAnswer(f"{self._name} cannot show a certificate that this machine trusts") from None
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise _Broken(f"{self._name} did not answer in time") from None
        except requests.ConnectionError:
            raise _Broken(f"{self._name} cannot be reached") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            raise _Broken(f"{self._name}'s answer broke off") from None
        content = _read(body)
        if response.status_code == 200 and not isinstance(content, dict):
            raise _Broken(f"{self._name}'s answer is not the JSON it should be")
        return Answer(response.status_code, content, self._saying(content, body)), response.headers

    def _body(self, response: requests.Response, began: float) -> bytes:
        """All of the answer.

        Raises:
            NoAnswer: it is too large.
        """
        body = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if len(body) > self._limits.size:
                raise NoAnswer(f"{self._name}'s answer is larger than {self._limits.size // 1024:,} KiB")
            if time.monotonic() - began > self._limits.answer:
                raise _Broken(f"{self._name} did not answer in time")
        return bytes(body)

    def _saying(self, content: object, body: bytes) -> str:
        """What an error says of itself, in a line that can do no harm."""
        said = ""
        if isinstance(content, dict):
            told = (content.get(key) for key in ("message", "error_description", "error"))
            said = next((each for each in told if isinstance(each, str) and each.strip()), "")
        elif content is None:
            said = body[: 4 * _LONGEST_SAYING].decode("utf-8", "replace")
        for secret in self._secrets:
            said = said.replace(secret, "…")
        return visible(" ".join(said.split()), _LONGEST_SAYING)


def visible(text: str, longest: int) -> str:
    """The text with what cannot be seen written out, and not longer than that."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text[: longest + 1]
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _read(body: bytes) -> Any:
    """The body as JSON, None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks for, in seconds or as a date; None where it says neither."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
