"""Synthesizers of SDV, in an environment of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lazy_loader

from lolpop.components.data_synthesizer import DataSynthesizer, SynthesisReport
from lolpop.components.data_synthesizer._scores import synthesis_report
from lolpop.data.frames import to_pandas
from lolpop.data.places import Place
from lolpop.errors import DataError, Finding, LolpopError

if TYPE_CHECKING:
    import pandas as pd

    from lolpop.data.frames import Frame
else:
    pd = lazy_loader.load("pandas")

__all__ = ["SDVDataSynthesizer"]

_WORKER = Path(__file__).with_name("_sdv_worker.py")
_INSTALL = (
    "SDV needs an older pandas than lolpop, so it is installed into an environment of its own: "
    "python -m venv sdv && sdv/bin/pip install 'sdv>=2.0' pyarrow. "
    "Then set python: sdv/bin/python."
)


@dataclass(frozen=True, slots=True)
class _Synthesizer:
    """A fitted synthesizer as SDV stores it, and the types of the columns that it learned from."""

    content: bytes = field(repr=False)
    types: Mapping[str, Any]


class SDVDataSynthesizer(DataSynthesizer):
    """Draws rows from a model of SDV, which runs in an environment of its own.

    Names, addresses and the like are recognised by SDV and made up. So is other text that hardly repeats.

    Parameters
    ----------
    synthesizer : str
        ``gaussian_copula``, which takes seconds, or a neural network: ``ctgan``, ``copula_gan`` or ``tvae``.
    python : Path, optional
        Python of the environment that has ``sdv`` and ``pyarrow``. A relative path starts at the folder of
        the settings file. By default the Python that runs lolpop.
    params : mapping, optional
        Further parameters of the synthesizer's class in SDV, such as ``{epochs: 100}``.
    """

    def __init__(
        self,
        synthesizer: Literal["gaussian_copula", "ctgan", "copula_gan", "tvae"] = "gaussian_copula",
        python: Path | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        folder: Path | None = None,
    ) -> None:
        self._synthesizer = synthesizer
        self._python = Path(sys.executable) if python is None else (folder or Path()) / python
        self._params = dict(params or {})
        self._seed = seed % 2**32

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """An interpreter has to be named where this one has no SDV."""
        if settings["python"] is None and find_spec("sdv") is None:
            yield Finding("python", "is not set, and this environment has no SDV", hint=_INSTALL)

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The interpreter, which must exist."""
        if settings["python"] is not None:
            path = Path(injected.get("folder") or "") / settings["python"]
            yield Place("python", str(path.absolute()), "read")

    def fit(self, frame: Frame) -> _Synthesizer:
        """A synthesizer of SDV, fitted on ``frame``."""
        rows = to_pandas(frame)
        if not len(rows) or not len(rows.columns):
            raise DataError("There are no rows to learn from.")
        settings = {"synthesizer": self._synthesizer, "seed": self._seed, "params": self._params}
        with self._folder(settings) as folder:
            rows.to_parquet(folder / "rows.parquet", index=False)
            self._run("fit", folder)
            content = (folder / "synthesizer.pkl").read_bytes()
        return _Synthesizer(content, {str(name): rows[name].dtype for name in rows.columns})

    def sample(self, model: _Synthesizer, rows: int) -> Frame:
        """``rows`` rows as a frame of pandas, in the types of the real ones where their values allow it."""
        if rows < 0:
            raise ValueError(f"rows must not be negative, but got {rows}.")
        with self._folder({"seed": self._seed, "rows": max(rows, 1)}) as folder:
            (folder / "synthesizer.pkl").write_bytes(model.content)
            self._run("sample", folder)
            synthetic = pd.read_parquet(folder / "made.parquet").iloc[:rows]
        for name, dtype in model.types.items():
            try:
                synthetic[name] = synthetic[name].astype(dtype)
            except (TypeError, ValueError):
                continue  # such as missing values among whole numbers
        frame: Frame = synthetic
        return frame

    def evaluate(self, frame: Frame, synthetic: Frame) -> SynthesisReport:
        """Scores of quality and privacy, as the builtin synthesizer has them."""
        return synthesis_report(frame, synthetic, self._seed)

    @contextmanager
    def _folder(self, settings: Mapping[str, Any]) -> Iterator[Path]:
        """A temporary folder with what the worker is told; the rows in it are gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="lolpop-sdv-") as name:
            (Path(name) / "settings.json").write_text(json.dumps(settings))
            yield Path(name)

    def _run(self, task: str, folder: Path) -> None:
        """Let SDV do one task. Raises LolpopError if it cannot be started, or fails."""
        command = [str(self._python), "-I", str(_WORKER), task, str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except OSError as error:
            raise LolpopError(f"{self._python} cannot be run: {error.strerror}. {_INSTALL}") from error
        if done.returncode:
            (*_, reason) = done.stderr.strip().splitlines() or ["it says nothing"]
            hint = f" {_INSTALL}" if reason.startswith("ModuleNotFoundError") else ""
            raise LolpopError(f"SDV cannot {task} {self._synthesizer} in {self._python}: {reason}.{hint}")
