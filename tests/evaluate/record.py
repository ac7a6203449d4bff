"""Write down what the small run measures now, for test_regression.py to be held against.

Run it from the top of the checkout, once a change of the figures is understood and meant::

    python tests/evaluate/record.py ../shared/data/dev/prompts
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "recorded.json"
COMMAND = "python tests/evaluate/record.py ../shared/data/dev/prompts"


def main() -> None:
    """Measure and write."""
    sys.path.insert(0, str(HERE.parent))
    from evaluate.regression import SEED, measure  # noqa: PLC0415  the path to it is set above

    found = measure(Path(sys.argv[1]))
    page = {"command": COMMAND, "seed": SEED, "auc": found.auc, "reported": found.reported}
    RECORDED.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
