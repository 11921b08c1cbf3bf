"""Commands that write projects and their parts from templates."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._exit_codes import CHECK_FAILED
from lolpop.cli._options import command

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask no questions; use the defaults.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]
ProjectName = Annotated[str, typer.Argument(metavar="NAME", help="Name of its folder and package.")]
ComponentType = Annotated[
    str,
    typer.Argument(
        metavar="TYPE",
        help="Such as model_trainer.",
        autocompletion=completed_by("complete_component_type"),
    ),
]
PartName = Annotated[str, typer.Argument(metavar="NAME", help="Its short name, such as boosted.")]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="NAME",
        help="Inherit from this implementation, not from the interface.",
        autocompletion=completed_by("complete_implementation"),
    ),
]
NewType = Annotated[bool, typer.Option("--new-type", help="Also add the component type, which is new.")]
BaseRunner = Annotated[
    str,
    typer.Option(
        "--base",
        metavar="RUNNER",
        help="Inherit from its container; without it, from the project's own.",
        autocompletion=completed_by("complete_runner"),
    ),
]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def project(name: ProjectName, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Write a project that runs and passes its tests at once.

    Example: lolpop new project churn --yes
    """
    from lolpop.cli.scaffolding.project import create_project

    create_project(name, ask=not yes, dry_run=dry_run)


@command(app)
def component(
    component_type: ComponentType,
    name: PartName,
    base: Base = None,
    new_type: NewType = False,
    dry_run: DryRun = False,
) -> None:
    """Add a component to the project here: its class, its entry point and a test.

    Example: lolpop new component model_trainer boosted --base sklearn
    """
    from lolpop.cli.scaffolding.components import create_component

    create_component(component_type, name, base=base, new_type=new_type, dry_run=dry_run)


@command(app)
def pipeline(name: PartName, dry_run: DryRun = False) -> None:
    """Add a pipeline with its container to the project here.

    Example: lolpop new pipeline report
    """
    from lolpop.cli.scaffolding.parts import create_pipeline

    create_pipeline(name, dry_run=dry_run)


@command(app)
def runner(name: PartName, dry_run: DryRun = False) -> None:
    """Add a runner with its container to the project here.

    Example: lolpop new runner nightly
    """
    from lolpop.cli.scaffolding.parts import create_runner

    create_runner(name, dry_run=dry_run)


@command(app)
def container(name: PartName, base: BaseRunner = "", dry_run: DryRun = False) -> None:
    """Add a container to the project here: another wiring of a runner.

    Example: lolpop new container strict --base classification
    """
    from lolpop.cli.scaffolding.parts import create_container

    create_container(name, base, dry_run=dry_run)


@command(app, "command")
def new_command(context: typer.Context, name: PartName, dry_run: DryRun = False) -> None:
    """Add a sub-command of lolpop to the project here.

    Example: lolpop new command publish
    """
    from lolpop.cli.scaffolding.parts import create_command

    own = getattr(context.find_root().command, "commands", {})
    create_command(name, taken=own, dry_run=dry_run)


@command(app)
def update(dry_run: DryRun = False) -> None:
    """Bring the project here to today's template. Files that you edited stay as they are.

    Exit code 3 tells of conflicts. Example: lolpop new update --dry-run
    """
    from lolpop.cli.scaffolding.updates import update_project

    if not update_project(dry_run=dry_run):
        raise typer.Exit(CHECK_FAILED)
