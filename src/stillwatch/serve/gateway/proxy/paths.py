"""Which path a request is for. One spelling each: two spellings of a path could be read as two paths behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stillwatch.enforcement.barriers.base import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.serve.gateway.settings import Path

_PLAIN: Final = re.compile(rb"(?:/[A-Za-z0-9_.:@!$,=+~-]+)+")
"""Parts without escapes; ``.`` and ``..`` are refused apart."""


class Paths:
    """The paths that are let through."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._exact = {path.encode(): one for path, one in paths.items() if not path.endswith("/*")}
        self._under = {path[:-1].encode(): one for path, one in paths.items() if path.endswith("/*")}

    def find(self, method: str, raw: bytes) -> Path | Refusal:
        """Find what is done with a path.

        Parameters
        ----------
        method
            HTTP method.
        raw
            The path as it came, without the query.
        """
        path = self._exact.get(raw) or self._longer(raw)
        if path is None:
            return Refusal(404, "unknown_path", "this gateway lets no such path through")
        if method not in path.methods:
            allowed = ", ".join(path.methods)
            return Refusal(405, "method_not_allowed", f"this path takes {allowed}", allow=allowed)
        return path

    def _longer(self, raw: bytes) -> Path | None:
        before, slash, last = raw.rpartition(b"/")
        if not last or last in {b".", b".."} or not _PLAIN.fullmatch(raw):
            return None
        return self._under.get(before + slash)
