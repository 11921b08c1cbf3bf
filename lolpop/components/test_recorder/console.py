"""Outcomes of checks on the console."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from lolpop._escaping import escaped_text
from lolpop.components.test_recorder import CheckOutcome, CheckStatus, TestRecorder

__all__ = ["ConsoleTestRecorder"]

_MARKS: Mapping[CheckStatus, str] = {
    "passed": "✓", "failed": "✗", "error": "!", "warning": "~", "not run": "-",
}  # fmt: skip
_STYLES: Mapping[CheckStatus, str] = {
    "passed": "green", "failed": "bold red", "error": "bold red", "warning": "yellow", "not run": "dim",
}  # fmt: skip


class ConsoleTestRecorder(TestRecorder):
    """Prints a line for each outcome on standard error as it comes, and all failures again at the end."""

    def record(self, outcome: CheckOutcome) -> None:
        """Print one line."""
        mark = f"{_MARKS[outcome.status]} {outcome.path} {outcome.when} {outcome.check}"
        _print(f"{mark}  {outcome.status}", outcome.status)

    def report(self, workflow: str, outcomes: Sequence[CheckOutcome]) -> None:
        """Print what every check that did not pass said, and how many ended in which way."""
        for outcome in outcomes:
            if outcome.message and outcome.status != "passed":
                _print(f"\n{outcome.status}: {outcome.check} ({outcome.when} {outcome.path})", outcome.status)
                _print(f"  at {outcome.place}" if outcome.place else "")
                _print("\n".join(f"  {line}" for line in outcome.message.splitlines()))
        counts = Counter(outcome.status for outcome in outcomes)
        summary = (
            ", ".join(f"{counts[status]} {status}" for status in _MARKS if counts[status]) or "no checks"
        )
        _print(f"\n{workflow}: {summary}.")


def _print(text: str, status: CheckStatus | None = None) -> None:
    if not text:
        return
    text = escaped_text(text)
    stream = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
    if status is not None and stream.isatty():
        from rich.console import Console
        from rich.text import Text

        console = Console(stderr=True)
        with console.capture() as captured:
            console.print(Text(text, _STYLES[status]), soft_wrap=True, end="")
        text = captured.get()
    # One write a line, so that lines of several threads do not mix.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
