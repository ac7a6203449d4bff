"""Profile to findings: evidence in bits for and against each account, or why it cannot be told.

No weight here is calibrated: each comes from a written-down model of extraction and of honest use,
and each detector names its blind spot and its benign twins.
"""

from stillwatch.detectors.base import Detector, withhold
from stillwatch.detectors.capability import capabilities
from stillwatch.detectors.combine import GROUPS, Group, combine
from stillwatch.detectors.registry import DETECTORS, examine_all

__all__ = ["DETECTORS", "GROUPS", "Detector", "Group", "capabilities", "combine", "examine_all", "withhold"]
