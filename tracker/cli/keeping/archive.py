"""The file of a backup: a tar in which no byte may be another than was written.

Its first entry is a note of one block that says where the manifest stands and what its hash is; the last is the manifest: a
line of JSON about the whole, then a line for each other entry with its name, size and hash. Every header is one that follows
from name and size alone, all that lies between is zeros: so whatever was changed, added or cut off is found, and named. Both
writing and reading hold no more than a piece in memory, however large the union is.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, BinaryIO, NamedTuple, TypeGuard

from tracker.operations.refused import Refused

HEAD, MANIFEST = "tracker-backup.json", "manifest.jsonl"
FORMAT = 1

_BLOCK, _CHUNK = 512, 1 << 20
_FIRST = 2 * _BLOCK  # where the first entry after the head stands
_LONGEST_LINE = 1 << 20
_LARGEST = 1 << 60
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,3}")


def can_name(name: str) -> bool:
    """Whether a backup may hold a file of that name: what cannot be brought back is not taken either."""
    return _NAME.fullmatch(name) is not None


class Entry(NamedTuple):
    """A file in a backup: ``at`` is where its content begins."""

    name: str
    size: int
    sha256: str
    at: int


def damaged(name: str, what: str) -> Refused:
    """What is said of a file that is not as it was written."""
    return Refused("damaged_backup", f"The backup is damaged at {name}: {what}. Nothing was restored: use another copy.")


class Writer:
    """Writes a backup into an empty file, entry after entry.

    Args:
        lines: an empty file for the manifest, until its turn comes.
    """

    def __init__(self, stream: BinaryIO, lines: BinaryIO) -> None:
        self._stream, self._lines, self._count = stream, lines, 0
        stream.write(bytes(_FIRST))

    def add(self, name: str, chunks: Iterable[bytes]) -> str:
        """Add a file. Its size and hash are those of what came, whatever was expected.

        Returns:
            Its SHA-256.
        """
        size, sha256 = self._put(name, chunks)
        self._lines.write(_line({"name": name, "size": size, "sha256": sha256}))
        self._count += 1
        return sha256

    def finish(self, about: Mapping[str, Any]) -> str:
        """Close the file with its manifest.

        Returns:
            The manifest's SHA-256, by which the whole is known.
        """
        at = self._stream.tell()
        self._lines.seek(0)
        size, sha256 = self._put(MANIFEST, chain([_line({**about, "files": self._count})], self._lines))
        self._stream.write(bytes(2 * _BLOCK))
        self._stream.seek(0)
        self._stream.write(_header(HEAD, _BLOCK) + _head(at, size, sha256))
        return sha256

    def _put(self, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        begun, digest, size = self._stream.tell(), hashlib.sha256(), 0
        self._stream.write(_header(name, 0))
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            self._stream.write(chunk)
        self._stream.write(bytes(-size % _BLOCK))
        end = self._stream.tell()
        self._stream.seek(begun)
        self._stream.write(_header(name, size))
        self._stream.seek(end)
        return size, digest.hexdigest()


class Backup:
    """A backup, open to be read. ``about`` is its manifest's first line; ``sha256`` is the manifest's own hash.

    Raises:
        Refused: ``no_backup``, ``newer_backup``, ``damaged_backup``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._manifest = self._found_manifest()
        self.sha256 = self._manifest.sha256
        for _ in self.content(self._manifest):  # nothing in it is believed before its hash is right
            pass
        self._must_be(_end_of(self._manifest), bytes(2 * _BLOCK), "its end")
        if self._read(_end_of(self._manifest) + 2 * _BLOCK, 1):
            raise damaged("its end", "something was added after it")
        line, self._lines_at = self._line_at(self._manifest.at)
        self.about: dict[str, Any] = line

    def check(self) -> None:
        """Read every byte.

        Raises:
            Refused: ``damaged_backup``, by the name of the first entry that is not as it was written.
        """
        count = 0
        for entry in self.entries():
            count += 1
            for _ in self.content(entry):
                pass
        if count != self.about.get("files"):
            raise damaged(MANIFEST, "files are missing from it")

    def entries(self) -> Iterator[Entry]:
        """Every file, in the order in which they stand; their headers are checked, their contents are not yet."""
        at, line_at = _FIRST, self._lines_at
        while line_at < self._manifest.at + self._manifest.size:
            said, line_at = self._line_at(line_at)
            name, size, sha256 = said.get("name"), said.get("size"), said.get("sha256")
            if not (isinstance(name, str) and can_name(name) and _is_size(size) and isinstance(sha256, str)):
                raise damaged(MANIFEST, f"it names {str(name)[:100]!r}, which no backup holds")
            entry = self._entry(name, size, sha256, at)
            yield entry
            at = _end_of(entry)
        if at != self._manifest.at - len(_header(MANIFEST, self._manifest.size)):
            raise damaged(MANIFEST, "it does not name every file that is there")

    def content(self, entry: Entry) -> Iterator[bytes]:
        """An entry's bytes, piece by piece; the last piece is given only once the whole is known to be right.

        Raises:
            Refused: ``damaged_backup``.
        """
        self._must_be(entry.at + entry.size, bytes(-entry.size % _BLOCK), entry.name)
        digest, done = hashlib.sha256(), 0
        while True:
            chunk = self._read(entry.at + done, min(_CHUNK, entry.size - done))
            digest.update(chunk)
            done += len(chunk)
            if not chunk and done < entry.size:
                raise damaged(entry.name, "the file ends in the middle of it")
            if done == entry.size and digest.hexdigest() != entry.sha256:
                raise damaged(entry.name, "its content is not what was written")
            if chunk:
                yield chunk
            if done == entry.size:
                return

    def _found_manifest(self) -> Entry:
        head = self._read(0, _FIRST)
        try:
            said = json.loads(head[_BLOCK:])
            form, at, size, sha256 = int(said["format"]), int(said["at"]), int(said["size"]), str(said["sha256"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            if head.startswith(HEAD.encode()):
                raise damaged(HEAD, "it cannot be read") from None
            raise Refused("no_backup", "This file is no backup of the tracker.") from None
        if form > FORMAT and head[:_BLOCK] == _header(HEAD, _BLOCK):
            raise newer()
        if not (_is_size(at) and _is_size(size)) or head != _header(HEAD, _BLOCK) + _head(at, size, sha256):
            raise damaged(HEAD, "it is not what was written")
        return self._entry(MANIFEST, size, sha256, at)

    def _entry(self, name: str, size: int, sha256: str, at: int) -> Entry:
        header = _header(name, size)
        self._must_be(at, header, name)
        return Entry(name, size, sha256, at + len(header))

    def _line_at(self, at: int) -> tuple[dict[str, Any], int]:
        """A line of the manifest, and where the next one begins."""
        self._stream.seek(at)
        line = self._stream.readline(_LONGEST_LINE)
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or not line.endswith(b"\n"):
            raise damaged(MANIFEST, "a line of it cannot be read")
        return said, at + len(line)

    def _must_be(self, at: int, wanted: bytes, name: str) -> None:
        found = self._read(at, len(wanted))
        if found != wanted:
            what = "it is not what was written" if len(found) == len(wanted) else "the file ends before it is whole"
            raise damaged(name, what)

    def _read(self, at: int, size: int) -> bytes:
        self._stream.seek(at)
        return self._stream.read(size)


def newer() -> Refused:
    """What is said of a backup that this program is too old for."""
    return Refused(
        "newer_backup",
        f"{HEAD}: a newer version of the tracker took this backup. Install that version, then restore.",
    )


def _is_size(size: object) -> TypeGuard[int]:
    """Whether a file can be so large, or begin there: a negative size is read for ever."""
    return type(size) is int and 0 <= size <= _LARGEST


def _end_of(entry: Entry) -> int:
    return entry.at + entry.size + -entry.size % _BLOCK


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _head(at: int, size: int, sha256: str) -> bytes:
    said = {
        "format": FORMAT,
        "manifest": MANIFEST,
        "at": at,
        "size": size,
        "sha256": sha256,
    }
    return json.dumps(said).encode().ljust(_BLOCK - 1) + b"\n"


def _header(name: str, size: int) -> bytes:
    """What stands before a file: it follows from its name and size, and says nothing of this machine."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.GNU_FORMAT)
