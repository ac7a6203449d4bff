"""The transparency log over HTTP, for anybody: what is served is public, signed and can be cached.

::

    GET  /log/checkpoint[/SIZE]             the latest signed checkpoint, or that of a size, with its witnesses
    GET  /log/tile/L/N[.p/W]                hash tiles of C2SP tlog-tiles
    GET  /log/tile/entries/N[.p/W]          the entries: digests of 32 bytes
    GET  /log/proof?index=I[&size=S]        a C2SP tlog-proof; shows the record only where its kind is open to all
    GET  /log/proof?from=M[&size=S]         hashes that show that the tree of S leaves begins with that of M, one a line
    POST /log/cosignature                   a checkpoint of this log, under it lines of witnesses that the hub knows
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qsl

from stillwatch.model.errors import LogError, StoreBusy, StoreError
from stillwatch.serve.asgi import Refused, answer, body, refuse
from stillwatch.serve.hub.log import receipt, signed
from stillwatch.sharing.transparency import checkpoint as checkpoints
from stillwatch.sharing.transparency import merkle
from stillwatch.sharing.transparency.note import MOST_NOTE_BYTES, encode64, read_note, verify
from stillwatch.sharing.transparency.tiles import ENTRIES, bundle, read_path
from stillwatch.store.exchange import log

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.sharing.transparency.note import Verifier

AHEAD_S: Final = 300
"""How far a witness's clock may be ahead of ours (s)."""
_FOREVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_BRIEFLY: Final = (b"cache-control", b"public, max-age=2")
_TEXT: Final = b"text/plain; charset=utf-8"
_BYTES: Final = b"application/octet-stream"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_DEEPEST: Final = 7
_NOTHING: Final = "nothing is here; the log begins at /log/checkpoint"


class Store(Protocol):
    """The hub's database."""

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a view of one moment."""
        ...

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a transaction."""
        ...


class LogRoutes:
    """The ASGI application below ``/log/``.

    Parameters
    ----------
    store
        The hub's database.
    witnesses
        Whose cosignatures are taken.
    clock
        Now (s since 1970).
    """

    def __init__(self, store: Store, witnesses: Sequence[Verifier], clock: Callable[[], int]) -> None:
        self._store, self._witnesses, self._clock = store, tuple(witnesses), clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            await self._routed(scope, receive, send)
        except Refused as refused:
            await refuse(send, refused)
        except LogError as error:
            await refuse(send, Refused(400, str(error)))
        except StoreBusy:
            await refuse(send, Refused(503, "the log is busy; ask again", [(b"retry-after", b"1")]))
        except StoreError:
            await refuse(send, Refused(500, "the log cannot be read"))

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"].removeprefix("/log/"), scope["method"]
        if path == "cosignature":
            if method != "POST":
                raise Refused(405, "cosignatures are sent with POST", [(b"allow", b"POST")])
            taken = self._cosigned(await body(scope, receive, MOST_NOTE_BYTES))
            await answer(send, 200, json.dumps({"accepted": taken}).encode())
            return
        if method not in ("GET", "HEAD"):
            raise Refused(405, "the log is read with GET", [(b"allow", b"GET, HEAD")])
        if path.startswith("tile/"):
            await answer(send, 200, self._tile(path), _BYTES, [_FOREVER])
        elif path.partition("/")[0] == "checkpoint":
            size = _number(path[11:]) if path != "checkpoint" else None
            await answer(send, 200, self._checkpoint(size), _TEXT, [_BRIEFLY])
        elif path == "proof":
            await answer(send, 200, self._proof(_query(scope)), _TEXT, [_BRIEFLY])
        else:
            raise Refused(404, _NOTHING)

    def _tile(self, path: str) -> bytes:
        tile, content = read_path(path), None
        if tile and tile.level <= _DEEPEST and tile.index < 1 << 54:
            with self._store.reading() as connection:
                if tile.level == ENTRIES:
                    found = log.digests(connection, tile.index, tile.width)
                    content = bundle(found) if found else None
                else:
                    content = log.tile(connection, tile.level, tile.index, tile.width)
        if content is None:
            raise Refused(404, "the log has no such tile")
        return content

    def _checkpoint(self, size: int | None) -> bytes:
        with self._store.reading() as connection:
            found = signed(connection, size)
        if found is None:
            raise Refused(404, "no such checkpoint was signed")
        return found

    def _proof(self, asked: dict[str, int]) -> bytes:
        size, old = asked.get("size"), asked.get("from")
        if ("index" in asked) == (old is not None):
            raise Refused(400, "a proof is asked for by ?index= or by ?from=, either with &size=")
        with self._store.reading() as connection:
            if old is None:
                made = receipt(connection, asked["index"], size, shown=False)
                if made is None:
                    raise Refused(404, "no such checkpoint was signed, or the entry is not in it yet")
                return bytes(made)
            found = log.checkpoint(connection, size)
            if not found or old > found[0]:
                raise Refused(404, "no such checkpoint was signed, or the older tree is the larger one")
            proof = merkle.consistency(old, found[0], log.Nodes(connection))
        return "".join(f"{encode64(one)}\n" for one in proof).encode()

    def _cosigned(self, content: bytes) -> list[str]:
        note = read_note(content)
        seen = checkpoints.read(note.text)
        found = verify(note, self._witnesses)
        if not found:
            raise Refused(403, "no signature under the checkpoint is of a witness of this log")
        if any(one.at_s > self._clock() + AHEAD_S for one in found):
            raise Refused(400, "a cosignature is dated in the future; set the witness's clock")
        with self._store.writing() as connection:
            ours = log.checkpoint(connection, seen.size)
            if not ours:
                raise Refused(404, "no checkpoint of this size was signed")
            if ours[1] != note.text:
                raise Refused(409, "the witness has seen another checkpoint of this size; keep it, it is evidence")
            for one in found:
                log.cosign(connection, seen.size, one.by.name, one.at_s, str(one.signature))
        return sorted(one.by.name for one in found)


def _query(scope: Scope) -> dict[str, int]:
    pairs = parse_qsl(scope.get("query_string", b"").decode("ascii", "replace"), keep_blank_values=True)
    asked = {name: _number(value) for name, value in pairs}
    if len(asked) != len(pairs) or asked.keys() - {"index", "from", "size"}:
        raise Refused(400, "a proof takes index or from, and size, each once")
    return asked


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Refused(400, "a number is written in decimal digits, without leading zeros")
    return int(text)
