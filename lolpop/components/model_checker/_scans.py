"""The clearest of many overlapping segments, and its p-value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats

    Codes = NDArray[np.intp]

# Sizes of errors are rounded to this many levels, so that permutations of any number of rows are cheap.
_LEVELS = 32
# This share of the difference is enough where errors are so many times those elsewhere.
_SMALLER, _TIMES = 2 / 3, 2
# Permutations are made until the greatest p-value that is significant would show this often among them.
_EXCEEDANCES = 10
_MOST_PERMUTATIONS = 100_000
_MOST_AT_ONCE, _MOST_NUMBERS_AT_ONCE = 250, 2_000_000
# The normal approximation of a p-value may be this many times too great: a greater one is not computed #
# exactly.
_TOLERANCE = 5


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of n rows: ``values`` of all levels, the ``level`` of each row, and its ``stratum``."""

    values: Floats
    level: Codes
    stratum: Codes
    are_sizes: bool
    """Whether they are sizes of errors, rather than only right or wrong."""

    @classmethod
    def of(cls, errors: NDArray[Any], strata: Codes | None) -> Errors:
        """Rows of the same stratum are compared with each other; without ``strata``, all rows."""
        import numpy as np

        stratum = np.zeros(len(errors), dtype=np.intp) if strata is None else strata
        if errors.dtype == bool:
            return cls(np.array([0.0, 1.0]), errors.astype(np.intp), stratum, are_sizes=False)
        distinct, level = np.unique(errors, return_inverse=True)
        if len(distinct) > _LEVELS:
            edges = np.unique(np.quantile(errors, np.arange(1, _LEVELS) / _LEVELS))
            _, level = np.unique(np.searchsorted(edges, errors), return_inverse=True)
        rows = np.bincount(level)
        return cls(np.bincount(level, errors) / rows, level, stratum, are_sizes=True)

    def tables(self, parts: Codes, number: int) -> Codes:
        """The number of rows by stratum, part of ``number`` and level, shape (strata, parts, levels)."""
        import numpy as np

        shape = (int(self.stratum.max()) + 1, number, len(self.values))
        at = np.ravel_multi_index((self.stratum, parts, self.level), shape)
        return np.bincount(at, minlength=math.prod(shape)).reshape(shape)


@dataclass(frozen=True, slots=True)
class Scan:
    """Overlapping segments, runs of the parts of one column, by how clearly each is worse than elsewhere.

    A segment's *clearness* is the signed root of the deviance of its sum of errors from what is expected of
    it (McCullagh and Nelder, Generalized Linear Models, 1989, 2.3 and 2.4: binomial for wrong rows, gamma
    for sizes of errors), in units that make it nearly a standard normal whatever the segment's size. Errors
    are compared within strata, and the difference of a segment from elsewhere is the Mantel-Haenszel one
    (Greenland and Robins, Biometrics 1985). Only a segment that is worse by ``worse_by``, or by two
    thirds of that and twice as much as elsewhere, has a clearness at all, by this difference and the plain
    one.

    How likely the clearest segment is by chance comes from permutations of the errors within strata
    (Westfall and Young, Resampling-Based Multiple Testing, 1993: the maximum over all segments, so that it
    holds for overlapping ones). They are drawn as contingency tables with fixed margins (Patefield,
    algorithm AS 159, 1981), and fewer where the answer is clear (Besag and Clifford, Biometrika 1991).
    """

    errors: Errors
    tables: Codes
    first: Codes
    last: Codes
    worse_by: float
    rows: Floats
    expected: Floats
    variance: Floats
    weight: Floats
    may_be_weak: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        errors: Errors,
        codes: Codes,
        runs: tuple[Codes, Codes],
        may_be_weak: NDArray[np.bool_],
        *,
        parts: int,
        worse_by: float,
    ) -> Scan | None:
        """The scan of ``runs``, from a first to a last part, or None if no errors vary, or no run is left.

        ``codes`` are the parts of n rows. Runs that may not be weak, which depends on the errors, stay among
        the permuted ones: otherwise those that are left would be clear too often.
        """
        first, last = runs
        tables = errors.tables(codes, parts)
        totals = tables.sum(axis=(1, 2))
        tables, totals = tables[totals > 1], totals[totals > 1]
        levels = tables.sum(axis=1)
        means = levels @ errors.values / totals
        variances = (levels @ errors.values**2 - totals * means**2) / (totals - 1)
        inside = sums_of_runs(tables.sum(axis=2), first, last)
        # The effective number of rows that are compared: strata on one side only are no evidence.
        compared = inside * (totals[:, None] - inside) / totals[:, None]
        expected, variance, weight = means @ inside, variances @ compared, compared.sum(axis=0)
        usable = variance > 0
        if not usable.any():
            return None
        return cls(
            errors=errors,
            tables=tables,
            first=first[usable],
            last=last[usable],
            worse_by=worse_by,
            rows=inside.sum(axis=0)[usable],
            expected=expected[usable],
            variance=variance[usable],
            weight=weight[usable],
            may_be_weak=may_be_weak[usable],
        )

    @property
    def clearest(self) -> tuple[int, int, float]:
        """First and last part of the clearest segment, and its clearness; 0 if none is worse."""
        clearness = self._observed()
        at = int(clearness.argmax())
        return int(self.first[at]), int(self.last[at]), float(clearness[at])

    def chance(self, significance: float, seed: int) -> float:
        """The p-value of the clearest segment.

        It is exact up to the number of permutations where it may be at most ``significance``, otherwise 1.
        """
        import numpy as np
        from scipy.special import ndtr

        clearness = float(self._observed().max())
        if not clearness or ndtr(-clearness) > _TOLERANCE * significance:
            return 1.0
        if (bound := self._bound()) <= significance:
            return bound
        limit = math.ceil(min(_EXCEEDANCES / significance, max(1 / significance, _MOST_PERMUTATIONS)))
        fitting = _MOST_NUMBERS_AT_ONCE // (self.tables[0].size + len(self.first))
        at_once = min(_MOST_AT_ONCE, max(1, fitting))
        random = np.random.default_rng(seed % 2**32)
        exceedances = drawn = 0
        while drawn < limit:
            number = min(at_once, limit - drawn)
            greatest = self._clearness(self._permuted(number, random)).max(axis=-1)
            # A permutation with the same table differs by rounding only.
            exceedances += int(np.count_nonzero(greatest >= clearness - 1e-9))
            drawn += number
            if exceedances + 1 > significance * (limit + 1):
                return 1.0
        return (exceedances + 1) / (drawn + 1)

    def _sums(self) -> Floats:
        sums: Floats = sums_of_runs(self.tables @ self.errors.values, self.first, self.last).sum(axis=-2)
        return sums

    def _observed(self) -> Floats:
        return self._clearness(self._sums()) * self.may_be_weak

    def _permuted(self, number: int, random: np.random.Generator) -> Floats:
        """The sums of errors of all segments for so many permutations, shape (number, segments)."""
        import numpy as np
        from scipy.stats import random_table

        sums = np.zeros((number, self.tables.shape[1]))
        for table in self.tables:
            filled = table.sum(axis=1) > 0
            occupied = table.sum(axis=0) > 0
            if filled.sum() == 1 or occupied.sum() == 1:
                sums += table @ self.errors.values
                continue
            margins = random_table(table.sum(axis=1)[filled], table.sum(axis=0)[occupied])
            drawn = margins.rvs(number, method="patefield", random_state=random)
            sums[:, filled] += drawn @ self.errors.values[occupied]
        return sums_of_runs(sums, self.first, self.last)

    def _clearness(self, sums: Floats) -> Floats:
        """The clearness of each segment, shape (..., segments); 0 if it is not worse."""
        import numpy as np

        total, all_rows = self._total(), self.tables.sum()
        error, elsewhere = sums / self.rows, (total - sums) / (all_rows - self.rows)
        difference = np.minimum((sums - self.expected) / self.weight, error - elsewhere)
        worse = difference >= np.where(error >= _TIMES * elsewhere, _SMALLER * self.worse_by, self.worse_by)
        mean = self.expected / self.rows
        nominal = self.rows * (mean**2 if self.errors.are_sizes else mean * (1 - mean))
        return np.where(worse, np.sqrt(self._deviance(sums) * nominal / self.variance), 0.0)

    def _deviance(self, sums: Floats) -> Floats:
        import numpy as np
        from scipy.special import rel_entr

        if self.errors.are_sizes:
            ratio = np.maximum(sums, np.finfo(float).tiny) / self.expected
            return np.asarray(np.maximum(0.0, 2 * self.rows * (ratio - 1 - np.log(ratio))))
        right, expected = self.rows - sums, self.rows - self.expected
        return np.asarray(np.maximum(0.0, 2 * (rel_entr(sums, self.expected) + rel_entr(right, expected))))

    def _bound(self) -> float:
        """An upper bound of the p-value of wrong rows: Hoeffding's, JASA 1963, for the sum of all segments.

        It is exp(-deviance / 2) of one segment, for draws without replacement from several strata too.
        """
        import numpy as np

        if self.errors.are_sizes:
            return 1.0
        at = int(self._observed().argmax())
        return min(1.0, len(self.first) * float(np.exp(-self._deviance(self._sums())[at] / 2)))

    def _total(self) -> float:
        return float((self.tables @ self.errors.values).sum())


def sums_of_runs(counts: NDArray[Any], first: Codes, last: Codes) -> Floats:
    """Sums over runs of parts, which are the last axis of ``counts``."""
    import numpy as np

    sums: Floats = counts.cumsum(axis=-1, dtype=np.float64)
    before = np.where(first > 0, sums[..., first - 1], 0.0)
    return np.asarray(sums[..., last] - before)
