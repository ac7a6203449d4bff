"""Where the folds run. ``LocalEngine`` folds in threads of one process; accounts are spread over buckets."""

from stillwatch.engine.local import LocalEngine

__all__ = ["LocalEngine"]
