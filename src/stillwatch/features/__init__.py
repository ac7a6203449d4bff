"""Account state to profile: named features with units, one row an account.

Nothing here judges; a feature that the source could not show is NaN.
"""

from stillwatch.features.assemble import FEATURES, profile, profile_of
from stillwatch.features.recycled import RecycledColumns
from stillwatch.features.replay import ReplayColumns

__all__ = ["FEATURES", "RecycledColumns", "ReplayColumns", "profile", "profile_of"]
