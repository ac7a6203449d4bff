"""Whether the compiled kernels are already on disk, so that a first run can say why it takes longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stillwatch.sketches.fold import fold_rows


def is_cold() -> bool:
    """Tell whether the largest kernel has yet to be compiled on this machine."""
    compiled: Any = fold_rows
    cache = getattr(compiled, "_cache", None)
    folder = getattr(cache, "cache_path", None)
    if not folder:
        return False
    return not any(Path(folder).glob("fold.fold_rows-*.nbi"))
