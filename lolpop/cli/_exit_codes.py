"""What a command tells a script by its exit code."""

from __future__ import annotations

FAILED = 1
"""The workflow failed, or what was asked for is not there."""

USAGE = 2
"""Wrong usage, settings or wiring: nothing was run."""

CHECK_FAILED = 3
"""What was asked for is done, and a test or check failed, or files differ."""

INTERRUPTED = 130

BROKEN_PIPE = 141
"""What shells report of a program that a closed pipe ended."""

TERMINATED = 143
"""Asked to end by SIGTERM, as orchestrators and containers do."""
