"""The commands of how-to pages that need two months of logs, one after the other, as a reader types them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pages import shown_in

from policy.drawn import replaced
from policy.test_judge_terms import COPIER
from stillwatch.ingest.agreements import read_agreements
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.model.dossier_json import to_json
from stillwatch.policy.language.load import load
from stillwatch.policy.lint import lint

PROGRAM = Path(sys.executable).with_name("stillwatch")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of the end of October and the beginning of November, an account file and some public prompts."""
    folder = tmp_path_factory.mktemp("months")
    run(folder, "simulate", "--out", "world", "--start", "2026-10-30", "--days", "4")
    shutil.move(folder / "world" / "logs", folder / "logs")
    shutil.move(folder / "world" / "accounts.csv", folder / "accounts.csv")
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "sums.txt").write_text("What is seventeen times twenty-three, and why?\n", "utf-8")
    line = json.dumps({"question": "Prove that the square root of two is irrational."})
    (folder / "benchmarks" / "proofs.jsonl").write_text(line + "\n", "utf-8")
    return folder


@pytest.mark.parametrize("page", ["calibrate.md", "public-prompts.md"])
def test_how_to_runs_from_top_to_bottom(root: Path, months: Path, tmp_path: Path, page: str) -> None:
    calls = [s.words[1:] for s in shown_in(root / "docs" / "how-to" / page) if s.words[0] == "stillwatch"]
    shutil.copytree(months, tmp_path, dirs_exist_ok=True)

    codes = [(words[0], run(tmp_path, *words).returncode) for words in calls]

    assert {name for name, _ in codes} >= {"scan", "calibrate"}
    assert all(code in ({0, 1} if name == "scan" else {0}) for name, code in codes), codes
    assert (tmp_path / "reference.json").stat().st_size
    assert (tmp_path / "report" / "report.html").stat().st_size


def test_campaigns_how_to_runs_from_top_to_bottom(root: Path, tmp_path: Path) -> None:
    campaign = ("--campaign", "accounts=40,per_day=8", "--background", "3", "--days", "4", "--seed", "5")
    run(tmp_path, "simulate", "--out", "world", *campaign)
    shutil.move(tmp_path / "world" / "logs", tmp_path / "logs")
    shutil.move(tmp_path / "world" / "accounts.csv", tmp_path / "accounts.csv")
    page = root / "docs" / "how-to" / "find-campaigns.md"

    codes = [run(tmp_path, *s.words[1:]).returncode for s in shown_in(page) if s.words[0] == "stillwatch"]

    assert len(codes) == 6
    assert codes[0] == 1
    assert set(codes) <= {0, 1}
    assert json.loads((tmp_path / "campaigns.history.json").read_text())["looks"] == 1
    for made in ("report.html", "campaigns.json", "members.csv"):
        assert (tmp_path / "campaigns" / made).stat().st_size


def test_terms_how_to_runs_from_top_to_bottom(root: Path, tmp_path: Path) -> None:
    page = root / "docs" / "how-to" / "write-your-terms.md"
    old = run(tmp_path, "terms", "print", "starter").stdout
    (tmp_path / "terms.yaml").write_text(old)
    (tmp_path / "terms-new.yaml").write_text(old.replace("at_least: 3}", "at_least: 2}"))
    between = replaced(COPIER, account=8, total_bits=2.5, probability=0.85)
    (tmp_path / "dossiers.jsonl").write_text(f"{to_json(COPIER)}\n{to_json(between)}\n")

    (tmp_path / "weak.yaml").write_text(old.replace("strength: substantial}", "strength: weak}"))

    calls = [s.words[1:] for s in shown_in(page) if s.words[0] == "stillwatch"]
    done = {words[1:]: run(tmp_path, *words) for words in calls}
    codes = {words: one.returncode for words, one in done.items()}

    assert len(codes) == 8
    assert codes["lint", "weak.yaml"] == 1
    assert codes["lint", "terms.yaml"] == codes["explain", "terms.yaml"] == 0
    assert codes["judge", "terms.yaml", "dossiers.jsonl"] == 1
    assert codes["diff", "terms.yaml", "terms-new.yaml"] == 1
    assert codes["diff", "terms.yaml", "terms-new.yaml", "--replay", "dossiers.jsonl"] == 1
    said = " ".join(" ".join(one.stdout for one in done.values()).split())
    shown = re.findall(r"^```text\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(shown) == 4
    for line in "".join(shown).splitlines():
        assert " ".join(line.split()) in said, line


def test_the_register_on_the_page_of_terms_is_read(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "how-to" / "write-your-terms.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```csv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "agreements.csv").write_text(shown)

    found = read_agreements(tmp_path / "agreements.csv", Door(create_key(tmp_path / "a.key")))

    assert {one.kind for [one] in found.values()} == {"reseller", "red_team", "research"}


def test_the_clause_on_the_page_of_terms_is_clean(root: Path) -> None:
    page = (root / "docs" / "how-to" / "write-your-terms.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    loaded = load(f"terms: shown\nversion: 1\nclauses:\n{shown}".encode(), "shown")

    assert lint(loaded, loaded.terms.clauses[0].from_ms) == ()


def test_every_rule_of_lint_is_on_the_page(root: Path) -> None:
    page = (root / "docs" / "how-to" / "write-your-terms.md").read_text(encoding="utf-8")
    sources = (root / "src" / "stillwatch" / "policy" / "lint").glob("*.py")
    rule = re.compile(r'remark\(\s*"([a-z-]+)"')
    named = {name for path in sources for name in rule.findall(path.read_text(encoding="utf-8"))}

    assert len(named) > 12
    assert {name for name in named if f"`{name}`" not in page} == set()


def test_a_reference_and_a_base_rate_show_in_the_report_and_a_look_raises_p(months: Path, tmp_path: Path) -> None:
    shutil.copytree(months, tmp_path, dirs_exist_ok=True)
    logs = ("logs/2026-11-*.jsonl.zst", "--accounts", "accounts.csv")
    run(tmp_path, "calibrate", "logs/2026-10-*.jsonl.zst", *logs[1:], "--out", "reference.json")

    options = ("--reference", "reference.json", "--base-rate", "0.0005")
    first = json.loads(run(tmp_path, "scan", *logs, *options, "--json").stdout)
    again = json.loads(run(tmp_path, "scan", *logs, *options, "--look", "3", "--json").stdout)

    assert first["ranking"]["base_rate"] == pytest.approx(0.0005)
    assert "accounts of reference.json, made 20" in first["ranking"]["reference"]
    assert again["ranking"]["look"] == 3
    before = {one["account"]: one["p_value"] for one in first["accounts"]}
    assert all(one["p_value"] >= before[one["account"]] for one in again["accounts"])
    assert any(one["p_value"] > before[one["account"]] for one in again["accounts"])


def test_a_filter_of_public_prompts_lets_the_detector_tell(months: Path, tmp_path: Path) -> None:
    shutil.copytree(months, tmp_path, dirs_exist_ok=True)
    run(tmp_path, "corpus", "benchmarks/", "--out", "benchmarks.npz")
    logs = ("logs/2026-11-*.jsonl.zst", "--accounts", "accounts.csv")

    told = []
    for options in (("--out", "without"), ("--corpus", "benchmarks.npz", "--out", "with")):
        run(tmp_path, "scan", *logs, *options)
        rows = pq.read_table(tmp_path / options[-1] / "findings.parquet").to_pylist()
        told.append(sum(row["detector"] == "corpus_overlap" and row["reason"] is None for row in rows))

    assert told[0] == 0
    assert told[1] > 0
