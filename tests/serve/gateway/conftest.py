"""A mock model API and gateways before it, on loopback."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from serve.gateway.mock_model import MockModel
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.model.decision import Action, Standing
from stillwatch.serve.gateway.ports import MemorySink, MemoryStandings
from stillwatch.serve.gateway.read import settings_of
from stillwatch.serve.gateway.run import assemble, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stillwatch.serve.gateway.proxy.flow import Parts

# litellm would ask the network for its price list when it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
KEY = PseudonymKey(1, bytes(range(32)))
FAR = 1 << 45


@dataclass
class Running:
    """A gateway that serves."""

    port: int
    parts: Parts
    sink: MemorySink
    standings: MemoryStandings
    gateway: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, account: str, action: Action, campaign: str = "") -> None:
        value = self.parts.callers.account(account)
        self.standings.standings[value] = Standing(value, action, FAR, f"d-{action.name}", "no-copying", campaign)

    def record(self, wait_s: float = 5.0) -> dict[str, Any]:
        end = time.monotonic() + wait_s
        while not self.sink.records and time.monotonic() < end:
            time.sleep(0.005)
        return self.sink.records[-1]


@contextlib.contextmanager
def served(server: uvicorn.Server) -> Iterator[int]:
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < end
        assert thread.is_alive()
        time.sleep(0.005)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def model_server() -> Iterator[tuple[MockModel, int]]:
    model = MockModel()
    config = uvicorn.Config(model, port=0, log_config=None, ws="none", server_header=False, timeout_graceful_shutdown=1)
    with served(uvicorn.Server(config)) as port:
        yield model, port


@pytest.fixture
def model(model_server: tuple[MockModel, int]) -> MockModel:
    model_server[0].reset()
    return model_server[0]


@pytest.fixture
def model_url(model_server: tuple[MockModel, int]) -> str:
    return f"http://127.0.0.1:{model_server[1]}"


@pytest.fixture
def gateways(model: MockModel, model_url: str) -> Iterator[Callable[..., Running]]:
    """Make gateways: what the configuration file would say, as keywords."""
    del model
    with contextlib.ExitStack() as stack:

        def make(*, standings: Any = None, owners: Any = None, sink: Any = None, **tree: Any) -> Running:
            tree = {"upstreams": {"default": {"url": model_url}}, "listen": {"port": 0}, **tree}
            if following := tree.pop("following", None):
                tree["standings"] = following
            tree["limits"] = {"shutdown_s": 1.0, **tree.get("limits", {})}
            table, sink = standings or MemoryStandings(), sink or MemorySink()
            parts = assemble(settings_of(tree, "test"), KEY, standings=table, sink=sink, owners=owners)
            server = make_server(parts)
            return Running(stack.enter_context(served(server)), parts, sink, table, server.config.app)

        yield make


@pytest.fixture
def gateway(gateways: Callable[..., Running]) -> Running:
    return gateways()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text("correct-horse-battery\n")
    file.chmod(0o600)
    return str(file)


@pytest.fixture(scope="module")
def gateways_once(model_server: tuple[MockModel, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One gateway for a whole module."""
    file = tmp_path_factory.mktemp("secret") / "secret"
    file.write_text("correct-horse-battery")
    file.chmod(0o600)
    upstream = {"default": {"url": f"http://127.0.0.1:{model_server[1]}"}}
    tree = {"upstreams": upstream, "listen": {"port": 0}, "decisions": {"secret_file": str(file)}}
    table, sink = MemoryStandings(), MemorySink()
    parts = assemble(settings_of(tree, "test"), KEY, standings=table, sink=sink)
    with served(make_server(parts)) as port:
        yield Running(port, parts, sink, table)
