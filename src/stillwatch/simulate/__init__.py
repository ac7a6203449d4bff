"""Seeded worlds: personas, crowds and campaigns -> events in any supported log format, and the truth about them.

Written from public reports and measured traffic. Knows nothing of features, sketches or detectors.
"""

from __future__ import annotations

from stillwatch.simulate.campaigns.parse import parse_campaign
from stillwatch.simulate.campaigns.presets import PRESETS
from stillwatch.simulate.campaigns.spec import Campaign
from stillwatch.simulate.crowds.spec import Crowd
from stillwatch.simulate.files import write_events, write_world
from stillwatch.simulate.hydra import HYDRA
from stillwatch.simulate.prompts.library import Library, read_library
from stillwatch.simulate.spec import SMALL, WIDE, WorldSpec
from stillwatch.simulate.traces import Traces, read_traces
from stillwatch.simulate.world import World, build_world

__all__ = [
    "HYDRA",
    "PRESETS",
    "SMALL",
    "WIDE",
    "Campaign",
    "Crowd",
    "Library",
    "Traces",
    "World",
    "WorldSpec",
    "build_world",
    "parse_campaign",
    "read_library",
    "read_traces",
    "write_events",
    "write_world",
]
