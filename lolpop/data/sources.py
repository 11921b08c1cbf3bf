"""The sources of the rows of a workflow, and the library that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationInfo, field_validator

from lolpop.registry import missing_modules

__all__ = ["Data", "FrameKind", "Source", "Sources"]

# A path or URL, or a mapping for connectors that need more: {table: …}, {query: …}.
Source = str | Mapping[str, Any]

# A name becomes part of the name of a dataset, and must not be that of a dataset made from the sources.
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
_TAKEN = ("train", "test", "predict", "predictions")

Sources: TypeAlias = Mapping[Name, Source]
"""Several tables by name."""

FrameKind: TypeAlias = Literal["pandas", "polars"]


class Data(BaseModel):
    """Sources of a workflow: labelled rows, rows to be predicted, the truth that arrives later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Sources | None = Field(
        default=None, description="Tables that the labelled rows are made from, by name; replaces train."
    )
    train: Source | None = Field(
        default=None, validate_default=True, description="Labelled rows; required unless there are sources."
    )
    batch_rows: PositiveInt | None = Field(
        default=None,
        description="Rows to be predicted at a time, where not all fit in memory; all unless set.",
    )
    in_place: bool = Field(
        default=False,
        description="Rows to predict stay where they are: the dataset version names the files and their "
        "content. Needs batch_rows.",
    )
    predict: Source | None = Field(
        default=None,
        description="Rows to be predicted; without it a run ends after deployment. With data.sources, "
        "the sources that differ from training, by name.",
    )
    truth: Source | None = Field(default=None, description="True labels of predicted rows, when available.")
    predictions: Source | None = Field(default=None, description="Where predictions are written.")
    frame: FrameKind = Field(default="pandas", description="Dataframe library of the rows.")
    explanations: Source | None = Field(
        default=None, description="Where attributions of predictions are written, if predict.explain is set."
    )

    @field_validator("sources")
    @classmethod
    def _names_are_free(cls, sources: Sources | None) -> Sources | None:
        if sources is not None and not sources:
            raise ValueError("should contain at least one source: {name: source}")
        for name in sources or ():
            if name in _TAKEN or name.startswith("predict_"):
                raise ValueError(f"{name!r} is a reserved name; give the source another one")
        return sources

    @field_validator("train")
    @classmethod
    def _either_train_or_sources(cls, train: Source | None, info: ValidationInfo) -> Source | None:
        sources = info.data.get("sources")
        if train is None and sources is None and "sources" in info.data:
            raise ValueError("is required, unless data.sources names several tables")
        if train is not None and sources is not None:
            raise ValueError("mutually exclusive with data.sources; set only one of them")
        return train

    @field_validator("in_place")
    @classmethod
    def _can_stay_in_place(cls, in_place: bool, info: ValidationInfo) -> bool:
        if in_place and info.data.get("sources") is not None:
            raise ValueError("mutually exclusive with data.sources: joined rows are new rows")
        if in_place and "batch_rows" in info.data and info.data["batch_rows"] is None:
            raise ValueError("needs data.batch_rows: only rows in batches stay in place")
        return in_place

    @field_validator("predict")
    @classmethod
    def _predict_names_sources(cls, predict: Source | None, info: ValidationInfo) -> Source | None:
        if predict is not None and (sources := info.data.get("sources")) is not None:
            named = _named(predict, sources)
            if info.data.get("batch_rows") is not None and len(named) > 1:
                raise ValueError(
                    f"names {len(named)} sources, but batch_rows supports only one: its rows are read in "
                    "batches, and all other sources are held in memory"
                )
        return predict

    @field_validator("frame")
    @classmethod
    def _is_installed(cls, frame: FrameKind) -> FrameKind:
        if missing_modules((frame,)):
            raise ValueError(f"{frame} is not installed; install it with: pip install 'lolpop[{frame}]'")
        return frame

    def tables(self, source: Source | None = None) -> Sources | None:
        """The sources by name, overridden by those of ``source``; None without sources.

        Raises ValueError if ``source`` does not name some of them.
        """
        if self.sources is None:
            return None
        return {**self.sources, **(_named(source, self.sources) if source is not None else {})}


def _named(source: Source, sources: Sources) -> Sources:
    if isinstance(source, str) or not source:
        raise ValueError(
            f"should be a mapping by name, such as {{{next(iter(sources))}: …}}, as data.sources is"
        )
    for name in source:
        if name not in sources:
            raise ValueError(f"contains the unknown source {name!r}; data.sources has {', '.join(sources)}")
    return source
