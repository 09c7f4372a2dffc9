"""A write whose turn is long in coming: what happens while it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from tracker.models import base


@contextmanager
def while_it_waits(act: Callable[[], None]) -> Iterator[None]:
    """Let something happen after the next request was let in, and before its write has got its turn."""
    real, acts = base.one_transaction, [act]

    def waits(*given: Any, **named: Any) -> Any:
        if acts:
            other = threading.Thread(target=acts.pop())  # in a context of its own: no part of the request
            other.start()
            other.join()
        return real(*given, **named)

    with patch.object(base, "one_transaction", waits):
        yield
    assert not acts, "it did not write"
