"""The plugin of pytest: containers for tests, overrides that end with the test, no network, wiring snapshots.

pytest imports this module in every session, so it imports nothing that a session may not need.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lolpop.testing._wiring import WiringSnapshot

__all__ = ["container", "new_container", "override", "wiring_snapshot"]

_NETWORK = "no_network(allow=()): fail the test if it opens a connection to a host that is not in allow."
_OWN = pytest.StashKey[list[Any]]()
"""Overrides of the fixture ``override``, which end after the test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--lolpop-update`` and the setting ``lolpop_container``."""
    group = parser.getgroup("lolpop")
    group.addoption(
        "--lolpop-update",
        action="store_true",
        help="Rewrite the wiring snapshots of tests.",
    )
    parser.addini(
        "lolpop_container",
        "What the fixture `container` loads: a registered name or package.module:ContainerClass.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _NETWORK)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a check of a contract whose fixtures are not there, with what they are to be."""
    if (owner := _contract(item)) is not None:
        from lolpop.testing.contracts.fixtures import missing_fixture

        taken = [name for name in getattr(item, "fixturenames", ()) if name != "request"]
        defined = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", taken)
        if (problem := missing_fixture(owner, taken, defined)) is not None:
            pytest.fail(problem, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test, without a network where it is marked so, and fail it if overrides outlive it."""
    if (owner := _contract(item)) is not None:
        from lolpop.testing.contracts.fixtures import wrong_make

        if (problem := wrong_make(owner, getattr(item, "funcargs", {}))) is not None:
            pytest.fail(problem, pytrace=False)
    marker = item.get_closest_marker("no_network")
    with ExitStack() as stack:
        if marker is not None:
            from lolpop.testing._network import no_network

            stack.enter_context(no_network(marker.kwargs.get("allow", marker.args[0] if marker.args else ())))
        containers = _containers(item)
        before = {override for tree in containers for override in _active(tree)}
        yield
        leaked = {
            override: path
            for tree in containers
            for override, path in _active(tree).items()
            if override not in before
        }
        own = {active for overrides in item.stash.get(_OWN, []) for active in overrides._active}
        _fail_for_leaks(
            {override: path for override, path in leaked.items() if override not in own}, containers
        )


@pytest.fixture
def new_container(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Load containers with a store in memory and artifacts in a temporary folder, and close them at the end.

    Called with a container class, a registered name or an import path; settings files, by default those of
    the current folder; and ``profile``, ``overrides`` and ``environ``, which is empty by default, so that no
    variable of this machine counts.
    """
    with ExitStack() as opened:

        def new(
            container: type[Any] | str,
            *files: str | Path,
            profile: str | None = None,
            overrides: Mapping[str, Any] | None = None,
            environ: Mapping[str, str] | None = None,
        ) -> Any:
            from lolpop.testing._containers import load_container

            loaded = load_container(container, files, profile, overrides or {}, environ or {}, tmp_path)
            return opened.enter_context(loaded)

        yield new


@pytest.fixture
def container(request: pytest.FixtureRequest, new_container: Callable[..., Any]) -> Any:
    """The container that ``lolpop_container`` names in pytest's settings, loaded by ``new_container``.

    A project that needs more of it defines a fixture of this name.
    """
    name = request.config.getini("lolpop_container")
    if not name:
        pytest.fail(
            "No container is named. Set lolpop_container in pytest's settings, such as "
            "lolpop_container = 'package.module:ContainerClass', or define a fixture `container`.",
            pytrace=False,
        )
    return new_container(name)


@pytest.fixture
def override(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Override providers of the fixture ``container`` by path, until the test ends.

    Called with a path and what stands in (``override("train.model_trainer", trainer)``), or with a mapping.
    A path that names no provider raises a WiringError with near names.
    """
    overrides: list[Any] = request.node.stash.setdefault(_OWN, [])

    def begin(path: str | Mapping[str, Any], stand_in: object = None) -> None:
        target = request.getfixturevalue("container")
        stand_ins = {path: stand_in} if isinstance(path, str) else path
        overrides.append(target.override(stand_ins))

    # The container is asked for first, so that it is closed last.
    request.getfixturevalue("container")
    yield begin
    with ExitStack() as ending:
        for begun in overrides:
            ending.callback(begun.end)


@pytest.fixture
def wiring_snapshot(request: pytest.FixtureRequest) -> WiringSnapshot:
    """Compare the wiring of a container with the file of the test, which ``--lolpop-update`` writes."""
    from lolpop.testing._wiring import WiringSnapshot

    name = request.node.name
    return WiringSnapshot(request.path, name, update=bool(request.config.getoption("--lolpop-update")))


def _contract(item: pytest.Item) -> type[Any] | None:
    """The class of a test that subclasses a contract; None of any other test."""
    base = sys.modules.get("lolpop.testing.contracts.base")
    owner = getattr(item, "cls", None)
    if base is None or owner is None or not issubclass(owner, base.ComponentContract):
        return None
    return owner  # type: ignore[no-any-return]


def _containers(item: pytest.Item) -> list[Any]:
    """The containers among the fixtures of a test."""
    if "lolpop.containers" not in sys.modules:
        return []
    values = getattr(item, "funcargs", {}).values()
    instances = (value for value in values if not isinstance(value, type))
    return [value for value in instances if type(value).__module__ == "lolpop.containers"]


def _active(container: Any) -> dict[Any, str]:
    """The overrides that are in force anywhere in the tree of a container, with their paths."""
    from lolpop.testing._containers import active_overrides

    return active_overrides(container)


def _fail_for_leaks(leaked: Mapping[Any, str], containers: list[Any]) -> None:
    """End overrides that a test did not end, and fail it."""
    if not leaked:
        return
    from lolpop.testing._containers import end_overrides

    end_overrides(containers, leaked)
    paths = ", ".join(sorted(set(leaked.values())))
    pytest.fail(
        f"The test did not end its override of {paths}. Override in a `with` block, or with the fixture "
        "`override`.",
        pytrace=False,
    )
