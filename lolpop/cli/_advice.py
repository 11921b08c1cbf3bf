"""Advice about errors, in commands; the errors themselves do not know the command line."""

from __future__ import annotations

from lolpop.errors import CompletedRunError, NoLocalRunError, UnrecordedArgumentsError


def advice_on(error: BaseException) -> str | None:
    """The command that helps after ``error``; None if the error says what to do, or nobody can tell."""
    match error:
        case CompletedRunError():
            return f"Replay it: lolpop runs replay {error.run_id}. Or change a setting: --set PATH=VALUE."
        case UnrecordedArgumentsError():
            return "Call the workflow itself, with the argument: lolpop run."
        case NoLocalRunError():
            return f"Run it in this process: lolpop flow run {error.runner} {error.flow}"
        case _:
            return None
