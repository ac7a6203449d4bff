"""``campaigns`` finds accounts that work together and says what they do; ``scan`` shows them beside accounts."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stillwatch.cli import build_parser, main
from stillwatch.coordination.coordinate import ALPHA
from stillwatch.coordination.layers.partition import CONCENTRATION
from stillwatch.ingest.keys import create_key
from stillwatch.verbs.campaigns import FEWEST
from verbs.small_logs import Shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of forty accounts beside three times as many honest ones, four days long."""
    folder = tmp_path_factory.mktemp("together")
    campaign = ("--campaign", "accounts=40,per_day=8", "--background", "3", "--days", "4", "--seed", "5")
    assert main(["simulate", "--out", str(folder / "world"), *campaign]) == 0
    create_key(folder / "key")
    return folder


@pytest.fixture
def ring(together: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Verbs over that world."""
    return Shell(together, capsys)


@pytest.fixture(scope="module")
def page(together: Path) -> dict[str, Any]:
    """The JSON document of that world, as a program reads it."""
    world = together / "world"
    words = (str(world / "logs"), "--accounts", str(world / "accounts.csv"), "--key", str(together / "key"))
    done = subprocess.run(
        [sys.executable, "-m", "stillwatch", "campaigns", *words, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def truth(folder: Path) -> dict[str, str]:
    with (folder / "world" / "truth.csv").open(encoding="utf-8") as file:
        return {row["account_id"]: row["persona"] for row in csv.DictReader(file)}


def test_the_planted_campaign_is_reported_and_exits_with_one(page: dict[str, Any], ring: Shell) -> None:
    reported = [one for one in page["campaigns"] if one["reported"]]
    personas = truth(ring.folder)
    _, names, _ = ring.run("pseudonym", *personas, "--key", ring.folder / "key")
    planted = {line.split()[1] for line in names.splitlines() if personas.get(line.split()[0], "").startswith("hydra_")}

    assert page["exit_code"] == 1
    assert page["reported"] == len(reported) >= 1
    assert max(len(planted & set(one["members"]["account"])) for one in reported) >= 0.9 * len(planted) > 30


def test_each_campaign_has_its_evidence_and_its_doubt(page: dict[str, Any]) -> None:
    for one in page["campaigns"]:
        assert 0 <= one["one_operator"] <= 1
        assert 0 <= one["extraction_given_one_operator"] <= 1
        assert one["explanations"]
        assert isinstance(one["stands_without_strongest"], bool)
        assert one["prior_bits"] + sum(line["bits"] for line in one["lines"]) == pytest.approx(one["extraction_bits"])


def test_out_writes_a_page_the_document_and_the_members(ring: Shell, tmp_path: Path) -> None:
    code, said, _ = ring.over_logs("campaigns", "--out", tmp_path / "out")

    assert code == 1
    names = ("report.html", "campaigns.json", "members.csv")
    assert all(f"written: {tmp_path / 'out' / name}" in said.replace("\n", "") for name in names)
    written = json.loads((tmp_path / "out" / "campaigns.json").read_text(encoding="utf-8"))
    with (tmp_path / "out" / "members.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(one["accounts"] for one in written["campaigns"])
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(f'id="{one["campaign"]}"' in html for one in written["campaigns"])


def test_same_logs_same_bytes(ring: Shell, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ring.over_logs("campaigns", "--out", tmp_path / name)

    for name in ("report.html", "campaigns.json", "members.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_prompts_are_kept_only_on_request(ring: Shell, tmp_path: Path) -> None:
    ring.over_logs("campaigns", "--out", tmp_path / "without")
    ring.over_logs("campaigns", "--out", tmp_path / "with", "--keep-exemplars", 2)

    assert "kept on request" not in (tmp_path / "without" / "report.html").read_text(encoding="utf-8")
    assert "Prompts of 5 members, kept on request" in (tmp_path / "with" / "report.html").read_text(encoding="utf-8")


def test_the_strictest_rate_finds_nothing_and_says_so_with_code_zero(ring: Shell) -> None:
    code, said, _ = ring.over_logs("campaigns", "--alpha", "1e-300")

    assert code == 0
    assert "No campaign was found among" in said
    assert "exit code 0" in said


def test_without_an_account_file_it_says_what_could_not_be_tested(ring: Shell) -> None:
    logs, key = ring.folder / "world" / "logs", ring.folder / "key"

    _, said, _ = ring.run("campaigns", logs, "--key", key, "--json")

    assert {"money", "life-cycle"} <= set(json.loads(said)["untested_layers"])
    assert "payment_fingerprint" in json.loads(said)["untested_layers"]["money"]


def test_logs_of_nobody_have_no_campaign(ring: Shell, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    records = [{"event_id": str(k), "ts_ms": 1_793_577_600_000 + k, "prompt": "hello there"} for k in range(5)]
    log.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    code, said, _ = ring.run(
        "campaigns", log, "--format", "native", "--key", ring.folder / "key", "--out", tmp_path / "out"
    )

    assert code in (0, 3)
    assert "No campaign was found among 0 accounts." in said
    assert "No campaign was found" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [("--alpha", "2", "0.001"), ("--concentration", "-1", f"{CONCENTRATION:g}"), ("--seed", "-3", "from 0")],
)
def test_a_wrong_option_says_what_to_write(ring: Shell, option: str, value: str, told: str) -> None:
    code, _, said = ring.over_logs("campaigns", f"{option}={value}")

    assert code == 2
    assert option in said
    assert told in said


def test_partial_input_comes_before_findings(ring: Shell, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"event_id": "1", "ts_ms": "yesterday", "account_id": "a"}\n', encoding="utf-8")

    logs, key = ring.folder / "world" / "logs", ring.folder / "key"
    code, *_ = ring.run("campaigns", logs, broken, "--key", key, "--json")

    assert code == 3


def test_no_colour_where_none_is_wanted(ring: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _, said, _ = ring.over_logs("campaigns")

    assert "\x1b" not in said
    assert "Coordination is not abuse." in said


def test_help_shows_examples_exit_codes_and_true_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["campaigns", "--help"])
    said = capsys.readouterr().out

    assert "examples:" in said
    assert "exit codes:" in said
    assert f"({ALPHA})" in said
    assert f"({CONCENTRATION})" in said


def test_a_scan_shows_campaigns_beside_accounts(ring: Shell, tmp_path: Path, page: dict[str, Any]) -> None:
    code, said, _ = ring.over_logs("scan", "--json", "--out", tmp_path / "out")
    scanned = json.loads(said)

    assert code == 1
    assert scanned["layout"] == "stillwatch.scan/1"
    assert scanned["campaigns"]["campaigns"] == page["campaigns"]
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'href="#campaigns"' in html
    assert f'id="{page["campaigns"][0]["campaign"]}"' in html
    assert "reported as extraction" in ring.over_logs("scan")[1]


def test_a_scan_leaves_campaigns_out_on_request_and_among_few_accounts(ring: Shell, tmp_path: Path) -> None:
    assert json.loads(ring.over_logs("scan", "--json", "--no-campaigns")[1])["campaigns"] is None

    few = tmp_path / "few.jsonl"
    records = [{"event_id": f"{k}", "ts_ms": k, "account_id": f"a{k}", "prompt": "hello"} for k in range(FEWEST - 1)]
    few.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    words = ("scan", few, "--format", "native", "--key", ring.folder / "key", "--json")
    assert json.loads(ring.run(*words)[1])["campaigns"] is None


def test_help_says_from_how_many_accounts_a_scan_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["scan", "--help"])

    assert f"of {FEWEST} accounts" in " ".join(capsys.readouterr().out.split())
