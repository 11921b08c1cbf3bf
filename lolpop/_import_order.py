"""Libraries that cost less if they are imported before others."""

from __future__ import annotations


def import_ufuncs() -> None:
    """Import the functions of NumPy and SciPy; to be called while few other modules are imported.

    When ``skops.io`` is imported, it looks for each of these functions in every module that was imported
    before them: behind a thousand modules, that takes a second.
    """
    import scipy.special  # noqa: F401
