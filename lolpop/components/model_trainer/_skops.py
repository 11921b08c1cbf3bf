"""Objects in skops' format: loading runs only trusted code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lolpop._names import shortened
from lolpop.components.model_trainer._archives import with_fixed_bytes
from lolpop.errors import LolpopError, MissingExtraError, UntrustedTypeError, UnusableArtifactError

# Types that only hold plain values, and that skops does not trust by itself: trees, losses, encoders.
_TRUSTED = frozenset(
    {
        "feature_engine.datetime.datetime.DatetimeFeatures",
        "feature_engine.encoding.one_hot.OneHotEncoder",
        "feature_engine.encoding.ordinal.OrdinalEncoder",
        "feature_engine.encoding.rare_label.RareLabelEncoder",
        "feature_engine.imputation.categorical.CategoricalImputer",
        "feature_engine.imputation.mean_median.MeanMedianImputer",
        "feature_engine.imputation.missing_indicator.AddMissingIndicator",
        "functools.partial",  # for functions, which are checked themselves
        "lolpop.components.feature_transformer._encoders.CategoryEncoder",
        "lolpop.components.feature_transformer._encoders.DateEncoder",
        "lolpop.components.feature_transformer._encoders.InstantEncoder",
        "lolpop.components.feature_transformer._encoders.NumberEncoder",
        "lolpop.components.feature_transformer._encoders.PandasColumnTransformer",
        "lolpop.components.feature_transformer._encoders.TextEncoder",
        "numpy.dtype",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
    }
)

_INSTALL = {"feature_engine": "lolpop[feature-engine]"}

_MOST_ENTRIES = 1_000_000
_LARGE = 1 << 30
_GREATEST_RATIO = 100
"""How many times its size a file may expand to beyond a gigabyte: models are not compressed."""


def dump(value: object, path: Path) -> None:
    """Write ``value`` to ``path``: equal values make equal bytes."""
    import skops.io

    path.write_bytes(with_fixed_bytes(skops.io.dumps(value)))


def load(path: Path, trusted: Sequence[str]) -> Any:
    """Read what ``dump`` wrote.

    Raises UntrustedTypeError if it holds types that are neither harmless nor in ``trusted``,
    MissingExtraError if a library that it needs is not installed, and UnusableArtifactError if it is
    damaged or holds a class that is no longer there.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    trusted_types = _TRUSTED | set(trusted)
    try:
        _require_bounded(path)
        return skops.io.load(path, trusted=sorted(trusted_types))
    except UntrustedTypesFoundException as error:
        refused = sorted(set(skops.io.get_untrusted_types(file=path)) - trusted_types)
        raise UntrustedTypeError(
            f"The stored model holds types that are not trusted: {', '.join(refused)}."
        ) from error
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in _INSTALL:
            raise MissingExtraError(library, _INSTALL[library]) from error
        raise UnusableArtifactError(
            f"The stored model holds a class of the module {error.name}, which is not there: it was renamed, "
            "or is of a library that is not installed."
        ) from error
    except LolpopError:
        raise
    except Exception as error:
        if isinstance(error, AttributeError | ImportError) and "module" in str(error):
            raise UnusableArtifactError(
                f"The stored model holds a class that is no longer there: {error}."
            ) from error
        # A malicious file may raise anything; the message quotes the error.
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def damaged(path: Path, reason: str) -> UnusableArtifactError:
    """The error of a file that is not what ``dump`` wrote."""
    return UnusableArtifactError(f"The stored model in {path.parent} is damaged: {shortened(reason, 300)}")


def _require_bounded(path: Path) -> None:
    """Raise UnusableArtifactError if an archive would expand to more than a model of its size can be."""
    with ZipFile(path) as archive:
        entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_ENTRIES or size > max(_LARGE, _GREATEST_RATIO * path.stat().st_size):
        raise damaged(path, f"it expands to {size:,} bytes in {len(entries):,} entries, which no model does")
