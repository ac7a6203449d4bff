"""REST: the statement of reasons as JSON, appeals lodged and followed. The token is a Bearer token."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from stillwatch.model.errors import InputError, NotNow
from stillwatch.reports.reasons import Statement
from stillwatch.serve.appeals.bounds import body_of
from stillwatch.serve.appeals.desk import Limited

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from stillwatch.serve.appeals.desk import Desk


def problem(status: int, what: str) -> JSONResponse:
    """Answer with an error; the text is fixed or for the customer, and repeats nothing that was sent."""
    headers = {"Retry-After": "60"} if status == 429 else {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": what}, status, headers)


def client_of(request: Request) -> str:
    """Name who asks, by address."""
    return request.client.host if request.client else ""


async def _admitted(request: Request) -> Statement | Response:
    desk: Desk = request.app.state.desk
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return problem(401, "send the token of the decision: Authorization: Bearer TOKEN")
    found = await run_in_threadpool(desk.read, client_of(request), request.path_params["decision"], token.strip())
    if isinstance(found, Limited):
        return problem(429, "too many attempts; try again later")
    return found if found is not None else problem(404, "no such decision, or the token is not its own")


async def decision(request: Request) -> Response:
    """Give the statement of reasons."""
    found = await _admitted(request)
    if not isinstance(found, Statement):
        return found
    shown = asdict(found)
    shown["not_shown"] = [{"what": what, "why": why} for what, why in found.not_shown]
    return JSONResponse(shown)


async def appeals(request: Request) -> Response:
    """Give the appeals against a decision, or take one in."""
    found = await _admitted(request)
    if not isinstance(found, Statement):
        return found
    if request.method != "POST":
        return JSONResponse({"appeals": [asdict(one) for one in found.contests]})
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return problem(415, "send application/json")
    text = _text(await body_of(request))
    if text is None:
        return problem(400, 'send {"text": "..."}')
    desk: Desk = request.app.state.desk
    try:
        made = await run_in_threadpool(desk.write, found.decision, text)
    except NotNow as error:
        return problem(409, str(error))
    except InputError as error:
        return problem(422, str(error))
    if isinstance(made, Limited):
        return problem(429, "too many attempts; try again later")
    return JSONResponse({"appeal": made.id, "state": "open"}, 201)


def _text(body: bytes) -> str | None:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return None
    text = sent.get("text") if isinstance(sent, dict) and set(sent) == {"text"} else None
    if not isinstance(text, str):
        return None
    # A lone surrogate is no text that could be stored.
    return text if text.isascii() or text.encode("utf-8", "replace").decode() == text else None
