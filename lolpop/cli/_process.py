"""The process around a command: its streams, what ends it early, and its exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from lolpop.cli._exit_codes import BROKEN_PIPE, FAILED, INTERRUPTED, TERMINATED, USAGE
from lolpop.cli._output import print_error, say
from lolpop.interrupts import InterruptWatch


def exit_code_of(arguments: Sequence[str] | None) -> int:
    """Run the command that ``arguments`` name; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _tolerate(stream)
    with InterruptWatch(signal.SIGINT, signal.SIGTERM) as watch, _readable_warnings():
        code = _ended(arguments)
        if watch.signal_number is None:
            return code
        if code != INTERRUPTED:  # somebody has swallowed it
            print_error("Interrupted.")
    return TERMINATED if watch.signal_number == signal.SIGTERM else INTERRUPTED


@contextmanager
def _readable_warnings() -> Iterator[None]:
    """Print Python's own warnings, and errors that nobody handles, as everything else is printed."""
    before = warnings.showwarning, sys.unraisablehook, threading.excepthook
    warnings.showwarning = _show_warning
    sys.unraisablehook = _show_unraisable
    threading.excepthook = _show_thread_error
    try:
        yield
    finally:
        warnings.showwarning, sys.unraisablehook, threading.excepthook = before


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
    line: str | None = None,
) -> None:  # fmt: skip
    text = warnings.formatwarning(message, category, filename, lineno, line).rstrip("\n")
    if file is None:
        print_error(text)
    else:
        file.write(f"{text}\n")


def _show_unraisable(failure: sys.UnraisableHookArgs) -> None:
    # An interruption that a finaliser lost is raised anew before long.
    if failure.exc_value is not None and not isinstance(failure.exc_value, KeyboardInterrupt):
        print_error(f"{failure.err_msg or 'Exception ignored in'}: {failure.object!r}")
        print_error("".join(traceback.format_exception(failure.exc_value)).rstrip("\n"))


def _show_thread_error(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None and not isinstance(failure.exc_value, SystemExit):
        print_error("".join(traceback.format_exception(failure.exc_value)).rstrip("\n"))


def _ended(arguments: Sequence[str] | None) -> int:
    try:
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print_error("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _let_go_of_stdout()
        print_error(f"error: the output cannot be written: {error.strerror}")
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

    from lolpop.cli.app import root_command

    try:
        result = root_command().main(arguments, prog_name="lolpop", standalone_mode=False)
    except typer.TyperException as error:
        from lolpop.cli._refusals import refusal

        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "lolpop"
        print_error(f"error: {refusal(error)}\nTry '{command} --help'.")
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
