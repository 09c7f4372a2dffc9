"""LinkedIn's Reporting API: the access token, and the pages of one window."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tracker.intake.linkedin_api.answers import Answer, Asker, Limits, NoAnswer, Wait
from tracker.intake.linkedin_api.windows import Window
from tracker.language import _, number
from tracker.operations.refused import Refused

_REPORTS = "/v2/learningActivityReports"
_PAGE = 100  # elements: the most that LinkedIn gives at once
_MOST_PAGES = 50_000  # of one window
_LONGEST_LINK = 8_000
_LONGEST_PLACE = 18  # digits of an element's place in a report
_EARLY = 60.0  # seconds before its end that a token is renewed
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Application:
    """The API application that LinkedIn Learning's administrator made for us, and where it is used.

    ``api`` is an origin such as ``https://api.linkedin.com``.
    """

    client_id: str
    client_secret: str = field(repr=False)
    api: str
    token_url: str


class TooLong(Exception):
    """LinkedIn has an internal error for this window every time, as it does for windows that hold too much."""


class _Token(NamedTuple):
    text: str
    renew_at: float  # by the client's clock


class LinkedIn:
    """Asks LinkedIn, as one application. Close it, or use it as a context.

    Args:
        wait: waits between two tries.
        clock: seconds that only go forward, for the token's age.
    """

    def __init__(
        self,
        application: Application,
        *,
        wait: Wait = lambda seconds, _why: time.sleep(seconds),
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._clock = clock
        self._secrets = {application.client_secret}
        self._asker = Asker("LinkedIn", wait=wait, limits=limits or Limits(), secrets=self._secrets)
        self._token: _Token | None = None

    def __enter__(self) -> LinkedIn:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._asker.close()

    def pages(self, window: Window) -> Iterator[list[Any]]:
        """The elements of every page of a window, as they come: in no order, and some perhaps twice.

        The end is a page without elements, or one that names no next page and none is missing to the total it tells.

        Raises:
            TooLong: the window holds more than LinkedIn can tell.
            Refused: LinkedIn refuses, cannot be reached, or answers what is no report.
        """
        address = _address(
            {
                "q": "criteria",
                "startedAt": str(window.started_at),
                "timeOffset.unit": "DAY",
                "timeOffset.duration": str(window.days),
                "aggregationCriteria.primary": "INDIVIDUAL",
                "aggregationCriteria.secondary": "CONTENT",
                "assetType": "COURSE",
                "contentSource": "ALL_SOURCES",
                "count": str(_PAGE),
                "start": "0",
            }
        )
        seen: set[str] = set()
        while len(seen) < _MOST_PAGES:
            seen.add(_key(address))
            page = self._page(address, window)
            elements: list[Any] = page["elements"]
            if not elements:
                return
            yield elements
            following = self._next(page, address, len(elements))
            if following is None:
                return
            if _key(following) in seen:
                raise Refused("provider_repeats", _("LinkedIn’s pages lead back to one that was read: they have no end."))
            address = following
        raise Refused(
            "provider_repeats", _("LinkedIn’s pages have no end: %(most_pages)s were read.", most_pages=number(_MOST_PAGES))
        )

    def _page(self, address: str, window: Window) -> dict[str, Any]:
        try:
            answer = self._ask(address)
        except NoAnswer as none:
            if none.status == 500 and window.days > 1:
                raise TooLong from None
            raise _refused(none) from None
        if answer.status == 200 and isinstance(answer.content.get("elements"), list):
            page: dict[str, Any] = answer.content
            return page
        if answer.status == 200:
            raise Refused(
                "provider_refuses", _("LinkedIn’s answer holds no elements: it is not a learning activity report.")
            )
        raise self._refusal(answer)

    def _ask(self, address: str) -> Answer:
        """Ask with a token; with a new one where LinkedIn thinks that it is stale, for it may be ended at any time."""
        answer = self._asker.ask(self._application.api + address, token=self._valid_token())
        if answer.status == 401:
            self._token = None
            answer = self._asker.ask(self._application.api + address, token=self._valid_token())
        return answer

    def _valid_token(self) -> str:
        if self._token is None or self._clock() >= self._token.renew_at:
            self._token = self._new_token()
        return self._token.text

    def _new_token(self) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
        }
        asked_at = self._clock()
        try:
            answer = self._asker.ask(self._application.token_url, form=form)
        except NoAnswer as none:
            raise _refused(none) from None
        if answer.status in (400, 401, 403):
            raise Refused(
                "provider_refuses",
                _(
                    "LinkedIn does not know TRACKER_LINKEDIN_CLIENT_ID with TRACKER_LINKEDIN_CLIENT_SECRET "
                    "(%(status)s%(value)s). Compare them with the application’s in LinkedIn Learning’s "
                    "administration.",
                    status=answer.status,
                    value=answer.said and f": {answer.said}",
                ),
            )
        if answer.status != 200:
            raise self._refusal(answer)
        token = answer.content.get("access_token")
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            raise Refused("provider_refuses", _("LinkedIn’s answer to our request for a token holds none."))
        self._secrets.add(token)
        return _Token(token, asked_at + _lifetime(answer.content.get("expires_in")))

    def _next(self, page: dict[str, Any], address: str, come: int) -> str | None:
        """Where the next page is: as the page's link says; failing that, after what has come where the total says more."""
        paging = page.get("paging")
        if not isinstance(paging, dict):
            return None
        links = paging.get("links")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("rel") == "next":
                return self._on_our_host(link.get("href"), address)
        total = paging.get("total")
        question = dict(parse_qsl(urlsplit(address).query))
        start = question.get("start", "")
        is_place = start.isascii() and start.isdigit() and len(start) <= _LONGEST_PLACE
        if not isinstance(total, int) or not is_place or total <= int(start) + come:
            return None
        return _address({**question, "start": str(int(start) + come)})

    def _on_our_host(self, link: object, address: str) -> str:
        """A link's path and question, to be asked of the host we ask anyway: a token goes nowhere else.

        Raises:
            Refused: the link leads to another host, or is none.
        """
        try:
            if not isinstance(link, str) or len(link) > _LONGEST_LINK:
                raise ValueError
            parts = urlsplit(urljoin(self._application.api + address, link))
            ours = urlsplit(self._application.api)
            if _origin(parts.scheme, parts.hostname, parts.port) != _origin(ours.scheme, ours.hostname, ours.port):
                raise ValueError
        except ValueError:
            raise Refused(
                "provider_refuses", _("LinkedIn names a next page that is not on its own host: it was not asked for.")
            ) from None
        return f"/{parts.path.lstrip('/')}?{parts.query}"

    def _refusal(self, answer: Answer) -> Refused:
        said = answer.said and f": {answer.said}"
        if 300 <= answer.status < 400:
            return Refused(
                "provider_refuses",
                _("LinkedIn sends us to another address (%(status)s), which is not followed.", status=answer.status),
            )
        if answer.status == 401:
            return Refused(
                "provider_refuses", _("LinkedIn does not take the token that it has just given (401%(said)s).", said=said)
            )
        if answer.status == 403:
            return Refused(
                "provider_refuses",
                _("LinkedIn does not let this application read learning reports (403%(said)s).", said=said),
            )
        return Refused(
            "provider_refuses", _("LinkedIn refuses the question (%(status)s%(said)s).", status=answer.status, said=said)
        )


def _refused(none: NoAnswer) -> Refused:
    return Refused("provider_unavailable", _("%(reason)s. Try again later.", reason=none.reason))


def _lifetime(expires_in: object) -> float:
    """The seconds after which a token is to be renewed: a little before its end, and never where the end is not told."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or not 0 < expires_in < math.inf:
        return math.inf
    return expires_in - min(_EARLY, expires_in / 10)


def _address(question: dict[str, str]) -> str:
    return f"{_REPORTS}?{urlencode(question)}"


def _key(address: str) -> str:
    """The same for the same question, however it is ordered."""
    parts = urlsplit(address)
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query)))}"


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str | None, int | None]:
    return scheme, host, port or _DEFAULT_PORTS.get(scheme)
