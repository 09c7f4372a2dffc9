"""Abuse 24: the server is made to ask an address for somebody."""

from __future__ import annotations

import socket

import pytest

from tests.access.asking import SAFE, Asker, rules_of, where


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_abuse_24_an_address_that_somebody_writes_is_never_asked(union: Asker, scheme: str) -> None:
    """Abuse 24: a link as evidence that leads to the server's own network. Nobody calls it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        link = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/latest/meta-data"
        sent = {"course": "copilot", "completed_on": "2026-01-12", "link": link}
        assert union.ask("member", "POST", "/my/completions", sent).status in (303, 422)
        for (_endpoint, method), rule in rules_of(union.app).items():
            if method == SAFE and rule.rule.startswith(("/my", "/staff/review", "/staff/members")):
                union.ask(
                    "staff" if rule.rule.startswith("/staff") else "member", SAFE, where(union.app, rule, union.planted.own)
                )
        with pytest.raises(BlockingIOError):
            server.accept()
