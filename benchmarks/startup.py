"""What it costs to start: importing, asking for help, alone and among many extensions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.budget import Budget, interleaved, python

EXTENSIONS = 20
_HELP = "from lolpop.cli import main; raise SystemExit(main(['--help']))"
_EMPTY_TYPER = "import typer; app = typer.Typer(); app.command()(lambda: None); app(['--help'])"


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(EXTENSIONS):
            _install(Path(folder), f"acme{number}")
        bare, empty, imported, helped, extended = interleaved(
            [
                lambda: python("-c", "pass"),
                lambda: python("-c", _EMPTY_TYPER),
                lambda: python("-c", "import lolpop"),
                lambda: python("-c", _HELP),
                lambda: python("-c", f"import sys; sys.path.append({folder!r}); {_HELP}"),
            ],
            repeat=20,
        )
    beside = f"python itself {bare:.3f} s"
    yield Budget("import lolpop", imported - bare, 0.05, "s", beside)
    yield Budget("lolpop --help", helped, 0.15, "s", f"{beside}, an empty typer application {empty:.3f} s")
    yield Budget(
        f"lolpop --help, {EXTENSIONS} extensions", extended - helped, 0.05, "s", f"with none {helped:.3f} s"
    )


def _install(folder: Path, name: str) -> None:
    """An extension with a command and a few components, as pip leaves it."""
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    kinds = "".join(
        f"[lolpop.components.{kind}]\n{name} = {name}:Own\n"
        for kind in ("model_trainer", "notifier", "logger")
    )
    (metadata / "entry_points.txt").write_text(f"[lolpop.commands]\n{name} = {name}:command\n{kinds}")
    (folder / f"{name}.py").write_text("raise RuntimeError('nobody imports it')\n")
