from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillwatch.enforcement.rules import DEFAULT, Ladder, Limits, Rules, Stagger
from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError
from stillwatch.verbs.judging import terms_judge
from stillwatch.verbs.rules_file import read_rules

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    empty = tmp_path / "rules.toml"
    empty.touch()

    assert read_rules(None) == DEFAULT
    assert read_rules(str(empty)) == DEFAULT


def test_what_is_set_is_taken_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[ladder]\nperson_from = "step_up"\n[limits]\naccounts_a_day = 20\nshare_of_plan = 0\n'
        "[stagger]\nwindow_h = 12\nseed = 99\n"
    )

    assert read_rules(str(file)) == Rules(
        Ladder(person_from=Action.STEP_UP), Limits(accounts_a_day=20, share_of_plan=0), Stagger(12, 99)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limit]\n", r"no table \[limit\]"),
        ("limits = 3\n", "is a table"),
        ("[limits]\naccounts = 3\n", "has no accounts"),
        ("[limits]\naccounts_a_day = 2.5\n", "whole number"),
        ("[limits]\naccounts_a_day = true\n", "whole number"),
        ("[limits]\naccounts_a_day = -1\n", "from 0"),
        ("[limits]\nshare_of_active = 1.5\n", "from 0 to 1"),
        ("[limits]\nshare_of_active = nan\n", "from 0 to 1"),
        ("[limits]\ncohort_ratio = inf\n", "from 0"),
        ('[ladder]\nperson_from = "never"\n', "write one of observe"),
        ('[stagger]\nwindow_h = "2h"\n', "write a number"),
        ("[stagger\n", "no TOML"),
        ("#" * 70_000, "longer than"),
    ],
)
def test_what_is_not_well_written_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)

    with pytest.raises(InputError, match=words):
        read_rules(str(file))


def test_rules_without_terms_judge_nobody(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").touch()

    with pytest.raises(InputError, match="takes both"):
        terms_judge(None, None, str(tmp_path / "rules.toml"))
    with pytest.raises(InputError, match="No such file"):
        terms_judge(None, None, str(tmp_path / "none.toml"))
