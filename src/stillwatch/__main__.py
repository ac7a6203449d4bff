"""Run the command line as ``python -m stillwatch``."""

import sys

from stillwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
