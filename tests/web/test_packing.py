"""Answers travel packed, and say the same."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from little_union import Browser, World

PACKED = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize("path", ["/login", "/static/tracker.css", "/bootstrap/static/css/bootstrap.min.css"])
def test_a_packed_answer_says_what_a_plain_one_says(stranger: Browser, path: str) -> None:
    plain, packed = stranger.client.get(path, buffered=True), stranger.client.get(path, headers=PACKED, buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["Vary"] and "Accept-Encoding" in plain.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 2
    if path != "/login":  # whose token is another each time
        assert gzip.decompress(packed.data) == plain.data
    else:
        assert "Sign in" in gzip.decompress(packed.data).decode()


def test_a_small_answer_and_one_that_is_no_text_travel_as_they_are(stranger: Browser) -> None:
    assert "Content-Encoding" not in stranger.client.get("/healthz", headers=PACKED, buffered=True).headers


def test_the_packed_length_of_one_page_is_no_measure_of_what_it_holds(
    world: World, signed_in: Callable[[str], Browser]
) -> None:
    browser = signed_in("sam")
    lengths = {len(browser.client.get("/account/password", headers=PACKED, buffered=True).data) for _ in range(30)}
    assert len(lengths) > 5


def test_a_file_that_has_not_changed_is_not_sent_again(stranger: Browser) -> None:
    first = stranger.client.get("/static/tracker.css", headers=PACKED, buffered=True)
    again = stranger.client.get(
        "/static/tracker.css", headers={**PACKED, "If-None-Match": first.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304
    assert again.data == b""
