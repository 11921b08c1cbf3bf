"""Helpers of the contract checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import Choice, ModelTrainer, Predictions
from lolpop.errors import LolpopError

if TYPE_CHECKING:
    from lolpop.data.frames import Array


_NUMBERS = ("labels", "probabilities", "lower", "upper")

_PREDICT_ELSEWHERE = """
import json, sys
from pathlib import Path
import pandas as pd
from lolpop.registry import import_object

trainer, *folders = sys.argv[1:]
for folder in map(Path, folders):
    predictions = import_object(trainer).load(folder / "model").predict(pd.read_feather(folder / "frame"))
    arrays = {name: getattr(predictions, name) for name in ("labels", "probabilities", "lower", "upper")}
    content = {name: None if array is None else array.tolist() for name, array in arrays.items()}
    content["classes"] = predictions.classes
    (folder / "predictions").write_text(json.dumps(content))
"""


def some_params(trainer: ModelTrainer, at: float) -> Mapping[str, Any]:
    """The smallest (0.0) or largest (1.0) values of the search space."""
    return {
        name: (among.values[0] if at == 0 else among.values[-1])
        if isinstance(among, Choice)
        else (among.low if at == 0 else among.high)
        for name, among in trainer.search_space().items()
    }


def predictions_elsewhere(trainer: type[ModelTrainer], folders: Sequence[Path]) -> list[Predictions]:
    """The predictions of a new process for the model and the frame that are stored in each folder."""
    if "<locals>" in trainer.__qualname__:
        raise AssertionError(f"{trainer.__qualname__} should be a class of a module, to be loaded by another")
    path = f"{trainer.__module__}:{trainer.__qualname__}"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(  # noqa: S603  (fixed arguments, and no shell)
        [sys.executable, "-c", _PREDICT_ELSEWHERE, path, *map(str, folders)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    require(done.returncode == 0, f"{path} to load and predict in a new process", done.stderr.strip())
    return [_loaded_predictions(folder / "predictions") for folder in folders]


def require_same(expected: Predictions, actual: Predictions, what: str) -> None:
    """Raise AssertionError unless two predictions are exactly equal."""
    same = expected.classes == actual.classes and all(
        _is_same(getattr(expected, name), getattr(actual, name)) for name in _NUMBERS
    )
    require(same, f"the same predictions of {what}", "others")


def require_whole_messages(send: Callable[[str], object], read: Callable[[], str]) -> None:
    """Raise AssertionError unless all messages that several threads send at once arrive complete."""
    messages = [f"<message_{number}>" for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, messages))
    text = read()
    missing = [message for message in messages if message not in text]
    require(not missing, "all messages whole", f"none of {missing}")


def raised(kind: type[LolpopError], call: Callable[[], object]) -> LolpopError:
    """The error of type ``kind`` that ``call`` raises. Raises AssertionError if there is no such error."""
    try:
        call()
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(
            f"Expected a {kind.__name__}, but got {type(error).__name__}: {error}"
        ) from error
    raise AssertionError(f"Expected a {kind.__name__}, but nothing was raised.")


def require(holds: bool, expected: str, actual: object) -> None:
    """Raise AssertionError, with the expected and the actual value, unless the expectation is ``holds``."""
    if not holds:
        raise AssertionError(f"Expected {expected}, but got: {actual}")


def _loaded_predictions(path: Path) -> Predictions:
    import numpy as np

    description = json.loads(path.read_text(encoding="utf-8"))
    numbers = (None if description[name] is None else np.array(description[name]) for name in _NUMBERS[1:])
    labels, (probabilities, lower, upper) = np.array(description["labels"]), numbers
    return Predictions(labels, probabilities, tuple(description["classes"]), lower, upper)


def _is_same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(one.tolist() == other.tolist())
