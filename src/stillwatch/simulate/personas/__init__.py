"""The personas, one file each, in the order in which a world plays them."""

from __future__ import annotations

from typing import Final

from stillwatch.simulate.personas import (
    batch_app,
    developer,
    evaluation,
    fast_distiller,
    interactive,
    researcher,
    reseller,
    slow_distiller,
)

PERSONAS: Final = (
    interactive.PERSONA,
    developer.PERSONA,
    batch_app.PERSONA,
    evaluation.PERSONA,
    researcher.PERSONA,
    reseller.PERSONA,
    fast_distiller.PERSONA,
    slow_distiller.PERSONA,
)
"""Every persona. Honest ones first."""
