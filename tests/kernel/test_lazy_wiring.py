"""Web frameworks are known to wired functions, and imported only by those who use them."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FRAMEWORKS = "{'fastapi', 'starlette', 'werkzeug'}"
_WIRED = """
from typing import Annotated
import sys
{first}
{second}
from dependency_injector.wiring import Provide, inject
from fastapi import Depends
from fastapi.testclient import TestClient
from lolpop import Component, RunnerContainer, providers

class Greeter(Component):
    def __init__(self, *, greeting: str = "hello") -> None:
        self.greeting = greeting

class Container(RunnerContainer):
    greeter = providers.Component(Greeter, default=Greeter)

app = fastapi.FastAPI()

@app.get("/")
@inject
def greet(request: fastapi.Request, greeter: Annotated[Greeter, Depends(Provide["greeter"])]) -> str:
    return greeter.greeting + request.url.path

with Container.load(environ={{}}) as container:
    container.wire(modules=[sys.modules["__main__"]])
    print(TestClient(app).get("/").json())
"""


def _output(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_containers_import_no_web_framework_that_is_installed() -> None:
    pytest.importorskip("fastapi")
    script = f"import sys, lolpop.containers, lolpop.kernel.markers; print({_FRAMEWORKS} & set(sys.modules))"
    assert _output(script) == "set()\n"


@pytest.mark.parametrize(
    "imports",
    [("import fastapi", "import lolpop.containers"), ("import lolpop.containers", "import fastapi")],
    ids=["FastAPI first", "lolpop first"],
)
def test_a_dependency_of_fastapi_is_injected_whichever_is_imported_first(imports: tuple[str, str]) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx2")
    first, second = imports
    assert _output(_WIRED.format(first=first, second=second)) == "hello/\n"


def test_classes_of_requests_are_left_out_of_wiring_once_they_exist() -> None:
    pytest.importorskip("starlette")
    script = (
        "import lolpop.containers\n"
        "from dependency_injector.wiring import is_excluded_from_inspect as is_excluded\n"
        "from starlette.requests import Request\n"
        "print(is_excluded(Request), is_excluded(type('Own', (Request,), {})), is_excluded(int))"
    )
    assert _output(script) == "True True False\n"


def test_another_thread_can_import_a_framework_meanwhile() -> None:
    pytest.importorskip("fastapi")
    script = (
        "import threading\n"
        "thread = threading.Thread(target=__import__, args=('fastapi.params',))\n"
        "thread.start()\n"
        "import lolpop.containers\n"
        "thread.join()\n"
        "import sys; print('fastapi.params' in sys.modules)"
    )
    assert _output(script) == "True\n"


def test_a_version_that_keeps_its_lists_elsewhere_imports_what_it_wants() -> None:
    pytest.importorskip("fastapi")
    script = (
        "import sys, importlib.util\n"
        "spec = importlib.util.find_spec('dependency_injector.wiring')\n"
        "run = spec.loader.exec_module\n"
        "def exec_module(module):\n"
        "    run(module)\n"
        "    module.EXTRACTORS = module.__dict__.pop('MARKER_EXTRACTORS')\n"
        "spec.loader.exec_module = exec_module\n"
        "class Finder:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path, target=None):\n"
        "        return spec if name == 'dependency_injector.wiring' else None\n"
        "sys.meta_path.insert(0, Finder)\n"
        "import lolpop.containers\n"
        "wiring = sys.modules['dependency_injector.wiring']\n"
        "print('fastapi' in sys.modules, len(wiring.EXTRACTORS))"
    )
    assert _output(script) == "True 1\n"
