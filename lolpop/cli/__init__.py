"""The command line."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments``, those of the process if None, name; return its exit code.

    0: done. 1: the workflow failed. 2: wrong usage, settings or wiring.
    130: interrupted. 143: asked to end, by SIGTERM. 141: nobody reads the output any more.
    """
    import signal
    import sys

    from lolpop._processors import let_threads_sleep
    from lolpop.cli._garbage import paused_collection
    from lolpop.interrupts import InterruptWatch

    let_threads_sleep()
    watch = InterruptWatch(signal.SIGINT, signal.SIGTERM)
    try:
        with paused_collection(), watch:
            from lolpop.cli._process import exit_code_of

            return exit_code_of(arguments)
    except KeyboardInterrupt:  # while that was imported, or at its very end
        sys.stderr.write("Interrupted.\n")
        return 128 + (watch.signal_number or signal.SIGINT)
    finally:
        if arguments is None:
            # Nothing but the end of the process follows: whoever interrupts that sees it in the exit code.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            # Python remembers that an interruption left an `exec`, as those of dataclasses, wherever it was
            # caught later, and ends `python -m lolpop` by SIGINT whatever the exit code. The next `exec` that
            # ends well makes it forget.
            exec("")  # noqa: S102
