"""Opinions, dockets and detectors mounted on a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.serve.hub.desk import Desk
from stillwatch.serve.hub.detector_routes import DETECTORS, DetectorRoutes
from stillwatch.serve.hub.docket_routes import DOCKETS, DocketRoutes
from stillwatch.serve.hub.opinion_routes import OPINIONS, OpinionRoutes
from stillwatch.store.exchange.subjects import nobody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.serve.hub.app import App, Hub
    from stillwatch.serve.hub.taking import Taking
    from stillwatch.store.exchange.file import HubFile
    from stillwatch.store.exchange.subjects import Concerns


def mounts(hub: Hub, file: HubFile, taking: Taking, concerns: Concerns = nobody) -> Mapping[str, App]:
    """Give the applications by the beginning of their paths.

    Parameters
    ----------
    hub, file
        The hub that they are mounted on, and its file.
    taking
        Takes objects in, and logs.
    concerns
        Says of a joint campaign whether the member of a UUID is in it; without it there are none.
    """
    desk = Desk(file.reading, hub.write, hub.member_of, taking, concerns)
    return {OPINIONS: OpinionRoutes(desk), DOCKETS: DocketRoutes(desk), DETECTORS: DetectorRoutes(desk)}
