"""The provider's answers over HTTP. It is trusted to say who people are, not to answer soon, shortly or at all."""

from __future__ import annotations

import io
import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from requests.auth import AuthBase

_CHUNK = 1 << 14


@dataclass(frozen=True)
class Limits:
    """How long and how much: people wait for it. Times in seconds."""

    connecting: float = 5
    silence: float = 5  # between two pieces of an answer
    answer: float = 10  # from the question to the answer's end
    size: int = 512 * 1024  # bytes of an answer, unpacked


class NoProvider(Exception):
    """The provider cannot be reached, or answers what makes no sense: for the log, never for people."""


class Nobody(AuthBase):
    """Sends no credentials, and keeps a ``.netrc`` from sending any."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Session(OAuth2Session):  # type: ignore[misc]  # it has no types
    """Authlib's client, held to limits: each answer has a latest time and a largest size, and no redirect is followed."""

    limits = Limits()

    def request(self, method: str, url: str, *arguments: Any, **said: Any) -> requests.Response:
        """Ask once.

        Raises:
            NoProvider: there was no whole answer.
        """
        # What stays on this machine goes through no proxy.
        self.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
        said |= {"timeout": (self.limits.connecting, self.limits.silence), "allow_redirects": False, "stream": True}
        said["auth"] = said.get("auth") or Nobody()
        began = time.monotonic()
        try:
            response: requests.Response = super().request(method, url, True, *arguments, **said)
            with closing(response.raw):
                response.raw = io.BytesIO(self._body(response, began))
                response.headers.pop("Content-Encoding", None)  # it is unpacked
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise NoProvider(f"{urlsplit(url).netloc}: {type(error).__name__}") from error
        if response.is_redirect:
            raise NoProvider(f"{urlsplit(url).netloc} sends us elsewhere")
        return response

    def document(self, url: str) -> dict[str, Any]:
        """A JSON object at an address.

        Raises:
            NoProvider: there is none.
        """
        response = self.get(url, headers={"Accept": "application/json"})
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError):
            found = None
        if response.status_code != 200 or not isinstance(found, dict):
            raise NoProvider(f"{url} answers {response.status_code}, or what is no JSON object")
        return found

    def _body(self, response: requests.Response, began: float) -> bytes:
        body = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if len(body) > self.limits.size or time.monotonic() - began > self.limits.answer:
                raise NoProvider(f"{urlsplit(response.url).netloc} answers too much, or too slowly")
        return bytes(body)
