"""Exit codes of commands."""

from __future__ import annotations

FAILED = 1
"""The workflow failed, or the requested object does not exist."""

USAGE = 2
"""Wrong usage, settings or wiring; nothing ran."""

CHECK_FAILED = 3
"""The command finished, but a test or check failed, or files differ."""

INTERRUPTED = 130

BROKEN_PIPE = 141
"""What shells report of a program that a closed pipe ended."""

TERMINATED = 143
"""Asked to end by SIGTERM, as orchestrators and containers do."""
