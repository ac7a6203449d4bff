"""The page: works without JavaScript, loads one style sheet of its own and nothing else.

No cookie and nothing else that a browser adds by itself: only who knows the token can write. A form sent from
another site is refused all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from stillwatch.model.errors import InputError, NotNow
from stillwatch.reports.reasons import reasons_html
from stillwatch.serve.appeals.bounds import body_of
from stillwatch.serve.appeals.desk import Limited
from stillwatch.serve.appeals.rest import client_of
from stillwatch.store.appeals import LONGEST

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from stillwatch.reports.reasons import Statement
    from stillwatch.serve.appeals.desk import Desk

STYLE = "/appeals.css"
"""Address of the style sheet."""
FORM = "application/x-www-form-urlencoded"


def _no(status: int, what: str) -> PlainTextResponse:
    return PlainTextResponse(what + "\n", status, {"Retry-After": "60"} if status == 429 else None)


def _page(request: Request, shown: Statement, said: str = "", status: int = 200) -> HTMLResponse:
    path = quote(request.url.path, safe="/")
    return HTMLResponse(reasons_html(shown, style=STYLE, action=path, said=said, longest=LONGEST), status)


async def _admitted(request: Request) -> Statement | Response:
    desk: Desk = request.app.state.desk
    at = request.path_params
    found = await run_in_threadpool(desk.read, client_of(request), at["decision"], at["token"])
    if isinstance(found, Limited):
        return _no(429, "Too many attempts. Please try again later.")
    return found or _no(404, "There is no such page. Please use the whole link that you were sent.")


async def without_token(_: Request) -> Response:
    """Say where the whole link is to be had; the same for every decision, whether it exists or not."""
    return _no(
        404,
        "The statement of reasons opens with a personal link only. Your provider has sent it to the contact address of"
        " your account; there you can also ask for it again.",
    )


async def read(request: Request) -> Response:
    """Show the statement of reasons."""
    found = await _admitted(request)
    if not hasattr(found, "decision"):
        return found
    said = "Your appeal has arrived. A person will answer it here." if request.query_params.get("sent") else ""
    return _page(request, found, said)  # type: ignore[arg-type]


async def write(request: Request) -> Response:
    """Take an appeal in from the form."""
    found = await _admitted(request)
    if not hasattr(found, "decision"):
        return found
    if _foreign(request):
        return _no(403, "This form was sent from another site.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return _no(415, "Please send the form.")
    text = _field(await body_of(request))
    if text is None:
        return _no(400, "Please send the form.")
    desk: Desk = request.app.state.desk
    shown: Statement = found  # type: ignore[assignment]
    try:
        made = await run_in_threadpool(desk.write, shown.decision, text)
    except InputError as error:
        status = 409 if isinstance(error, NotNow) else 422
        return _page(request, shown, str(error).capitalize() + ".", status)
    if isinstance(made, Limited):
        return _no(429, "Too many attempts. Please try again later.")
    return RedirectResponse(quote(request.url.path, safe="/") + "?sent=1", 303)


def _foreign(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site", "")
    if site and site not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin", "")
    # A page with Referrer-Policy: no-referrer sends Origin: null with its own forms.
    return origin not in {"", "null"} and urlsplit(origin).netloc != request.headers.get("host", "")


def _field(body: bytes) -> str | None:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=4, errors="strict")
    except ValueError:
        return None
    sent = fields.get("text", [])
    return sent[0] if len(sent) == 1 else None
