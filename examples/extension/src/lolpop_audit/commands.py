"""The sub-command ``lolpop sample``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["sample"]


def sample(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="The rows.")],
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many.")] = 5,
) -> None:
    """Print some rows of a file, one a line as JSON.

    Example: lolpop sample customers.csv --rows 3
    """
    import json

    from lolpop_audit.components.row_sampler.random import RandomRowSampler
    from lolpop_audit.containers import AuditRunnerContainer

    # Its defaults, and not the settings of the current directory, which are about something else.
    container = AuditRunnerContainer()
    with container, container.audit.sampling.row_sampler.override(RandomRowSampler(rows)):
        for row in container.runner().run(str(source.absolute())):
            typer.echo(json.dumps(row, default=str))
