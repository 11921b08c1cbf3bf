"""The command that rewrites settings of the original lolpop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lolpop.cli._options import AsJson, command

FormerFile = Annotated[Path, typer.Argument(metavar="FILE", help="Settings of the original lolpop.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="File to write; by default, standard output."),
]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def migrate(file: FormerFile, output: Output = None, as_json: AsJson = False) -> None:
    """Rewrite settings of the original lolpop, and list what has no counterpart.

    Example: lolpop migrate old/lolpop.yaml -o lolpop.yaml
    """
    from lolpop.cli.migrate import migrate

    migrate(file, output, as_json=as_json)
