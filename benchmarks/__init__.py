"""The budgets of lolpop, each measured beside its limit: ``python -m benchmarks``, or ``make bench``."""
