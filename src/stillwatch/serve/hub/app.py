"""The hub as one ASGI application: TAXII 2.1 below ``/taxii2/`` and ``/api/``, joining, and what is mounted beside.

::

    GET  /taxii2/                                          discovery
    GET  /api/                                             the API root
    GET  /api/status/{id}/                                 what became of a submission
    GET  /api/collections/                                 collections that the member is in
    GET  /api/collections/{id}/                            one of them
    GET  /api/collections/{id}/objects/                    objects, by page; POST adds
    GET  /api/collections/{id}/objects/{object}/           one object
    GET  /api/collections/{id}/objects/{object}/versions/  its versions
    GET  /api/collections/{id}/manifest/                   dates and versions without the objects
    POST /v1/join                                          an invitation is taken up
    GET  /healthz                                          200 where the file can be read
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

from stillwatch.model.errors import StoreError
from stillwatch.serve.asgi import Refused, answer, body, header, lifespan, refuse
from stillwatch.serve.hub.auth import Auth, Head
from stillwatch.serve.hub.joining import JOIN, MOST_JOIN, join_job
from stillwatch.serve.hub.reading import Reading, route_of
from stillwatch.serve.hub.settings import API
from stillwatch.serve.hub.signatures import HEADERS
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.serve.hub.taking import no_log
from stillwatch.serve.hub.writer import Writer
from stillwatch.sharing.taxii.errors import TaxiiError, not_found
from stillwatch.sharing.taxii.media import TAXII, accepts, sends

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from stillwatch.model.membership import Role
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.custodian.admission import Who
    from stillwatch.serve.hub.auth import Caller
    from stillwatch.serve.hub.reading import Route
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.serve.hub.submitting import Job
    from stillwatch.serve.hub.taking import Appended
    from stillwatch.store.exchange.file import HubFile

    App = Callable[[Scope, Receive, Send], Awaitable[None]]
    Pairs = Sequence[tuple[bytes, bytes]]

THREADS: Final = 4
"""Threads that read bodies and the file."""
_LOOKED_AT: Final = (*HEADERS, "authorization")
_TAXII: Final = TAXII.encode()
_T = TypeVar("_T")
_Given = TypeVarTuple("_Given")


class Hub:
    """The ASGI application.

    Parameters
    ----------
    settings
        What the operator set.
    file
        The hub's file.
    key
        Secret that ``next`` is made with (32 bytes).
    clock
        Now (us since 1970).
    submitting
        What is done with objects that come in.
    appended
        Writes records of members that join to the transparency log.
    mounts
        Beginning of a path -> application that answers below it; it asks :meth:`who` itself.
    """

    def __init__(
        self,
        settings: HubSettings,
        file: HubFile,
        key: bytes,
        clock: Callable[[], int],
        submitting: Submitting | None = None,
        appended: Appended = no_log,
        mounts: Mapping[str, App] | None = None,
    ) -> None:
        self._settings, self._file, self._clock = settings, file, clock
        self._submitting = submitting or Submitting()
        self._appended = appended
        self.mounts: dict[str, App] = dict(mounts or {})
        self._auth = Auth(settings, clock())
        self._reading = Reading(settings, key)
        self._writer = Writer(file, clock)
        self._pool = ThreadPoolExecutor(THREADS, "hub")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        for beginning, app in self.mounts.items():
            if scope["path"].startswith(beginning):
                await _mounted(app, scope, receive, send)
                return
        try:
            status, content, headers = await self._answer(scope, receive)
        except Refused as error:
            status, content, headers = _refusal(TaxiiError(error.status, error.text, error.headers))
        except TaxiiError as error:
            status, content, headers = _refusal(error)
        except StoreError:
            # What the store says names files: it is for the operator, not for members.
            status, content, headers = _refusal(TaxiiError(503, "the hub's store does not answer; send again"))
        await answer(send, status, content, _TAXII, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, Pairs]:
        path, method = scope["path"], scope["method"]
        if path == JOIN:
            return 200, await self._joined(scope, receive), ()
        if path == "/healthz" and method == "GET":
            await self._run(self._look)
            return 200, b"{}", ()
        if not accepts(header(scope, b"accept").decode("latin-1")):
            raise TaxiiError(406, f"this server answers with {TAXII}")
        path = path if path.endswith("/") else path + "/"
        head = self._head(scope)
        if method == "GET":
            query = scope["query_string"].decode("latin-1")
            content, headers = await self._run(self._read, head, path, query)
            return 200, content, headers
        caller = await self._run(self._who, head)
        route = route_of(path.removeprefix(API)) if path.startswith(API) else None
        if method == "POST" and route and route.part == "objects/" and not route.object:
            if not sends(header(scope, b"content-type").decode("latin-1")):
                raise TaxiiError(415, f"objects come as {TAXII}")
            if header(scope, b"content-encoding"):
                raise TaxiiError(415, "objects come without a content coding")
            content = await body(scope, receive, self._settings.most_bytes)
            job = await self._run(self._prepared, caller, route, content)
            return 202, await asyncio.wrap_future(self._writer.put(job)), ()
        taken = "GET, POST" if route and route.part == "objects/" and not route.object else "GET"
        if method == "DELETE":
            raise TaxiiError(405, "nothing is deleted; add a version with revoked: true", [(b"allow", taken.encode())])
        if method == "POST" and not path.startswith(API):
            raise not_found()
        raise TaxiiError(405, f"this takes {taken}", [(b"allow", taken.encode())])

    async def _joined(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise Refused(405, "an invitation is taken up with POST", [(b"allow", b"POST")])
        job = join_job(await body(scope, receive, MOST_JOIN), self._appended)
        return await asyncio.wrap_future(self._writer.put(job))

    async def who(self, scope: Scope) -> Caller:
        """Find who asks, for an application that is mounted; a signed body is checked with ``Caller.check``.

        Raises
        ------
        TaxiiError
            401, 403 or 429.
        """
        return await self._run(self._who, self._head(scope))

    def member_of(self, scope: Scope, content: bytes) -> str:
        """Find whose request this is, as :meth:`caller_of`."""
        return self.caller_of(scope, content).member.id

    def caller_of(self, scope: Scope, content: bytes) -> Caller:
        """Find who asks and by which key, for an application that is mounted; called in a thread of its own.

        Raises
        ------
        Refused
            400, 401, 403 or 429.
        """
        try:
            caller = self._who(self._head(scope))
            caller.check(content)
        except TaxiiError as error:
            raise Refused(error.status, error.text, list(error.headers)) from error
        return caller

    def acting(self, roles: Role) -> Who:
        """Give what does as :meth:`member_of`, and refuses members that act in none of some roles."""

        def who(scope: Scope, content: bytes, /) -> str:
            member = self.caller_of(scope, content).member
            if not member.may_any(roles):
                names = " or ".join(one.name.lower() for one in roles if one.name)
                raise Refused(403, f"this takes a member that is {names}; ask the hub's operator")
            return member.id

        return who

    @contextlib.contextmanager
    def reading(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """Open a view of one moment, with the time (us since 1970), for an application that is mounted."""
        with self._file.reading() as connection:
            yield connection, self._clock()

    async def write(self, job: Callable[[sqlite3.Connection, int], _T]) -> _T:
        """Do a job of an application that is mounted, in its turn at the one writer.

        Raises
        ------
        Refused
            What the job refused with ``TaxiiError``, or 503: too many wait.
        """
        try:
            return await asyncio.wrap_future(self._writer.put(job))
        except TaxiiError as error:
            raise Refused(error.status, error.text, error.headers) from error

    async def _run(self, function: Callable[[Unpack[_Given]], _T], *given: *_Given) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *given)

    def _head(self, scope: Scope) -> Head:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = self._settings.base + raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        pairs = ((name, header(scope, name.encode()).decode("latin-1")) for name in _LOOKED_AT)
        return Head(scope["method"], target, {name: value for name, value in pairs if value})

    def _who(self, head: Head) -> Caller:
        with self._file.reading() as connection:
            return self._auth.who(connection, head, self._clock())

    def _read(self, head: Head, path: str, query: str) -> tuple[bytes, Pairs]:
        with self._file.reading() as connection:
            caller = self._auth.who(connection, head, self._clock())
            return self._reading.answer(connection, caller.member, path, query)

    def _prepared(self, caller: Caller, route: Route, content: bytes) -> Job:
        caller.check(content)
        return self._submitting.job(caller.member, route, content)

    def _look(self) -> None:
        with self._file.reading() as connection:
            connection.execute("SELECT count(*) FROM collections").fetchone()

    def close(self) -> None:
        """Write what waits, and stop the threads."""
        self._pool.shutdown()
        self._writer.close()


def _refusal(error: TaxiiError) -> tuple[int, bytes, Pairs]:
    return error.status, error.body(), error.headers


async def _mounted(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await app(scope, receive, send)
    except Refused as error:
        await refuse(send, error)
    except TaxiiError as error:
        await refuse(send, Refused(error.status, error.text, error.headers))
    except StoreError:
        await refuse(send, Refused(503, "the hub's store does not answer; send again", [(b"retry-after", b"1")]))
