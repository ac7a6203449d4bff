"""The ASGI application of the appeals: routes, headers that forbid the browser everything else, errors without echo."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stillwatch.serve.appeals import pages, rest
from stillwatch.serve.appeals.bounds import TooLarge, TooSlow
from stillwatch.serve.appeals.openapi import description

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from stillwatch.serve.appeals.desk import Desk

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Cache-Control": "no-store",
}
"""On every answer: nothing runs, nothing is framed, nothing is kept."""


class _Headers:
    """Put the headers on every answer, errors included; let nobody ask too often."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app, self._desk = app, desk
        self._extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._extra]
            await send(message)

        client = scope["client"][0] if scope.get("client") else ""
        if not self._desk.within(client):
            await rest.problem(429, "too many requests; try again later")(scope, receive, marked)
            return
        await self._app(scope, receive, marked)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _described(_: Request) -> Response:
    return JSONResponse(description())


async def _style(_: Request) -> Response:
    text = (files("stillwatch.reports") / "templates" / "reasons.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css")


async def _too_large(_: Request, __: Exception) -> Response:
    return rest.problem(413, "the body is too long")


async def _too_slow(_: Request, __: Exception) -> Response:
    return rest.problem(408, "the body did not come in time")


async def _trouble(_: Request, __: Exception) -> Response:
    return rest.problem(500, "something is wrong on our side; nothing was taken in")


def appeals_app(desk: Desk) -> ASGIApp:
    """Make the application.

    Notes
    -----
    Put it behind a proxy that ends TLS. It keeps no session and sets no cookie.
    """
    app = Starlette(
        routes=[
            Route("/healthz", _alive),
            Route("/openapi.json", _described),
            Route(pages.STYLE, _style),
            Route("/appeals/{decision}", pages.without_token, methods=["GET"]),
            Route("/appeals/{decision}/{token}", pages.read, methods=["GET"]),
            Route("/appeals/{decision}/{token}", pages.write, methods=["POST"]),
            Route("/v1/decisions/{decision}", rest.decision, methods=["GET"]),
            Route("/v1/decisions/{decision}/appeals", rest.appeals, methods=["GET", "POST"]),
        ],
        exception_handlers={TooLarge: _too_large, TooSlow: _too_slow, Exception: _trouble},
    )
    app.state.desk = desk
    return _Headers(app, desk)
