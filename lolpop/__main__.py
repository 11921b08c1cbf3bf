"""``python -m lolpop`` is ``lolpop``."""

from __future__ import annotations

import sys

from lolpop.cli import main

if __name__ == "__main__":
    sys.exit(main())
