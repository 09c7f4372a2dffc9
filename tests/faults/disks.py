"""A disk that fills up: a small one of its own where this machine lets one be mounted, and everywhere a limit on how long
files may grow, by which the system refuses the same writes."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path

SIZE = 96 << 20
_NO_LIMIT = resource.RLIM_INFINITY


class Disk(ABC):
    """Where a site's instance folder and temporary files lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self, room: int, processes: list[int]) -> None:
        """Leave room for so many bytes, for these processes at least."""

    @abstractmethod
    def free(self, processes: list[int]) -> None:
        """Give it all back."""

    @abstractmethod
    def remove(self) -> None:
        """Nobody uses it any more."""


class SmallDisk(Disk):
    """A file system of its own, in memory: full, it answers ENOSPC to whoever writes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True, capture_output=True)

    def fill(self, room: int, processes: list[int]) -> None:
        ballast = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT)
        free = os.statvfs(self.folder)
        size = os.fstat(ballast).st_size + free.f_bavail * free.f_frsize - room
        os.posix_fallocate(ballast, 0, max(size, 1))
        os.close(ballast)

    def free(self, processes: list[int]) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class LimitedFiles(Disk):
    """No file of the processes may grow beyond a length: they are answered EFBIG, as by a quota."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()

    def fill(self, room: int, processes: list[int]) -> None:
        for each in processes:
            resource.prlimit(each, resource.RLIMIT_FSIZE, (room, _NO_LIMIT))

    def free(self, processes: list[int]) -> None:
        for each in processes:
            resource.prlimit(each, resource.RLIMIT_FSIZE, (_NO_LIMIT, _NO_LIMIT))

    def remove(self) -> None:
        """It is a folder like any other."""


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            SmallDisk(Path(folder) / "disk").remove()
        except (OSError, subprocess.CalledProcessError):
            return False
    return True


DISKS: tuple[type[Disk], ...] = (SmallDisk, LimitedFiles) if _can_mount() else (LimitedFiles,)
