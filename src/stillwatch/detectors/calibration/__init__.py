"""Bits to statements with an error rate: how rare among ordinary accounts, how probable, how often wrong.

::

    reference     a provider's own traffic, without labels        -> what is ordinary
    conformal     bits, reference                                 -> p-value
    fdr           p-values of all accounts                        -> q-value
    looks         p-values of many days                           -> a promise over all of them
    isotonic      bits, labels or a stated base rate              -> probability
    reliability   probabilities, labels                           -> whether they can be believed
    cohorts       a volume, plans                                 -> how many ordinary accounts did more

A p-value says how unusual an account is, a probability how likely it extracts under a base rate that somebody
stated. Neither is a verdict.
"""

from stillwatch.detectors.calibration.cohorts import (
    blocks_automation,
    did_more,
    plan_codes,
    ratio_to_largest,
    ratio_to_median,
    size_classes,
)
from stillwatch.detectors.calibration.conformal import bits_at, conformal_p, smallest_p
from stillwatch.detectors.calibration.reference import (
    REST,
    WHOLE,
    Cohort,
    Reference,
    Shown,
    build_reference,
    from_json,
    to_json,
)
from stillwatch.detectors.calibration.reliability import (
    BrierParts,
    Curve,
    Reliability,
    brier,
    brier_parts,
    reliability_by_cohort,
    reliability_curve,
)
from stillwatch.statistics.fdr import fewest_reported, q_values
from stillwatch.statistics.isotonic import Isotonic, fit_isotonic, probability, rebase
from stillwatch.statistics.looks import (
    at_look,
    e_values,
    enough_bits,
    last_useful_look,
    running_average,
    running_product,
    spent,
)

__all__ = [
    "REST",
    "WHOLE",
    "BrierParts",
    "Cohort",
    "Curve",
    "Isotonic",
    "Reference",
    "Reliability",
    "Shown",
    "at_look",
    "bits_at",
    "blocks_automation",
    "brier",
    "brier_parts",
    "build_reference",
    "conformal_p",
    "did_more",
    "e_values",
    "enough_bits",
    "fewest_reported",
    "fit_isotonic",
    "from_json",
    "last_useful_look",
    "plan_codes",
    "probability",
    "q_values",
    "ratio_to_largest",
    "ratio_to_median",
    "rebase",
    "reliability_by_cohort",
    "reliability_curve",
    "running_average",
    "running_product",
    "size_classes",
    "smallest_p",
    "spent",
    "to_json",
]
