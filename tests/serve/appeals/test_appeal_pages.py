from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from serve.appeals.lodged import KEYS, NOW, SENTENCE, TOKEN, WRITTEN, Clock, ask
from stillwatch.serve.appeals import bounds
from stillwatch.serve.appeals.app import HEADERS
from stillwatch.serve.appeals.bounds import Rate
from stillwatch.store.appeals import open_appeals, text_of
from stillwatch.store.decisions import record
from stillwatch.store.hearing import overturn, uphold
from stillwatch.store.tokens import token_for
from store.stored import HOUR, decision

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from stillwatch.store.database import Database

PAGE = f"/appeals/d-1/{TOKEN}"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def send(app: ASGIApp, text: str = WRITTEN, path: str = PAGE, **headers: str):
    given = FORM | {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", path, urlencode({"text": text}).encode(), given)


def test_the_page_says_what_on_which_facts_until_when_and_how_to_contest(app: ASGIApp) -> None:
    page = ask(app, "GET", PAGE)

    assert page.status == 200
    for said in (
        SENTENCE.replace("<", "&lt;").replace(">", "&gt;"),
        "640 prompts ask for the reasoning",
        "2026-09-22 14:13 UTC",
        "Other accounts, where the decision names a group.",
        "no agreement is on file",
        "without a person",
        "Send to a person",
    ):
        assert said in page.text


def test_the_page_runs_nothing_and_loads_nothing_of_others(app: ASGIApp) -> None:
    page = ask(app, "GET", PAGE)

    assert "<script" not in page.text
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert {name.lower() for name in HEADERS} <= page.headers.keys()
    assert "set-cookie" not in page.headers
    assert ask(app, "GET", "/appeals.css").headers["content-type"].startswith("text/css")


def test_the_page_can_be_used_by_all(app: ASGIApp) -> None:
    text = ask(app, "GET", PAGE).text

    assert '<html lang="en">' in text
    assert '<label for="text">' in text
    assert "Skip to" in text
    assert len(re.findall("<h1", text)) == 1
    assert set(re.findall(r'aria-labelledby="([\w-]+)"', text)) <= set(re.findall(r'id="([\w-]+)"', text))
    assert "prefers-color-scheme: dark" in ask(app, "GET", "/appeals.css").text


@pytest.mark.parametrize(
    "path",
    [
        f"/appeals/d-1/{TOKEN[:-1]}",
        f"/appeals/d-1/{TOKEN}x",
        f"/appeals/d-2/{TOKEN}",
        "/appeals/d-404/" + token_for(KEYS.token, "d-404"),
        "/appeals/d-shadow/" + token_for(KEYS.token, "d-shadow"),
        "/appeals/d-1/%00",
        "/appeals/d-1",
        "/",
    ],
)
def test_without_the_very_token_there_is_nothing(app: ASGIApp, path: str) -> None:
    for method in ("GET", "POST"):
        answer = ask(app, method, path, b"text=x", FORM)

        assert answer.status in {404, 405}
        assert "640 prompts" not in answer.text


def test_without_a_token_one_is_told_where_to_have_it_whatever_is_asked_for(app: ASGIApp) -> None:
    answers = [ask(app, "GET", f"/appeals/{id_}") for id_ in ("d-1", "d-404", "<script>")]

    assert {(one.status, one.body) for one in answers} == {(404, answers[0].body)}
    assert "personal link" in answers[0].text
    assert answers[0].headers["content-type"].startswith("text/plain")


def test_hostile_facts_and_answers_are_text_on_the_page(database: Database, app: ASGIApp) -> None:
    evil = '</p><script>x()</script><img src=x onerror=y()>" autofocus onfocus=z() \u202e'
    made = decision("d-evil", account=44, evidence=(evil,), clause="c-<b>")
    record(database, [made], NOW)
    page = f"/appeals/d-evil/{token_for(KEYS.token, 'd-evil')}"
    sent = send(app, evil, page)
    with database.reading() as connection:
        (appeal,) = open_appeals(connection)
    uphold(database, appeal.id, by="ada", why=evil, now_ms=NOW)

    shown = ask(app, "GET", page + "?sent=<script>")

    assert sent.status == 303
    assert shown.text.count("&lt;script&gt;x()") == 2, "the fact and the answer, as text"
    for raw in ("<script", "<img", '" autofocus', "<b>"):
        assert raw not in shown.text
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_an_unknown_decision_and_a_wrong_token_are_answered_alike(app: ASGIApp) -> None:
    wrong = ask(app, "GET", "/appeals/d-1/" + "A" * 43)
    unknown = ask(app, "GET", "/appeals/d-404/" + "A" * 43)

    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)


def test_an_appeal_reaches_the_person_and_nothing_else(app: ASGIApp, database: Database, file: Path) -> None:
    assert send(app).status == 303

    with database.reading() as connection:
        (appeal,) = open_appeals(connection)
        assert text_of(connection, KEYS, appeal) == WRITTEN
    database.close()
    written = b"".join(one.read_bytes() for one in file.parent.iterdir())
    assert b"Walrus" not in written


def test_the_text_is_gone_once_answered(app: ASGIApp, database: Database) -> None:
    send(app)
    with database.reading() as connection:
        (appeal,) = open_appeals(connection)

    uphold(database, appeal.id, by="ada", why="The facts stand.", now_ms=NOW)

    with database.reading() as connection:
        assert text_of(connection, KEYS, appeal) == ""
    assert "The facts stand." in ask(app, "GET", PAGE).text


def test_an_overturned_decision_says_so(app: ASGIApp, database: Database) -> None:
    send(app)
    with database.reading() as connection:
        (appeal,) = open_appeals(connection)

    overturn(database, appeal.id, by="ada", why="It was an <evaluation>.", now_ms=NOW)

    text = ask(app, "GET", PAGE).text
    assert "was wrong and is undone" in text
    assert "It was an &lt;evaluation&gt;." in text
    assert "<form" not in text


@pytest.mark.parametrize("text", ["", " \r\n ", "x" * 4_001])
def test_an_empty_or_too_long_text_is_refused_with_a_reason(app: ASGIApp, text: str) -> None:
    answer = send(app, text)

    assert answer.status == 422
    assert "1 to 4,000 characters" in answer.text


def test_one_appeal_at_a_time(app: ASGIApp) -> None:
    assert [send(app).status for _ in range(2)] == [303, 409]


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}],
)
def test_a_form_of_another_site_is_refused(app: ASGIApp, headers: dict[str, str]) -> None:
    assert send(app, **headers).status == 403
    assert send(app, origin="https://lab.example", sec_fetch_site="same-origin").status == 303


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"text=" + b"x" * 40_000, 413),
        (b"other=1", 400),
        (b"text=1&text=2", 400),
        (b"text=%ff%fe", 400),
        (b"\xff", 400),
        (b"&".join(b"a%d=1" % n for n in range(9)), 400),
    ],
)
def test_hostile_bodies_are_refused(app: ASGIApp, body: bytes, status: int) -> None:
    assert ask(app, "POST", PAGE, body, FORM).status == status


def test_a_body_that_never_ends_is_cut_off(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_S", 0.05)

    # The last part says that more is to come, and nothing comes.
    assert ask(_unfinished(app), "POST", PAGE, headers=FORM).status == 408


def _unfinished(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope, receive, send) -> None:
        async def more():
            return await receive() | {"more_body": True}

        await app(scope, more, send)

    return wrapped


def test_guessing_is_slowed_down(app: ASGIApp) -> None:
    tried = [ask(app, "GET", f"/appeals/d-1/{n:043d}").status for n in range(15)]

    assert tried[:10] == [404] * 10
    assert set(tried[10:]) == {429}
    assert ask(app, "GET", PAGE, client="192.0.2.2").status == 200


def test_asking_too_often_is_slowed_down_and_forgiven(app: ASGIApp, clock: Clock) -> None:
    assert {ask(app, "GET", "/healthz").status for _ in range(60)} == {200}
    assert ask(app, "GET", "/healthz").status == 429
    clock.now_ms += HOUR
    assert ask(app, "GET", "/healthz").status == 200


def test_rates_remember_only_so_many() -> None:
    rate = Rate(burst=1, per_minute=1, most=3)

    for name in "abcd":
        assert rate.take(name, 0)

    assert not rate.take("d", 0)
    assert rate.take("a", 0), "forgotten"
    assert rate.take("d", 60_000)
    assert not rate.take("d", 0), "a clock set back gives nothing"
