"""What a file is called, in letters that every browser takes (RFC 6266)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_LONGEST = 100


def file_name(form: str, *parts: str) -> str:
    """After what it tells: ``coverage-D2-2026-03-31.csv``."""
    plain = (re.sub(r"[\W_]+", "-", part).strip("-") for part in parts)
    return f"{'-'.join(part for part in plain if part)[:_LONGEST].strip('-') or 'report'}.{form}"


def disposition(name: str) -> str:
    """The header that makes a browser keep a file under this name, of :func:`file_name`."""
    stem, _, form = name.rpartition(".")
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = re.sub("-+", "-", ascii_stem).strip("-") or "report"
    header = f'attachment; filename="{plain}.{form}"'
    return header if plain == stem else f"{header}; filename*=UTF-8''{quote(name, safe='')}"
