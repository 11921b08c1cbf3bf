"""Bounds of settings, for verification and for constructors that are called by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lolpop.errors import Finding


def require_positive(settings: Mapping[str, int | None]) -> None:
    """Raise ValueError for the first of ``settings``, by name, that is set and less than 1."""
    for name, value in settings.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, but got {value}.")


def errors_before_warnings(
    warn: tuple[str, float], error: tuple[str, float | None], what: str
) -> Iterator[Finding]:
    """Report thresholds of errors, by name and least value, that are below those of warnings."""
    (warn_name, least_warned), (error_name, least_wrong) = warn, error
    if least_wrong is not None and least_wrong < least_warned:
        yield Finding(
            error_name,
            f"{error_name} {least_wrong} is below {warn_name} {least_warned}: there would be no warning",
            hint=f"Set {error_name} to at least the {what} of {warn_name}.",
        )
