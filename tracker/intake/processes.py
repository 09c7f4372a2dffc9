"""Processes of our own, beside those that serve pages: one for each job, so that what it meets is not met by a server."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_COMMAND = (sys.executable, "-P", "-c", "from tracker.cli import main; main()")
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for it
SPEAK = "TRACKER_SPEAK"  # no setting: the language of one process of our own
REQUEST = "TRACKER_REQUEST"  # no setting: the number of the request that one was begun for
_MEMORY = Path("/dev/shm")  # noqa: S108 — a disk should not slow what every request counts; nobody else may enter
_PREFIX = "tracker-counts-"
_log = logging.getLogger(__name__)


def started(
    words: Sequence[str], lock: int | None, environment: Mapping[str, str], *, is_heard: bool = False
) -> subprocess.Popen[bytes] | None:
    """The process that runs a command of ours; None where none could be started.

    Args:
        words: the command and what it is given: words and numbers of our own.
        lock: the open file with the job's lock, which the process holds from then on; None where there is none.
        environment: the settings, and what else it must know.
        is_heard: whether what it says on its standard output is read here.
    """
    held = () if lock is None else (lock,)
    try:
        return subprocess.Popen(  # noqa: S603 — our own program, with numbers of our own
            [*_COMMAND, *words, *(("--lock", str(lock)) if lock is not None else ())],
            # it answers nobody: what it does is not among what the servers have counted
            env={**{name: value for name, value in os.environ.items() if name != _COUNTS}, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_heard else subprocess.DEVNULL,
            pass_fds=held,
            start_new_session=True,  # what ends the server does not end an import
        )
    except OSError as error:  # too many processes, no memory
        _log.error("no process for %s: %s", " ".join(words), error.strerror)
        return None


def count_together() -> Path:
    """Let the processes that are copies of this one add up what they count for `/metrics`: to be called before the
    application is made and before the first copy.

    They count in files of a folder that is of this machine and of this start alone: nothing of an earlier start is in it,
    and what one that died left behind goes now.

    Returns:
        The folder, for :func:`count_no_more`.
    """
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place)
    os.environ[_COUNTS] = folder
    return Path(folder)


def count_no_more(folder: Path) -> None:
    """Remove what the processes of this start counted in."""
    if os.environ.get(_COUNTS) == str(folder):
        del os.environ[_COUNTS]
    with suppress(OSError):
        shutil.rmtree(folder)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True
