"""Written accounts beside the shipped terms, as dossiers. What a case leaves out is that of an ordinary account."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any

import yaml

from policy.drawn import DAY_MS, NOW_MS
from stillwatch.model.dossier import Agreement, Belonging, Dossier, Seen

AT_MS = NOW_MS + 30 * DAY_MS


def cases(name: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Cases of one file of terms: clause -> positive and benign."""
    text = files("stillwatch.policy").joinpath("terms", "cases", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def agreement(kind: str, reference: str, days: int) -> Agreement:
    return Agreement(kind, reference, AT_MS - DAY_MS, AT_MS + (days - 1) * DAY_MS)


def dossier(written: dict[str, Any]) -> Dossier:
    """Make the dossier of a case."""
    left = dict(written)
    days, age = left.pop("days", 30), left.pop("age_d", None)
    seen = tuple(Seen(*one) for one in left.pop("seen", ()))
    campaign = left.pop("campaign", None)
    agreements = tuple(agreement(*one) for one in left.pop("agreements", ()))
    fields: dict[str, Any] = {
        "account": 1,
        "at_ms": AT_MS,
        "plan": "",
        "signup_ms": -1 if age is None else AT_MS - age * DAY_MS,
        "organisation": 0,
        "events": 3_000,
        "first_ms": AT_MS - days * DAY_MS,
        "last_ms": AT_MS,
        "tokens_out": 1_000_000,
        "total_bits": -9.0,
        "probability": 0.002,
        "q_value": math.nan,
    }
    assert left.keys() <= {*fields, "attributed_share"}, left
    belongs = campaign and Belonging(name="c-1", accounts=40, sentence="40 accounts act together", **campaign)
    return Dossier(**(fields | left), seen=seen, campaign=belongs, agreements=agreements)
