from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillwatch.config import DEFAULT
from stillwatch.detectors.combine import GROUPS

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.detectors.combine import Group


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_page_states_the_caps_of_every_group(root: Path, group: Group) -> None:
    page = (root / "docs" / "explanation" / "how-evidence-adds-up.md").read_text(encoding="utf-8")
    [row] = [line for line in page.splitlines() if line.startswith(f"| {group.name} |")]

    assert f"| {group.low_bits:+.0f} to {group.high_bits:+.0f} |" in row


def test_page_states_prior_and_threshold(root: Path) -> None:
    page = (root / "docs" / "explanation" / "how-evidence-adds-up.md").read_text(encoding="utf-8")

    assert f"The prior is {DEFAULT.prior_bits:.0f} bits" in page
    assert f"reported at {DEFAULT.threshold_bits:+.0f} bits" in page
