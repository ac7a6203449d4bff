"""``stillwatch watch --once`` in the terminal: what was done, and where to look next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.watching import lines

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell


def test_it_says_where_decisions_are_to_be_seen(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(lines(0, 40))
    watch = (
        "watch",
        "--once",
        "--folder",
        tmp_path / "watch",
        "--key",
        tmp_path / "k",
        "--follow",
        tmp_path / "*.jsonl",
    )

    code, alone, _ = shell.run(*watch)
    judged, out, _ = shell.run(*watch, "--terms", "starter", "--store", tmp_path / "a store.db")

    assert (code, judged) == (0, 0)
    assert "events folded" in alone
    assert "stillwatch decisions" not in alone
    assert f"stillwatch decisions waiting --store '{tmp_path / 'a store.db'}'" in out
