"""Small logs for stories about bad input, and a way to scan them as a person would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillwatch.cli import main
from stillwatch.ingest.keys import create_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

TS = 1_795_433_819_245
ACCOUNT, ADDRESS, SECRET = "acct-Zebulon-77", "203.0.113.77", "the prompt nobody may see"
"""What must never come out."""


def row(number: int, **changes: Any) -> dict[str, Any]:
    """One good event."""
    event = {
        "event_id": f"event-{number}",
        "ts_ms": TS + 60_000 * number,
        "account_id": ACCOUNT,
        "credential_id": "sk-live-abcdefgh",
        "client_ip": ADDRESS,
        "user_agent": "openai-python/3.54.0",
        "model_requested": "m",
        "tokens_in": 10,
        "tokens_out": 20,
        "prompt": SECRET,
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not ...}


def lines(rows: Iterable[dict[str, Any] | bytes]) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows)


def good(count: int = 5) -> bytes:
    return lines(row(n) for n in range(count))


@dataclass
class Told:
    """What a scan said."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        return json.loads(self.out)

    def read(self) -> tuple[int, int, int]:
        """Records read, accepted and rejected, once the sums have been checked."""
        sources = self.result["sources"]
        assert all(s["read"] == s["accepted"] + s["rejected"] for s in sources)
        totals = tuple(sum(s[name] for s in sources) for name in ("read", "accepted", "rejected"))
        whole = self.result["read"]
        assert totals == (whole["records"], whole["events"], whole["rejected"])
        assert len(self.result["rejects"]) == whole["rejected"]
        for reject in self.result["rejects"]:
            assert reject["file"]
            assert reject["line"] >= 1
            assert reject["field"]
            assert reject["reason"]
        return totals[0], totals[1], totals[2]


class Scanner:
    """Scans files of one folder, and looks that nothing secret comes out."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.key = folder / ".key"
        create_key(self.key)

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def __call__(self, *inputs: str, json_: bool = True) -> Told:
        self._capsys.readouterr()
        code = main(["scan", *inputs, "--key", str(self.key), *(["--json"] if json_ else [])])
        out, err = self._capsys.readouterr()
        clean(out + err, self.key)
        return Told(code, out, err)


def clean(text: str, key: Path) -> None:
    """Nothing raw came out: no account, address, credential, prompt or key."""
    for secret in (ACCOUNT, ADDRESS, "203.0.113", SECRET, "sk-live"):
        assert secret not in text
    if key.is_file() and (written := key.read_bytes()).startswith(b"{"):
        for one in json.loads(written)["epochs"].values():
            assert one[:16] not in text
    assert "Traceback" not in text
