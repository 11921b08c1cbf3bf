"""Showing progress."""

from __future__ import annotations

import sys
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.interceptor import Interceptor, TaskCall

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

__all__ = ["ProgressInterceptor"]


class ProgressInterceptor(Interceptor):
    """Shows running tasks on a terminal, and the durations of finished ones; shows nothing in a pipe.

    A line for each finished task stays, indented below the workflow that it belongs to; the tasks that
    are running are shown below them while they run.

    Parameters
    ----------
    on : str
        Pattern over paths of tasks and workflows, such as ``train.*``.
    """

    def __init__(self, on: str = "*") -> None:
        self.on = on
        self._display = _Display()

    def around(self, call: TaskCall) -> Any:
        """Show ``call`` while it proceeds, and its duration after it."""
        if not _watched():
            return call.proceed()
        step = self._display.begin(call)
        within = _STEP.set(step)
        try:
            result = call.proceed()
        except BaseException:
            self._display.end(step, failed=True)
            raise
        else:
            self._display.end(step, failed=False)
            return result
        finally:
            _STEP.reset(within)

    def close(self) -> None:
        """Give the terminal back, whatever is still running."""
        self._display.close()


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A call that is shown, how deep it is nested, and when it began."""

    call: TaskCall
    depth: int
    started: float

    @property
    def is_workflow(self) -> bool:
        return self.call.kind == "workflow"


_STEP: ContextVar[_Step | None] = ContextVar("lolpop_progress_step", default=None)


class _Display:
    """The part of the terminal where running tasks are shown; open as long as there are any calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[_Step] = []
        self._live: Live | None = None

    def begin(self, call: TaskCall) -> _Step:
        with self._lock:
            # A thread of its own knows no outer step, but belongs to the workflow that started it.
            outer = _STEP.get() or next((step for step in reversed(self._running) if step.is_workflow), None)
            step = _Step(call, outer.depth + 1 if outer else 0, time.perf_counter())
            self._running.append(step)
            live = self._opened()
            if step.is_workflow:
                live.console.print(_line(step, "▸", "bold"))
        return step

    def end(self, step: _Step, *, failed: bool) -> None:
        seconds = time.perf_counter() - step.started
        with self._lock:
            if self._live is None:
                return  # closed meanwhile
            self._running.remove(step)
            mark, style = ("✗", "bold red") if failed else ("✓", "green")
            self._live.console.print(_line(step, mark, style, seconds))
            if not self._running:
                self._stop()

    def close(self) -> None:
        with self._lock:
            self._running.clear()
            self._stop()

    def __rich__(self) -> Text:
        from rich.text import Text

        # Rich's thread asks while it holds the console: a copy is looked at, and no lock is taken.
        now = time.perf_counter()
        tasks = [step for step in tuple(self._running) if not step.is_workflow]
        return Text("\n").join([_line(step, "…", "cyan", now - step.started) for step in tasks])

    def _opened(self) -> Live:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                self,
                console=Console(stderr=True),
                # Enough to see that something happens, too little to cost anything.
                refresh_per_second=4,
                transient=True,
                # What is printed there would run into the display, if it is the same terminal.
                redirect_stdout=sys.stdout.isatty(),
            )
            self._live.start()
        return self._live

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


def _line(step: _Step, mark: str, style: str, seconds: float | None = None) -> Text:
    from rich.text import Text

    line = Text("  " * step.depth).append(mark, style).append(f" {step.call.path}")
    return line if seconds is None else line.append(f"  {_duration(seconds)}", "dim")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{seconds:.1f} s"


def _watched() -> bool:
    # While the display is open, sys.stderr is rich's proxy of the terminal.
    stream = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
    return bool(stream.isatty())
