"""The script that draws charts in a page: put together once from what is installed, kept in the instance folder.

It takes seconds and 150 MB to put together, so the process that draws does it, in the background; until then, pages show the
pictures as images.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import logging
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tracker.coverage.rendering.renderer import NotRendered, Renderer

_FORM = "1"  # of what is kept: another number makes it anew

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Script:
    """The script, packed, and the name of its content."""

    content_hash: str
    packed: Path


class PageScript:
    """The script of one instance."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._making = threading.Lock()
        self._found: Script | None = None

    @property
    def found(self) -> Script | None:
        """The script; None while there is none yet."""
        if self._found is None:
            with suppress(OSError):
                content = gzip.decompress(self._file.read_bytes())
                self._found = Script(hashlib.sha256(content).hexdigest()[:12], self._file)
        return self._found

    def soon(self) -> None:
        """Put it together in the background, where it is missing and nobody is at it."""
        if self.found is None and self._making.acquire(blocking=False):
            threading.Thread(target=self._make, name="page-script", daemon=True).start()

    def now(self) -> Script:
        """The script, put together first where it is missing.

        Raises:
            NotRendered: it could not be.
        """
        if self.found is None:
            self._keep()
        found = self.found
        if found is None:
            raise NotRendered("The script that draws charts could not be kept.")
        return found

    @property
    def _file(self) -> Path:
        return self._folder / f"vega-{version('vl-convert-python')}-{_FORM}.js.gz"

    def _make(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / "making").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # one process of a server at a time
                if self.found is None:
                    self._keep()
        except (NotRendered, OSError) as error:
            log.error("charts are shown as images, for their script is missing: %s", error)
        finally:
            self._making.release()

    def _keep(self) -> None:
        renderer = Renderer(longest=120)
        try:
            packed = gzip.compress(renderer.rendered({"kind": "bundle"}), mtime=0)
        finally:
            renderer.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_bytes(packed)
        new.replace(self._file)  # another server that makes it too comes to the same
