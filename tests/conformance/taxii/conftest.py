"""A TAXII 2.1 conformance pack: it knows a URL and credentials, and nothing of the server behind them.

    pytest tests/conformance/taxii --taxii-url https://hub.example/taxii2/ --taxii-auth USER:SECRET
        [--taxii-header "Authorization: Bearer ..."] [--taxii-collection UUID]

Without a URL it runs against our own hub on loopback. It writes about twenty indicators into a collection that can
be read and written; section numbers are those of the OASIS standard of 10 June 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.taxii.tested import Tested, indicator, opened
from serve.hub.hubs import free_port, now_us, served, world

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("taxii")
    group.addoption("--taxii-url", default="", help="discovery URL of the server under test")
    group.addoption("--taxii-auth", default="", help="USER:SECRET for HTTP Basic")
    group.addoption("--taxii-header", default="", help="'Name: value' instead of Basic")
    group.addoption("--taxii-collection", default="", help="collection to read and write (default: the first such)")


@pytest.fixture(scope="session")
def tested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tested]:
    # In a run of all tests the options are not known yet; then it is our own hub.
    url = request.config.getoption("--taxii-url", "")
    if url:
        name, _, value = request.config.getoption("--taxii-header").partition(": ")
        user, _, secret = request.config.getoption("--taxii-auth").partition(":")
        yield opened(
            Tested(url, {name: value} if name else {}, (user, secret) if user else None),
            request.config.getoption("--taxii-collection"),
        )
        return
    port = free_port()
    made = world(tmp_path_factory.mktemp("hub"), base=f"http://127.0.0.1:{port}", clock=now_us)
    with served(made, port):
        one = made.people["ada"]
        yield opened(Tested(made.base + "/taxii2/", auth=(one.user, one.secret)), "")


@pytest.fixture(scope="session")
def twelve(tested: Tested) -> list[dict[str, Any]]:
    """Twelve objects of our own, and where they begin."""
    made = [indicator(f"conformance {number}") for number in range(12)]
    took = tested.add(*made)
    assert took["failure_count"] == 0, took
    return made


@pytest.fixture(scope="session")
def before(tested: Tested) -> str:
    """The last date added before ours."""
    marker = indicator("conformance marker")
    tested.add(marker)
    answer = tested.get(tested.objects + marker["id"] + "/")
    date: str = answer.headers["X-TAXII-Date-Added-Last"]
    return date
