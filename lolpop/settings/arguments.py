"""What ``Container.load`` takes, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from lolpop._names import shortened
from lolpop.errors import WiringError

__all__ = ["check_arguments"]


def check_arguments(files: Sequence[object], profile: object, environ: object, overrides: object) -> None:
    """Raise WiringError if an argument of ``load`` is of the wrong type, with what to write instead."""
    for file in files:
        if not isinstance(file, (str, os.PathLike)):
            hint = "Name each file: load('a.yaml', 'b.yaml')."
            if isinstance(file, Mapping):
                hint = "A mapping of values is given by name: load(overrides={…})."
            raise _wrong("a settings file must be a path", file, hint)
    names = [profile] if profile is None or isinstance(profile, str) else profile
    if not isinstance(names, Sequence) or not all(name is None or isinstance(name, str) for name in names):
        raise _wrong("profile must be a name, or a list of names", profile, "Write profile='prod'.")
    if not isinstance(environ, Mapping):
        raise _wrong("environ must be a mapping of variables", environ, "Write environ={'LOLPOP_SEED': '3'}.")
    if not isinstance(overrides, Mapping):
        hint = "Write overrides={'train.model_trainer': 'xgboost'}."
        raise _wrong("overrides must be a mapping of values by their paths", overrides, hint)
    for path in overrides:
        if not isinstance(path, str):
            raise _wrong("a path of overrides must be text", path, "Write 'train.model_trainer'.")


def _wrong(expected: str, value: object, hint: str) -> WiringError:
    return WiringError(f"{expected}, but got {shortened(repr(value))} ({type(value).__name__})", hint)
