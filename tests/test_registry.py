"""The registry: implementations by short name, of any installed package."""

import json
import sys
import textwrap
from pathlib import Path

import pytest
from greeter_app import Clock

from lolpop import RunnerContainer, providers
from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.notifier import Notifier
from lolpop.errors import WiringError
from lolpop.registry import (
    RUNNERS,
    find,
    group_of,
    import_object,
    is_installed,
    missing_modules,
    name_of,
    registered,
    resolve,
)


def test_the_group_of_a_type_is_its_interfaces_name():
    """Names become snake case, also with several capitals in a row."""

    class GenAIChatbot(ModelTrainer):
        pass

    assert group_of(ModelTrainer) == "lolpop.components.model_trainer"
    assert group_of(GenAIChatbot) == "lolpop.components.gen_ai_chatbot"


def test_the_built_ins_are_registered():
    """Built-in implementations are found by their short names."""
    assert {"sklearn", "xgboost"} <= set(registered(group_of(ModelTrainer)))
    assert issubclass(find(ModelTrainer, "sklearn"), ModelTrainer)
    assert "classification" in registered(RUNNERS)


@pytest.fixture
def strangers_package(tmp_path, monkeypatch):
    """A package of somebody else's, installed in a folder of the search path."""
    (tmp_path / "strange.py").write_text(
        "from lolpop.components.notifier import Notifier\n"
        "class Pigeon(Notifier):\n    def notify(self, message, level='info'): pass\n"
    )
    metadata = tmp_path / "strange-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        textwrap.dedent(
            """\
            [lolpop.components.notifier]
            pigeon = strange:Pigeon
            broken = strange:Nobody
            [lolpop.components.clock]
            real = greeter_app:FakeClock
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("strange", None)


@pytest.mark.usefixtures("strangers_package")
def test_a_strangers_package_registers_the_same_way():
    """Entry points of any package, for interfaces of any package, are found."""
    assert find(Notifier, "pigeon").__name__ == "Pigeon"
    assert name_of(Notifier, find(Notifier, "pigeon")) == "pigeon"

    class Container(RunnerContainer):
        clock = providers.Component(Clock, default="real")
        notifiers = providers.Components(Notifier, default=["pigeon", "console"])

    c = Container()
    c.verify()
    assert c.clock().now() == "midnight"
    assert [type(notifier).__name__ for notifier in c.notifiers()] == ["Pigeon", "ConsoleNotifier"]


@pytest.mark.usefixtures("strangers_package")
def test_a_name_whose_class_is_gone_says_so():
    """An entry point without a class is a readable error."""
    with pytest.raises(WiringError, match="'strange' has no 'Nobody'"):
        find(Notifier, "broken")


def test_an_unknown_name_proposes_a_near_one_or_lists_all():
    """A near name is proposed; without one, all names are listed."""
    with pytest.raises(WiringError, match=r"'optunna'.*Did you mean optuna\?"):
        find(HyperparameterTuner, "optunna")
    with pytest.raises(WiringError, match=r"prophet, sklearn, smoothing, statsmodels, theta, xgboost"):
        find(ModelTrainer, "qqq")


def test_classes_and_import_paths_need_no_registration():
    """`use` accepts a class, or its import path."""
    assert resolve(Clock, Clock) is Clock
    assert resolve(Clock, "greeter_app:Clock") is Clock
    assert name_of(Clock, Clock) == "greeter_app:Clock"
    assert name_of(Clock, "greeter_app:Clock") == "greeter_app:Clock"


def test_a_module_that_fails_to_import_says_how(tmp_path, monkeypatch):
    """The error has the type of the exception that the module raised."""
    (tmp_path / "exploding.py").write_text("raise RuntimeError('boom')\n")
    (tmp_path / "lacking.py").write_text("import no_such_library_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        WiringError, match=r"'exploding' cannot be imported: RuntimeError: boom.*exploding\.py:1"
    ):
        import_object("exploding:Thing")
    with pytest.raises(WiringError, match=r"'lacking' cannot be imported: .*'no_such_library.*lacking\.py:1"):
        import_object("lacking:Thing")


def test_what_is_installed_is_looked_up_without_importing():
    """Requirements are found by name only."""
    sys.modules.pop("wave", None)
    assert missing_modules(("wave", "os", "no_such_library_at_all", "no_such.part")) == [
        "no_such_library_at_all",
        "no_such.part",
    ]
    assert "wave" not in sys.modules


def test_a_project_below_the_prefix_of_python_is_not_installed():
    """Code in /usr/src, where images put it, is project code, although Python's prefix is /usr."""
    import numpy as np

    prefix = Path(sys.prefix)
    for file in (prefix / "src" / "app" / "main.py", Path("/usr/src/app/main.py"), Path("/app/features.py")):
        assert not is_installed(str(file))
    for file in (json.__file__, np.__file__, pytest.__file__, "/usr/lib/python3/dist-packages/six.py"):
        assert is_installed(str(file))
    assert is_installed("<string>")
