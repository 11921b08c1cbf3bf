"""The process around a command: its streams, what ends it early, and its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from lolpop.cli._exit_codes import BROKEN_PIPE, FAILED, INTERRUPTED, TERMINATED, USAGE
from lolpop.cli._output import complain, say
from lolpop.cli._termination import Termination


def exit_code_of(arguments: Sequence[str] | None) -> int:
    """Run the command that ``arguments`` name; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _tolerate(stream)
    with Termination() as termination:
        code = _ended(arguments)
    return TERMINATED if termination.came and code == INTERRUPTED else code


def _ended(arguments: Sequence[str] | None) -> int:
    try:
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _let_go_of_stdout()
        complain(f"error: the output cannot be written: {error.strerror}")
        return FAILED
    if code == BROKEN_PIPE:
        _let_go_of_stdout()
    return code


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        # Typer reads the values of options with pydantic, which takes longer to import than all else.
        from importlib import metadata

        say(metadata.version("lolpop"))
        return 0

    import typer

    from lolpop.cli.app import app

    try:
        result = typer.main.get_command(app).main(arguments, prog_name="lolpop", standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "lolpop"
        complain(f"error: {error.format_message()}\nTry '{command} --help'.")
        return USAGE
    return result if isinstance(result, int) else 0


def _tolerate(stream: TextIO) -> None:
    """Let the stream replace what its encoding cannot say, rather than fail."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _let_go_of_stdout() -> None:
    """Keep Python from failing over the closed pipe once more, when it flushes at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
