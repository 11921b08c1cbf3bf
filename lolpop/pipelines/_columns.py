"""What people should know of columns: what a model does not learn from, or meets for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lolpop.checks import Check
from lolpop.frames import kind_of, listed, to_strings, wrap

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel
    from lolpop.frames import Frame
    from lolpop.problem import Problem

__all__ = ["columns_left_out", "columns_unlike_training"]


def columns_left_out(model: FittedModel) -> str:
    """The columns that ``model`` was given and has not learned from, with the reasons; empty if none."""
    reasons: dict[str, list[str]] = {}
    for name, reason in model.left_out.items():
        reasons.setdefault(reason.replace("_", " "), []).append(name)
    return "; ".join(f"{listed(names)} ({reason})" for reason, names in reasons.items())


def columns_unlike_training(model: FittedModel, frame: Frame, problem: Problem) -> Iterator[Check]:
    """Warnings of what ``model`` can predict in ``frame``, though it has never learned from the like."""
    rows = wrap(frame)
    known = {*model.columns, *model.left_out, *problem.not_features}
    if extra := [name for name in rows.columns if name not in known]:
        yield _warning(
            "extra_columns", f"columns that the model does not know are ignored: {listed(extra)}", extra
        )
    used = [name for name in model.columns if name in rows.columns]
    if empty := [name for name in used if kind_of(rows.get_column(name)) == "empty"]:
        yield _warning("empty_columns", f"columns without values: {listed(empty)}", empty)
    for name, seen in model.categories.items():
        if name in used and name not in empty:
            values = to_strings(rows.get_column(name).unique()).dropna()
            if unseen := sorted(set(values) - set(seen)):
                message = f"the column {name!r} has values that the model has not seen: {listed(unseen)}"
                yield _warning("unseen_categories", message, [name])


def _warning(check: str, message: str, columns: list[str]) -> Check:
    return Check(check=check, status="warn", message=message, columns=tuple(columns))
