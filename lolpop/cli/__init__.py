"""The command line."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments``, those of the process if None, name; return its exit code.

    0: done. 1: the workflow failed. 2: wrong usage, settings or wiring.
    130: interrupted. 141: nobody reads the output any more.
    """
    from lolpop.cli._process import exit_code_of

    return exit_code_of(arguments)
