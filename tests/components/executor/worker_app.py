"""An app whose work is done in other processes; they import it by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.executor import Executor
from lolpop.kernel.specs import Call
from lolpop.runs import current_run


def double(number: int) -> int:
    return 2 * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError(f"no {number}")
    return number


def die(number: int) -> int:
    os._exit(3)


def kill_once(flag: str) -> int:
    """End the worker the first time."""
    try:
        Path(flag).touch(exist_ok=False)
    except FileExistsError:
        return 7
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def kill_always(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def meet(folder: str) -> int:
    """Wait for another worker that is asked the same, and return the id of this one."""
    place, deadline = Path(folder), time.monotonic() + 60
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    return os.getpid()


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


class SlowToSend:
    """A value that takes two seconds to leave its process, and touches ``flag`` when it begins to."""

    def __init__(self, flag: str) -> None:
        self.flag = flag

    def __reduce__(self) -> tuple[type[SlowToSend], tuple[str]]:
        Path(self.flag).touch()
        time.sleep(2)
        return SlowToSend, (self.flag,)


def place(name: str) -> tuple[int, str | None]:
    return os.getpid(), os.environ.get(name)


class Power(Component):
    def __init__(self, exponent: int = 2, *, folder: Path):
        self.exponent, self.folder = exponent, folder
        self._write("built")

    def raised(self, number: int) -> int:
        return number**self.exponent

    def where(self, number: int) -> tuple[int, str, int]:
        time.sleep(0.05)
        return os.getpid(), current_run().run_id, number

    def fail(self, number: int) -> int:
        raise ValueError(f"no {number}")

    def nap(self, number: int) -> int:
        self._write("napping")
        time.sleep(60)
        return number

    def close(self) -> None:
        self._write("closed")

    def _write(self, what: str) -> None:
        (self.folder / f"{what}-{os.getpid()}").touch()


class Cube(Power):
    def __init__(self, *, folder: Path):
        super().__init__(3, folder=folder)


class Broken(Power):
    def __init__(self, *, folder: Path):
        super().__init__(folder=folder)
        raise OSError("no power")


class Powers(Pipeline):
    def __init__(self, *, executor: Executor):
        self.executor = executor

    @task
    def all(self, method: str, numbers: list[int], provider: str) -> list:
        return self.executor.map(Call(provider, method), numbers)


class PowerContainer(PipelineContainer):
    power = providers.Component(Power, default=Power)
    pipeline = providers.Pipeline(Powers)


class PowerRunner(Runner):
    def __init__(self, *, powers: Powers):
        self.powers = powers

    @workflow
    def run(
        self, method: str = "raised", numbers: list[int] | None = None, provider: str = "powers.power"
    ) -> list:
        return self.powers.all(method, numbers or [1, 2, 3], provider)


class PowerApp(RunnerContainer):
    executor = providers.Component(Executor, default="local", settings={"workers": 2})
    powers = providers.nested(PowerContainer)
    runner = providers.Runner(PowerRunner)
