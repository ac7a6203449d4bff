"""``stillwatch hub audit``: verify a hub's transparency log from outside, over HTTP, with nothing but its key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, LogError
from stillwatch.reports.files import write_atomically

try:
    from stillwatch.sharing.transparency.audit import audit
    from stillwatch.sharing.transparency.checkpoint import Trust
    from stillwatch.sharing.transparency.note import Verifier, read_verifier
except ImportError as error:
    raise InputError("hub audit needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

MOST_BYTES: Final = 1 << 20
"""Longest answer that is read (bytes); a tile has 8 kB."""
TIMEOUT_S: Final = 30.0
FOUND: Final = 1
"""Exit code where something does not hold."""
_LOCAL: Final = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def fetched(base: str) -> Callable[[str], bytes]:
    """Give what fetches from a log below ``base``/log/; a redirect is not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *given: object) -> None:
            del given

    opener = urllib.request.build_opener(Stay)

    def fetch(path: str) -> bytes:
        try:
            with opener.open(f"{base}/log/{path}", timeout=TIMEOUT_S) as answer:
                content: bytes = answer.read(MOST_BYTES + 1)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise LogError(f"/log/{path} does not come: {getattr(error, 'reason', error)}") from error
        if len(content) > MOST_BYTES:
            raise LogError(f"/log/{path} is longer than any part of a log")
        return content

    return fetch


def _files(names: Sequence[str]) -> list[bytes]:
    made = []
    for name in names:
        try:
            made.append(Path(name).read_bytes())
        except OSError as error:
            raise InputError(f"{name}: it cannot be read: {error.strerror}") from error
    return made


def _verifier(option: str, text: str) -> Verifier:
    try:
        return read_verifier(text)
    except InputError as error:
        raise InputError(f"{option} {text[:80]}: {error}") from error


def audit_verb(asked: argparse.Namespace) -> int:
    """Verify a log; see ``stillwatch hub audit --help``."""
    base = asked.base.rstrip("/")
    if not base.startswith(("https://", *_LOCAL)):
        raise InputError(f"--base {base[:200]}: write an https address")
    witnesses = [
        line for content in _files(asked.witnesses or ()) for line in content.decode("utf-8", "replace").split()
    ]
    trust = Trust(
        _verifier("--vkey", asked.vkey), tuple(_verifier("--witnesses", one) for one in witnesses), asked.quorum
    )
    found = audit(fetched(base), trust, _files(asked.checkpoint or ()), _files(asked.receipt or ()))
    if asked.keep and found.latest is not None and not found.problems:
        write_atomically(Path(asked.keep), found.latest.note)
    told = {
        "entries": found.entries,
        "receipts": found.receipts,
        "forks": len(found.forks),
        "problems": list(found.problems),
    }
    if asked.json:
        print(json.dumps(told))
    else:
        print(f"{found.entries:,} entries and {found.receipts} receipts hold; {len(found.forks)} forks")
        for one in found.problems:
            print(f"does not hold: {one}")
    return FOUND if found.problems or found.forks else 0
