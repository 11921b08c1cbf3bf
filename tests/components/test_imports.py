import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "data_checker.builtin",
        "data_checker.pandera",
        "data_profiler.builtin",
        "model_checker.builtin",
        "hyperparameter_tuner.optuna",
        "model_trainer.statsmodels",
        "model_trainer.prophet",
    ],
)
def test_importing_an_implementation_imports_no_library(module):
    """Verification imports the classes, so it must be fast."""
    code = (
        f"import sys, lolpop.components.{module}\n"
        "print({'sklearn', 'pandera', 'pandas', 'numpy', 'scipy', 'optuna', 'narwhals'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
