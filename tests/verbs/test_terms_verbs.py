"""``stillwatch terms`` as a reader types it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from policy.drawn import NOW_MS, replaced
from policy.test_judge_terms import COPIER, RHYTHM
from policy.test_terms_replay import recorded
from policy.written_terms import SECOND, text
from stillwatch.cli import main
from stillwatch.model.dossier_json import from_json, to_json
from stillwatch.policy.language.load import load
from stillwatch.policy.reasoning.prove import is_broken
from stillwatch.policy.shipped import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

WEAK = ("{classes: 2, strength: substantial}", "{classes: 2, strength: weak}")


class Asked:
    """Runs one command line and gives code, output and errors."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main(["terms", *words])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    def file(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content, encoding="utf-8")
        return str(self.folder / name)


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Asked(tmp_path, capsys)


def test_lint_of_shipped_terms_ends_with_0(asked: Asked) -> None:
    code, out, _ = asked("lint", *SHIPPED)

    assert code == 0
    assert out.count("0 errors") == len(SHIPPED)


def test_lint_names_file_line_rule_and_what_to_do(asked: Asked) -> None:
    code, out, _ = asked("lint", asked.file("t.yaml", text(WEAK)))

    assert code == 1
    assert "t.yaml:12: error weak-alone: clause no-model-copying can restrict on weak evidence alone" in out
    assert "-> ask for evidence: strength: substantial" in out
    assert "test@1, 1 clause: 1 error, 0 warnings" in out


def test_warnings_alone_end_with_0(asked: Asked) -> None:
    code, out, _ = asked("lint", asked.file("t.yaml", text((", longest: 31d", ""))))

    assert code == 0
    assert "warning red-team" in out


def test_lint_as_json_gives_a_witness_that_the_judge_judges_broken(asked: Asked) -> None:
    code, out, _ = asked("lint", asked.file("t.yaml", text(WEAK)), "--json")

    page = json.loads(out)
    [remark] = page["files"][0]["remarks"]
    assert code == page["exit_code"] == 1
    assert (remark["rule"], remark["line"]) == ("weak-alone", 12)
    witness = from_json(json.dumps(remark["witness"]))
    assert is_broken(witness, load(text(WEAK).encode(), "t").terms.clauses[0])


def test_terms_that_are_not_well_written_end_with_2_and_every_line(asked: Asked) -> None:
    code, _, err = asked("lint", asked.file("t.yaml", text(("72h", "soon"), ("at_least: 3", "at_lest: 3"))))

    assert code == 2
    assert "t.yaml:10: clause no-model-copying: unknown key 'at_lest'" in err
    assert "t.yaml:19: clause no-model-copying: 'soon'" in err


def test_a_file_that_is_not_there_names_the_shipped_ones(asked: Asked) -> None:
    code, _, err = asked("lint", "absent.yaml")

    assert code == 2
    assert "shipped terms: starter, frontier-lab, small-provider, aggregator" in err


def test_explain_says_terms_in_words(asked: Asked) -> None:
    code, out, _ = asked("explain", "starter")

    assert code == 0
    assert "watched only (shadow)" in out
    assert "only a person may: hold" in out
    assert len(json.loads(asked("explain", "starter", "--json")[1])["clauses"]) == 4


def test_explain_of_a_dossier_says_why_each_clause_applies_or_not(asked: Asked) -> None:
    dossier = asked.file("d.json", to_json(replaced(COPIER, q_value=math.nan)))
    code, out, _ = asked("explain", asked.file("t.yaml", text()), "--dossier", dossier)

    assert code == 0
    assert "no-model-copying  not met" in out
    assert "unknown" in out
    assert "no detector could tell, or there are no accounts to compare with" in out
    page = json.loads(asked("explain", "t.yaml", "--dossier", dossier, "--json")[1])
    assert [one["met"] for one in page["verdicts"][0]["answers"]] == [True, None, True]


def test_explain_refuses_an_empty_or_strange_dossier(asked: Asked) -> None:
    code, _, err = asked("explain", "starter", "--dossier", asked.file("d.json", ""))
    assert (code, "no dossier in it" in err) == (2, True)

    code, _, err = asked("explain", "starter", "--dossier", asked.file("d.json", "\n{}\n"))
    assert (code, "d.json:2: 'format' is not" in err) == (2, True)


def test_diff_says_what_changed_and_ends_with_1(asked: Asked) -> None:
    old, new = asked.file("o.yaml", text()), asked.file("n.yaml", text(("at_least: 3}", "at_least: 2}"), more=SECOND))

    code, out, _ = asked("diff", old, new)

    assert code == 1
    assert "no-model-copying  changed  stricter" in out
    assert "Both are test@1: raise version" in out
    assert "second  added  stricter" in out
    assert asked("diff", old, old)[0] == 0
    raised = asked.file("r.yaml", text(("version: 1", "version: 2"), ("at_least: 3}", "at_least: 2}")))
    assert json.loads(asked("diff", old, raised, "--json")[1])["version_raised"]
    assert "raise version" not in asked("diff", old, raised)[1]


def test_diff_over_dossiers_says_whose_action_would_change_by_plan(asked: Asked) -> None:
    old, new = asked.file("o.yaml", text(("at_least: 3}", "at_least: 8}"))), asked.file("n.yaml", text())
    lines = [to_json(recorded(at, 90 - at, plan="pro" if at % 2 else "free")) for at in range(1, 90)]
    dossiers = asked.file("d.jsonl", "\n".join(lines))

    code, out, _ = asked("diff", old, new, "--replay", dossiers)
    page = json.loads(asked("diff", old, new, "--replay", dossiers, "--json")[1])

    assert code == page["exit_code"] == 1
    assert "Over 89 dossiers of 89 accounts, 2026-09-03 to 2026-11-30" in out
    assert "none -> suspend" in out
    assert "59 more; --json lists all" in out
    assert {(row["plan"], row["action"]): (row["old"], row["new"]) for row in page["replay"]["counts"]} == {
        ("free", "none"): (44, 0),
        ("free", "suspend"): (0, 44),
        ("pro", "none"): (45, 0),
        ("pro", "suspend"): (0, 45),
    }
    assert len(page["replay"]["moved"]) == 89
    assert page["replay"]["turns"] == {"new": 89, "stricter": 0, "other": 0, "milder": 0, "gone": 0}
    assert {(one["turn"], one["watched"]) for one in page["replay"]["moved"]} == {("new", False)}
    assert "Something else would be permitted about 89 accounts" in out
    assert asked("diff", old, old, "--replay", dossiers)[0] == 0


def test_diff_replays_the_days_asked_for_and_says_what_it_left_out(asked: Asked) -> None:
    old, new = asked.file("o.yaml", text(("at_least: 3}", "at_least: 8}"))), asked.file("n.yaml", text())
    some = [recorded(at, at) for at in (5, 60, 85)] + [recorded(7, 70, last_ms=NOW_MS)]
    dossiers = asked.file("d.jsonl", "\n".join(map(to_json, some)))

    _, out, _ = asked("diff", old, new, "--replay", dossiers, "--days", "30")
    page = json.loads(asked("diff", old, new, "--replay", dossiers, "--days", "30", "--json")[1])["replay"]

    assert (page["dossiers"], page["outside"], page["ahead"]) == (2, 1, 1)
    assert "1 dossier before that time left out" in out
    assert "1 dossier left out: they count requests from after their own time" in out
    assert json.loads(asked("diff", old, new, "--replay", dossiers, "--json")[1])["replay"]["dossiers"] == 3


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "many", "1000000", "\u0663"])
def test_a_number_of_days_that_is_none_is_refused(asked: Asked, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked("diff", "starter", "starter", "--replay", "d.jsonl", "--days", days)

    assert ended.value.code == 2
    assert "no number of days" in capsys.readouterr().err


def test_diff_replays_a_folder_of_days_in_order(asked: Asked) -> None:
    days = asked.folder / "days"
    days.mkdir()
    for at in (2, 1):
        (days / f"2026-11-0{at}.jsonl").write_text(to_json(recorded(at, at)), encoding="utf-8")
    (days / "notes.jsonl").write_text("not read", encoding="utf-8")

    page = json.loads(asked("diff", "starter", "aggregator", "--replay", str(days), "--json")[1])

    assert page["replay"]["dossiers"] == 2


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(asked: Asked) -> None:
    path = asked.folder / "endless.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 34)

    code, _, err = asked("judge", "starter", str(path))

    assert (code, "endless.jsonl:1: a line longer than 256 KiB" in err) == (2, True)


def test_judge_says_what_the_evidence_does_not_carry(asked: Asked) -> None:
    terms = asked.file("t.yaml", text(WEAK))
    dossiers = asked.file("d.jsonl", to_json(replaced(COPIER, seen=(*COPIER.seen[1:], RHYTHM))))

    verdict = json.loads(asked("judge", terms, dossiers, "--json")[1])

    assert (verdict["permitted"], verdict["withheld"]) == (["observe", "notify"], ["throttle", "hold", "suspend"])
    assert "throttle, hold, suspend: the evidence does not carry it" in asked("judge", terms, dossiers)[1]


def test_judge_prints_verdicts_that_held_and_ends_with_1(asked: Asked) -> None:
    terms = asked.file("t.yaml", text())
    dossiers = asked.file("d.jsonl", to_json(COPIER) + "\n" + to_json(replaced(COPIER, account=8, total_bits=0.0)))

    code, out, err = asked("judge", terms, dossiers, "--json")

    verdict = json.loads(out)
    assert code == 1
    assert (verdict["outcome"], verdict["by_person"]) == ("broken", ["hold", "suspend"])
    assert "2 dossiers judged by test@1: 1 break a clause" in err
    assert len(asked("judge", terms, dossiers, "--all", "--json")[1].splitlines()) == 2
    assert "no-model-copying  broken" in asked("judge", terms, dossiers)[1]


def test_judge_as_of_another_day(asked: Asked) -> None:
    terms, dossiers = asked.file("t.yaml", text()), asked.file("d.jsonl", to_json(COPIER))

    code, out, err = asked("judge", terms, dossiers, "--at", "2026-11-30")
    assert (code, out) == (0, "")
    assert "at the time of 1 of them no clause was in force" in err
    assert asked("judge", terms, dossiers, "--at", "2026-12-24")[0] == 1
    assert "no date" in asked("judge", terms, dossiers, "--at", "soon")[2]


def test_the_schema_and_the_shipped_files_are_printed(asked: Asked) -> None:
    assert json.loads(asked("schema")[1])["$schema"].endswith("2020-12/schema")
    for name in SHIPPED:
        code, out, _ = asked("print", name)
        assert (code, load(out.encode(), name).terms.id) == (0, name)
    assert asked("print", "strict")[0] == 2


def test_a_file_of_the_name_of_shipped_terms_comes_first(asked: Asked) -> None:
    asked.file("starter", text())

    assert "test@1" in asked("lint", "starter")[1]
