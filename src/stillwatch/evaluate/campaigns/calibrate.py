"""Whether what is said of entities is kept: promised beside observed, as stated and scaled on other kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.calibration.reliability import brier, reliability_curve
from stillwatch.evaluate.tables import Table
from stillwatch.model.errors import InputError
from stillwatch.statistics.scaling import fit_scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.look import Looked
    from stillwatch.statistics.scaling import Scaled

BINS: Final = 6
STATED: Final = "as stated"
"""Name of the rows of what campaigns say of themselves."""
_SURE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of one world, with the truth about it."""

    seed: int
    """World."""
    kind: str
    """Technique or honest kind of most of its accounts."""
    members: int
    """Accounts."""
    extraction_bits: float
    """log2 odds that it extracts, as stated."""
    operator_bits: float
    """log2 odds that it has one operator, as stated."""
    extracts: bool
    """Whether at least half of its accounts extract."""
    one_operator: bool
    """Whether at least half of them have one operator."""
    taking: int = 0
    """Accounts among them that extract."""


def entities(looked: Looked) -> list[Entity]:
    """Set what was said of every entity of a world beside what is true of it."""
    known, taking = looked.known, looked.known.extracting
    made = []
    for one in looked.campaigns.found:
        rows = looked.inside(one)
        names, many = np.unique([known.kind[at] for at in rows.tolist()], return_counts=True)
        hands = known.operator[rows]
        most = int(np.bincount(hands[hands >= 0]).max(initial=0)) if (hands >= 0).any() else 0
        chance = min(max(one.one_operator, _SURE), 1 - _SURE)
        made.append(
            Entity(
                seed=looked.seed,
                kind=str(names[int(many.argmax())]),
                members=rows.shape[0],
                extraction_bits=one.extraction_bits,
                operator_bits=float(np.log2(chance / (1 - chance))),
                extracts=2 * int(taking[rows].sum()) >= rows.shape[0],
                one_operator=2 * most >= rows.shape[0],
                taking=int(taking[rows].sum()),
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class Question:
    """One statement about entities."""

    name: str
    """Short name, as the calibration file has it."""
    words: str
    """As a table says it."""
    bits: Callable[[Entity], float]
    """What was stated."""
    label: Callable[[Entity], bool]
    """What is true."""


QUESTIONS: Final = (
    Question("extraction", "the operator extracts", lambda one: one.extraction_bits, lambda one: one.extracts),
    Question("one_operator", "there is one operator", lambda one: one.operator_bits, lambda one: one.one_operator),
)
"""Both statements of a campaign."""


def columns(found: Sequence[Entity], asked: Question) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give bits and labels of one statement."""
    bits = np.array([asked.bits(one) for one in found], np.float64)
    return bits, np.array([asked.label(one) for one in found], np.bool_)


def fitted(found: Sequence[Entity], asked: Question) -> Scaled | None:
    """Learn what bits were worth; None where all entities have one label."""
    try:
        return fit_scaled(*columns(found, asked))
    except InputError:
        return None


def unseen(found: Sequence[Entity], asked: Question) -> NDArray[np.float64]:
    """Give every entity's probability by a map that saw no entity of its kind.

    Returns
    -------
    ndarray
        (n,), NaN where nothing could be learnt without the kind.
    """
    bits, _ = columns(found, asked)
    kind = np.array([one.kind for one in found])
    made = np.full(bits.shape, np.nan)
    for name in sorted(set(kind.tolist())):
        learnt = fitted([one for one in found if one.kind != name], asked)
        if learnt is not None:
            made[kind == name] = learnt(bits[kind == name])
    return made


def _curve(
    cohort: str, promised: NDArray[np.float64], label: NDArray[np.bool_], world: NDArray[np.int64]
) -> list[tuple[str | int | float, ...]]:
    curve = reliability_curve(promised, label, bins=BINS, source=world)
    return [
        (
            cohort,
            int(curve.accounts[at]),
            float(curve.promised[at]),
            float(curve.observed[at]),
            f"{curve.low[at]:.2f} to {curve.high[at]:.2f}",
        )
        for at in range(curve.accounts.shape[0])
    ]


def reliability_table(found: Sequence[Entity], asked: Question, *, key: str, title: str) -> Table:
    """Set stated probabilities beside what came true, and beside those scaled on entities of other kinds."""
    bits, label = columns(found, asked)
    stated = 1.0 / (1.0 + np.exp2(-np.clip(bits, -60.0, 60.0)))
    scaled = unseen(found, asked)
    world = np.unique([one.seed for one in found], return_inverse=True)[1].astype(np.int64)
    base = np.full(label.shape, float(label.mean()) if label.shape[0] else np.nan)
    rows: list[tuple[str | int | float, ...]] = []
    losses: list[tuple[str | int | float, ...]] = []
    for name, chance in ((STATED, stated), ("scaled, kind unseen", scaled), ("base rate alone", base)):
        there = ~np.isnan(chance)
        if not there.any():
            continue
        rows += _curve(name, chance[there], label[there], world[there]) if name == STATED else []
        loss = brier(chance[there], label[there])
        means = float(chance[there].mean()), float(label[there].mean())
        losses.append((f"Brier: {name}", int(there.sum()), *means, f"{loss:.4f}"))
    kinds = len({one.kind for one in found})
    note = (
        f"Whether {asked.words}: {len(found):,} entities of {kinds} kinds. Rows *{STATED}* are what a campaign says of"
        " itself; *scaled* is slope and shift of its log odds, learnt without any entity of its kind. Intervals (90 %)"
        " draw whole worlds again. The honest groups of the first five seeds recur in every setting of knobs and are"
        " counted each time. The base rate is that of the entities of these worlds, where campaigns are common: at a"
        " provider it is lower, and so is every probability."
    )
    return Table(key, title, ("cohort", "entities", "promised", "observed", "interval or loss"), (*rows, *losses), note)
