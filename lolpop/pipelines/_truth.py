"""Joining predictions with true labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop._names import free_name
from lolpop.data.batches import joined
from lolpop.data.frames import Frame, count, listed, require_columns, to_strings, wrap, wrap_series
from lolpop.errors import DataError
from lolpop.pipelines._labelled import LabelledRows
from lolpop.problem import Problem
from lolpop.resources import PredictionJob

if TYPE_CHECKING:
    import narwhals as nw

_EXACT = 1 << 53  # whole numbers from here on are not all floats


def known_truth(
    predictions: Iterable[Frame], truth: Frame, problem: Problem, classes: Sequence[Any]
) -> LabelledRows:
    """The rows of ``predictions`` that have a label in ``truth``, with the label.

    Predictions come in batches, one of which is in memory at a time. Raises DataError if rows cannot be
    identified, if no row is in both, or if no label is one of ``classes``.
    """
    if not problem.row_key:
        raise DataError(
            "Predictions are joined with their truth by an index: set problem.index to its column."
        )
    identity, target = list(problem.row_key), problem.target
    data = wrap(truth)
    require_columns(data.columns, identity, what="index column" if problem.index else "column")
    require_columns(data.columns, [target], what="target column")
    labels: nw.DataFrame[Any] | None = None
    parts: list[Frame] = []
    label, example = target, ""
    rows = 0
    for batch in predictions:
        predicted = wrap(batch)
        if labels is None:
            # A repeated row with the same label is not a conflict.
            labels = _as_classes(data.select(*identity, target).drop_nulls(), target, classes).unique(
                maintain_order=True
            )
            if len(data) and labels.is_empty():
                raise DataError(
                    f"None of the {count(len(data), 'row')} of the truth has a label in {target!r}."
                )
            example = _example(predicted, identity)
            for name in identity:
                labels = _as_in(predicted, labels, name)
            if labels.select(identity).is_duplicated().any():
                raise DataError(f"The truth has several labels for one value of {_named(problem)}.")
        predicted = _as_text(predicted, labels, identity)
        # The target may have the name of a column of the predictions, such as prediction.
        label = free_name(target, predicted.columns)
        parts.append(predicted.join(labels.rename({target: label}), on=identity, how="inner").to_native())
        rows += len(predicted)
    joined_rows = wrap(joined(parts))
    if joined_rows.is_empty():
        raise DataError(
            f"The {count(rows, 'predicted row')} and the {count(len(data), 'row')} of the truth share no "
            f"value of {_named(problem)}: they are such as {example} and "
            f"{_example(data, identity)}. Write them alike."
        )
    present_labels = set(joined_rows.get_column(label).to_list())
    if classes and present_labels.isdisjoint(_classes_by_label(joined_rows.get_column(label), classes)):
        raise DataError(
            f"The truth has the labels {listed(sorted(present_labels, key=repr))} in {target!r}, "
            f"but the model predicts {listed(classes)}."
        )
    return LabelledRows(joined_rows.drop(label).to_native(), joined_rows.get_column(label).to_native())


def _example(rows: nw.DataFrame[Any], identity: Sequence[str]) -> str:
    values = rows.select(identity).head(1).rows()
    return ", ".join(map(repr, values[0])) if values else "none"


def with_known_label(rows: LabelledRows, classes: Sequence[Any]) -> tuple[LabelledRows, Mapping[Any, int]]:
    """The ``rows`` whose label is one of ``classes``, and the number of other rows by label.

    All rows if there are no classes.
    """
    import narwhals as nw
    import numpy as np

    labels = wrap_series(rows.target)
    if not classes:
        return rows, {}
    values = labels.to_list()
    class_of = _classes_by_label(labels, classes)
    unknown = Counter(label for label in values if label not in class_of)
    if not unknown:
        return rows, {}
    at = np.flatnonzero([label in class_of for label in values])
    target = nw.new_series(
        labels.name, [class_of[values[place]] for place in at], backend=labels.implementation
    )
    return LabelledRows(wrap(rows.features)[at].to_native(), target.to_native()), dict(unknown.most_common())


def unknown_labels(prediction_job: PredictionJob, unknown: Mapping[Any, int], classes: Sequence[Any]) -> str:
    """The message that the true label of some rows, counted by label, is not one of ``classes``."""
    folded = {str(label).strip().casefold(): label for label in classes}
    labels = []
    for label, rows in list(unknown.items())[:5]:
        near = folded.get(str(label).strip().casefold())
        labels.append(f"{label!r} in {count(rows, 'row')}" + (f", for {near!r}?" if near is not None else ""))
    further = f" and {len(unknown) - 5} more labels" if len(unknown) > 5 else ""
    total = count(sum(unknown.values()), "row")
    return (
        f"{prediction_job}: the model does not know the label of {total} of the "
        f"truth ({'; '.join(labels)}{further}), only {listed(classes)}. These rows are not measured. "
        "Correct the labels, or train on rows that have them"
    )


def _as_classes(labels: nw.DataFrame[Any], target: str, classes: Sequence[Any]) -> nw.DataFrame[Any]:
    """``labels`` with those of the column ``target`` as text if all ``classes`` are."""
    import narwhals as nw

    if not classes or not all(isinstance(label, str) for label in classes):
        return labels
    column = labels.get_column(target)
    if column.dtype == nw.String or column.dtype == nw.Object:
        return labels
    texts = to_strings(column).tolist()
    return labels.with_columns(nw.new_series(target, texts, nw.String, backend=labels.implementation))


def _classes_by_label(labels: nw.Series[Any], classes: Sequence[Any]) -> Mapping[Any, Any]:
    """The ``classes`` by how ``labels`` write them: as text if one label beside them is no class."""
    import narwhals as nw

    by_text = {}
    if labels.dtype == nw.String:
        by_text = {text: label for label in classes for text in _texts_of(label)}
    return {**by_text, **{label: label for label in classes}}


def _texts_of(label: Any) -> tuple[str, ...]:
    text = str(label)
    return (text, text.lower(), text.upper()) if isinstance(label, bool) else (text,)


def _as_text(
    predicted: nw.DataFrame[Any], labels: nw.DataFrame[Any], identity: Sequence[str]
) -> nw.DataFrame[Any]:
    """``predicted`` with whole numbers of ``identity`` as text, where they are text in ``labels``."""
    import narwhals as nw

    texts = [
        name for name in identity if labels.schema[name] == nw.String and predicted.schema[name].is_integer()
    ]
    return predicted.with_columns(nw.col(*texts).cast(nw.String)) if texts else predicted


def _named(problem: Problem) -> str:
    names = " and ".join(repr(name) for name in problem.row_key)
    return f"{names}, the index" if problem.index else names


def _as_in(predicted: nw.DataFrame[Any], labels: nw.DataFrame[Any], index: str) -> nw.DataFrame[Any]:
    # Stored rows may come back as another kind of frame, or as narrower numbers, than rows just read.
    import narwhals as nw

    if labels.implementation != predicted.implementation:
        labels = nw.from_arrow(labels.to_arrow(), backend=predicted.implementation)
    expected, actual = predicted.schema[index], labels.schema[index]
    if expected == actual:
        return labels
    if expected.is_temporal() and actual.is_temporal():
        return labels.with_columns(nw.col(index).cast(expected))
    # Identity is the text of the file; plain whole numbers equal their text.
    if expected == nw.String and actual.is_integer():
        return labels.with_columns(nw.col(index).cast(nw.String))
    if expected.is_integer() and actual == nw.String:
        return labels
    if not (expected.is_numeric() and actual.is_numeric()):
        raise DataError(f"The index {index!r} is {expected} in the predictions, but {actual} in the truth.")
    _require_exact(predicted, index, "predictions")
    _require_exact(labels, index, "truth")
    if actual.is_float() and expected.is_integer():
        whole = nw.col(index).is_finite() & (nw.col(index) == nw.col(index).round())
        labels = labels.filter(whole)  # a cast would round 1.5 to the row 1
    if expected.is_integer():
        least, most = _ends_of(expected)
        labels = labels.filter((nw.col(index) >= least) & (nw.col(index) <= most))  # others would change
    return labels.with_columns(nw.col(index).cast(expected))


def _require_exact(rows: nw.DataFrame[Any], index: str, what: str) -> None:
    """Raise DataError if the column ``index`` has floats that may be rounded whole numbers."""
    if not rows.schema[index].is_float():
        return
    values = rows.get_column(index).drop_nulls()
    great = values.filter((values.abs() >= _EXACT) & values.is_finite()).to_list()
    if great:
        raise DataError(
            f"The index {index!r} of the {what} has floats such as {great[0]:.0f}, which do not hold every "
            "digit of such numbers. Write them as whole numbers or text."
        )


def _ends_of(dtype: Any) -> tuple[int, int]:
    """The least and the greatest whole number of ``dtype``."""
    import numpy as np

    ends = np.iinfo(str(dtype).lower())
    return int(ends.min), int(ends.max)
