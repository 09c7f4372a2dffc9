"""The files that people upload, as they came: kept under their own hash, so that what was previewed is what is applied."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from tracker.operations.refused import Refused

_SHA256 = re.compile(r"[0-9a-f]{64}")


def keep_original(folder: Path, content: bytes) -> str:
    """Keep a file, readable by this program's user alone. Its name is ours: nothing a person typed becomes a path.

    Returns:
        The SHA-256 by which :func:`original` finds it.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    file = folder / sha256
    if not file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f"{sha256}.{secrets.token_hex(4)}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
        part.replace(file)
    return sha256


def original(folder: Path, sha256: str) -> bytes:
    """The file of that hash.

    Raises:
        Refused: ``no_original``, where there is none, or not the same one.
    """
    file = folder / sha256
    if _SHA256.fullmatch(sha256) and file.is_file():
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
    raise Refused("no_original", "The file is here no more: choose it again.", field="file")
