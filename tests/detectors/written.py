"""From a written case to the profile it describes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

import stillwatch.detectors
from stillwatch.features import profile_of
from stillwatch.model.profile import AccountFacts

if TYPE_CHECKING:
    from stillwatch.model.profile import Profile

CASES = Path(stillwatch.detectors.__file__).parent / "cases"


def cases(detector: str) -> dict[str, Any]:
    """Read the cases of a detector."""
    page: dict[str, Any] = yaml.safe_load((CASES / f"{detector}.yaml").read_text(encoding="utf-8"))
    return page


def features_of(detector: str, kind: str, name: str) -> dict[str, float]:
    """Give the features of one case by its name."""
    features: dict[str, float] = next(case for case in cases(detector)[kind] if case["name"] == name)["features"]
    return features


def profile_of_case(case: dict[str, Any]) -> Profile:
    """Build the case's account as row 0 and its ``others`` after it.

    ``facts`` holds what an account file says (plan, signup_ms, declared_purpose, reseller); the
    others have the same plan.
    """
    rows = [case["features"]]
    for group in case.get("others", []):
        rows += [group["features"]] * group["accounts"]
    n, facts = len(rows), case.get("facts", {})
    names = {name for row in rows for name in row}
    given = {name: np.array([float(row.get(name, np.nan)) for row in rows]) for name in names}
    signup, reseller = np.full(n, -1), np.full(n, -1, np.int8)
    signup[0], reseller[0] = facts.get("signup_ms", -1), facts.get("reseller", -1)
    purpose = (facts.get("declared_purpose", ""), *("",) * (n - 1))
    return profile_of(
        np.arange(7, 7 + n), given, AccountFacts(("",) * n, (facts.get("plan", ""),) * n, signup, purpose, reseller)
    )
