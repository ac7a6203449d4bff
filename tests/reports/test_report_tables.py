"""Tables come back as they were, and agree with each other."""

import json
import math
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from stillwatch.config import DEFAULT
from stillwatch.model.errors import StoreError
from stillwatch.model.pseudonym import pseudonym_text, pseudonym_value
from stillwatch.reports import tables
from stillwatch.reports.summary import to_json
from stillwatch.reports.tables import FINDINGS_SCHEMA, write_findings_jsonl, write_findings_parquet

SHOWN = replace(DEFAULT, shown=4)


@pytest.fixture(params=[7, 1 << 17])
def parquet(request, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", request.param)

    def write(result, config=SHOWN):
        write_findings_parquet(result, config, tmp_path / "findings.parquet")
        return pq.read_table(tmp_path / "findings.parquet")

    return write


def lines(result, tmp_path, config=SHOWN):
    write_findings_jsonl(result, config, tmp_path / "findings.jsonl")
    return [json.loads(line) for line in (tmp_path / "findings.jsonl").read_bytes().splitlines()]


def test_parquet_holds_every_account_and_detector(result, parquet):
    table = parquet(result)
    assert table.schema.names == FINDINGS_SCHEMA.names
    assert table.num_rows == 40 * 5
    by_detector = {e.detector: e for e in result.examined}
    rows = {int(a): i for i, a in enumerate(result.profile.account)}
    for record in table.to_pylist():
        row, examined = rows[pseudonym_value(record["account"])], by_detector[record["detector"]]
        told = examined.reason[row] == 0
        assert record["weight_bits"] == (examined.weight_bits[row] if told else None)
        assert record["counted_bits"] == result.ranking.contributions[examined.detector][row]
        assert record["reason"] == (None if told else examined.reasons[1])
        assert record["total_bits"] == result.ranking.total_bits[row]
        assert record["flagged"] == (record["total_bits"] >= 3.0)
        assert (record["facts"] is None) == (not told)
        if told:
            assert dict(record["facts"]) == {"share": 0.91, "count": float(row), "unknown": None}
        worded = row in result.ranking.order[:4]
        assert record["evidence"] == (examined.sentence(row) if worded and told else None)
        against = worded and told and examined.weight_bits[row] > 0
        assert record["ordinary_share"] == (0.02 * (row + 1) if against else None)
        assert record["cohort"] == (f"40 accounts, plan number {row}" if worded else None)
        assert record["without_bits"] == record["total_bits"] - record["counted_bits"]
        assert record["would_change"] == f"what would change {examined.detector}"
        assert record["probability"] == result.assurance.probability[row]
        assert record["p_value"] == (None if row == 3 else result.assurance.p_value[row])
        assert record["q_value"] == (None if row == 3 else result.assurance.q_value[row])
        assert record["did_more"] == (None if row == 4 else row * 3)


def test_lines_agree_with_parquet(result, parquet, tmp_path):
    worded = {pseudonym_text(int(a)) for a in result.profile.account[result.ranking.order[:4]]}
    columnar = [r for r in parquet(result).to_pylist() if r["account"] in worded]
    for record in columnar:
        record["facts"] = None if record["facts"] is None else dict(record["facts"])

    def key(record):
        return record["account"], record["detector"]

    assert sorted(columnar, key=key) == sorted(lines(result, tmp_path), key=key)


def test_lines_come_most_evidence_first_and_hold_all_reported(result, tmp_path):
    written = lines(result, tmp_path, replace(DEFAULT, shown=1))
    assert [r["total_bits"] for r in written] == sorted((r["total_bits"] for r in written), reverse=True)
    assert len({r["account"] for r in written}) == int(result.ranking.flagged.sum()) == 2


def test_hostile_strings_come_back_clean(hostile, parquet, tmp_path):
    assert parquet(hostile).num_rows == 8 * 5
    text = json.dumps(lines(hostile, tmp_path), ensure_ascii=False)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_empty_scans_make_valid_empty_tables(nobody, empty, parquet, tmp_path):
    for scan in (nobody, empty):
        assert parquet(scan).num_rows == 0
        assert lines(scan, tmp_path) == []


def test_facts_may_be_empty(result, parquet):
    bare = replace(result, examined=tuple(replace(e, facts={}) for e in result.examined))
    assert {str(f) for f in parquet(bare)["facts"].to_pylist()} == {"[]", "None"}


def test_a_million_rows_are_never_worded(result, parquet):
    asked = []

    def sentence(row):
        asked.append(row)
        return "seen"

    parquet(replace(result, examined=tuple(replace(e, sentence=sentence) for e in result.examined)))
    assert set(asked) <= set(result.ranking.order[:4].tolist())


def test_failure_leaves_nothing(result, tmp_path):
    with pytest.raises(StoreError):
        write_findings_parquet(result, SHOWN, tmp_path / "none" / "findings.parquet")

    def broken(_):
        raise OSError(28, "No space left on device")

    failing = replace(result, examined=(replace(result.examined[0], sentence=broken),))
    for write in (write_findings_parquet, write_findings_jsonl):
        with pytest.raises(StoreError, match="disk is full"):
            write(failing, SHOWN, tmp_path / "findings")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["result", "hostile", "nobody", "empty"])
def test_json_is_plain_and_deterministic(name, request):
    scan = request.getfixturevalue(name)
    document = to_json(scan, DEFAULT)
    text = json.dumps(document, allow_nan=False)
    assert text == json.dumps(to_json(replace(scan, elapsed_s=9.0), DEFAULT))
    assert document["read"]["records"] == document["read"]["events"] + document["read"]["rejected"]
    assert len(document["accounts"]) == min(len(scan.profile), DEFAULT.shown)
    assert "Explain the proof" not in text


def test_json_says_how_far_each_total_can_be_believed(result):
    document = to_json(result, DEFAULT)
    ranking, first = document["ranking"], document["accounts"][0]
    assert (ranking["base_rate"], ranking["look"]) == (1 / 1025, 2)
    assert ranking["reference"] == "40 accounts of last month"
    assert first["probability"] == pytest.approx(1 / (1 + 2 ** -first["total_bits"]))
    assert (first["p_value"], first["q_value"], first["smallest_p"]) == (1 / 41, 2 / 41, 1 / 41)
    assert (first["did_more"], first["cohort"]) == (0, "40 accounts, plan number 0")
    for step in first["findings"]:
        assert step["without_bits"] + step["counted_bits"] == pytest.approx(first["total_bits"])
        assert step["would_change"] == f"what would change {step['detector']}"
    shares = {step["detector"]: step["ordinary_share"] for step in first["findings"]}
    assert shares["artefact_replay"] == 0.02
    assert shares["credential_fanout"] is None


def test_unknown_assurance_is_null(result):
    everybody = {a["account"]: a for a in to_json(result, replace(DEFAULT, shown=40))["accounts"]}
    unknown = everybody[pseudonym_text(int(result.profile.account[3]))]
    assert unknown["p_value"] is unknown["q_value"] is None
    assert everybody[pseudonym_text(int(result.profile.account[4]))]["did_more"] is None


def test_json_says_of_every_detector_what_it_cannot_see(result):
    for detector in to_json(result, DEFAULT)["detectors"]:
        name = detector["detector"]
        assert detector["blind_spot"] == f"what {name} cannot see"
        assert detector["would_change"] == f"what would change {name}"
        assert detector["group"] in {"provenance", "content", "habits"}


def test_json_says_what_speaks_for_an_account(result):
    first = to_json(result, DEFAULT)["accounts"][0]
    assert first["flagged"]
    assert any("Credential fanout lowers" in said for said in first["speaks_for"])
    assert math.isclose(sum(f["counted_bits"] for f in first["findings"]) - 10.0, first["total_bits"])
    assert not np.isnan(first["beside_others"][0]["median"])
