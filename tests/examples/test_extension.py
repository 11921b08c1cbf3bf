"""The extension of the examples, built as a wheel and installed into an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="hatchling is not installed: it builds the extension")

EXTENSION = Path(__file__).parents[2] / "examples" / "extension"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment that sees the packages of this one, and can be added to without changing it."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=60)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    (site / "_around.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return Environment(folder / "venv/bin/python", site)


class Environment:
    """A Python with packages."""

    def __init__(self, python, site):
        self.python, self.site = python, site

    def run(self, *words, cwd):
        return subprocess.run(
            [str(self.python), *map(str, words)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **{key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
                "OMP_NUM_THREADS": "1",
            },
        )

    def lolpop(self, *words, cwd):
        return self.run("-m", "lolpop", *words, cwd=cwd)

    def pip(self, *words):
        subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--python", self.python, *words],
            check=True,
            capture_output=True,
            timeout=120,
            env={**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the extension, built without downloading anything."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(EXTENSION, folder / "source", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=folder / "source",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture
def installed(environment, wheel):
    """The environment, with the extension."""
    environment.pip("install", "--no-deps", str(wheel))
    yield environment
    if list(environment.site.glob("lolpop_audit-*")):
        environment.pip("uninstall", "--yes", "lolpop-audit")


@pytest.fixture
def broken(environment):
    """Put an extension into the environment by its entry points, and the text of its module."""
    made = []

    def install(name, entry_points, module=None, requires="lolpop"):
        info = environment.site / f"{name}-1.0.dist-info"
        info.mkdir()
        made.append(info)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requires}\n"
        )
        (info / "entry_points.txt").write_text(entry_points)
        if module is not None:
            (environment.site / f"{name}.py").write_text(module)

    yield install
    for info in made:
        shutil.rmtree(info)
        (environment.site / f"{info.name.partition('-')[0]}.py").unlink(missing_ok=True)


@pytest.fixture
def customers(tmp_path):
    """A folder with a few rows and the settings of a classification."""
    rows = "\n".join(f"{number},{number % 7},{'yes' if number % 7 > 3 else 'no'}" for number in range(80))
    (tmp_path / "rows.csv").write_text(f"id,size,big\n{rows}\n")
    (tmp_path / "lolpop.yaml").write_text(
        "problem: {name: big, target: big, index: id}\ndata: {train: rows.csv}\n"
        "lolpop: {runner: classification, extensions: ['lolpop-audit>=0.1']}\n"
        "train: {model_trainer: shallow_tree}\n"
    )
    return tmp_path


@pytest.mark.numerical
def test_an_installed_extension_is_used_by_name(installed, customers):
    """Its names are in `components`, its trainer needs one line of YAML, its command is in `--help`."""
    listed = installed.lolpop("components", "--json", cwd=customers)
    names = {(item["type"], item["name"]): item["package"] for item in json.loads(listed.stdout)}
    assert names["row_sampler", "random"] == names["model_trainer", "shallow_tree"] == "lolpop-audit"
    assert "sample" in installed.lolpop("--help", cwd=customers).stdout
    done = installed.lolpop("sample", "rows.csv", "-n", "2", cwd=customers)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr
    assert set(json.loads(done.stdout.splitlines()[0])) == {"id", "size", "big"}
    (customers / "elsewhere").mkdir()
    words = ("run", "audit", "--source", customers / "rows.csv", "--json")
    done = installed.lolpop(*words, cwd=customers / "elsewhere")
    assert (done.returncode, len(json.loads(done.stdout)["result"])) == (0, 5), done.stderr
    assert installed.lolpop("verify", cwd=customers).returncode == 0
    done = installed.lolpop("run", "process_data", "--json", cwd=customers)
    version = json.loads(done.stdout)["result"]
    done = installed.lolpop("run", "train_model", "--dataset-version", version, "--json", cwd=customers)
    assert done.returncode == 0, done.stderr
    done = installed.lolpop("doctor", cwd=customers)
    assert done.returncode == 0, done.stdout


def test_without_the_extension_verify_says_what_to_install(environment, customers):
    """The missing names are findings, with the package that has them."""
    done = environment.lolpop("verify", cwd=customers)
    assert done.returncode == 2
    assert (
        "lolpop.yaml:3:46  lolpop.extensions.0: the extension 'lolpop-audit' is not installed." in done.stdout
    )
    assert "pip install 'lolpop-audit>=0.1'" in done.stdout
    assert "train.model_trainer: unknown implementation 'shallow_tree' of ModelTrainer" in done.stdout


def test_a_broken_extension_breaks_only_what_uses_it(environment, broken, customers):
    """If its import fails, only its users and doctor report it."""
    broken(
        "acme",
        "[lolpop.components.model_trainer]\nacme = acme:Trainer\n[lolpop.commands]\nacme = acme:main\n",
        "raise RuntimeError('no licence')\n",
    )
    (customers / "lolpop.yaml").write_text(
        "problem: {name: big, target: big, index: id}\ndata: {train: rows.csv}\n"
    )
    done = environment.lolpop("--help", cwd=customers)
    assert (done.returncode, done.stderr) == (0, "")
    assert "acme" in done.stdout
    assert environment.lolpop("verify", "classification", cwd=customers).returncode == 0
    done = environment.lolpop("components", "model_trainer", cwd=customers)
    assert done.returncode == 0
    assert "no licence" in done.stdout
    done = environment.lolpop("verify", "classification", "--set", "train.model_trainer=acme", cwd=customers)
    assert done.returncode == 2
    assert (
        "the extension 'acme' cannot be used: 'acme' cannot be imported: RuntimeError: no licence"
        in done.stdout
    )
    done = environment.lolpop("acme", cwd=customers)
    assert done.returncode == 2
    assert "the extension 'acme' cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    done = environment.lolpop("doctor", "--json", cwd=customers)
    assert done.returncode == 3
    errors = [item for item in json.loads(done.stdout)["examined"] if item["verdict"] == "error"]
    assert {item["subject"] for item in errors} == {"extension acme"}
    assert len(errors) == 2


def test_help_imports_no_extension(environment, broken, customers):
    """With twenty broken extensions, help lists their commands, and other commands work."""
    for number in range(20):
        broken(
            f"acme{number}",
            f"[lolpop.commands]\nacme{number} = acme{number}:command\n"
            f"[lolpop.components.model_trainer]\nacme{number} = acme{number}:Trainer\n"
            f"[lolpop.runners]\nacme{number} = acme{number}:Container\n",
            "raise RuntimeError('imported')\n",
        )
    (customers / "lolpop.yaml").write_text(
        "problem: {name: big, target: big, index: id}\ndata: {train: rows.csv}\n"
    )
    done = environment.lolpop("--help", cwd=customers)
    assert (done.returncode, done.stderr) == (0, "")
    assert [number for number in range(20) if f"acme{number} " not in done.stdout] == []
    done = environment.lolpop("verify", "classification", cwd=customers)
    assert (done.returncode, done.stdout) == (0, "classification: no errors.\n"), done.stderr
    done = environment.lolpop("run", "classification", "process_data", cwd=customers)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("entry_points", "requires", "message"),
    [
        ("[lolpop.components.notifier]\nnone = acme:Nobody\n", "lolpop", "has no 'Nobody'"),
        ("[lolpop.components.notifier]\nnone = nowhere:Nobody\n", "lolpop", "there is no module 'nowhere'"),
        ("[lolpop.components.notifier]\nnone = acme:Wrong\n", "lolpop", "is not a Notifier"),
        ("[lolpop.components.notifier]\nnone = acme:function\n", "lolpop", "should be a class"),
        ("[lolpop.runners]\nnone = acme:Wrong\n", "lolpop", "should be a RunnerContainer"),
        ("[lolpop.pipelines]\nnone = acme:Wrong\n", "lolpop", "should be a Pipeline"),
        ("[lolpop.commands]\nnone = acme:number\n", "lolpop", "should be a function"),
        ("[lolpop.comands]\nnone = acme:function\n", "lolpop", "no such group"),
        ("[lolpop.commands]\nnone = acme:function\n", "lolpop>=99", "it requires lolpop>=99"),
    ],
)
def test_doctor_says_what_is_wrong_with_an_extension(
    tmp_path, monkeypatch, capsys, entry_points, requires, message
):
    """Missing objects, wrong classes and other versions of lolpop are listed with the extension."""
    from lolpop.cli import main

    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\nRequires-Dist: {requires}\n"
    )
    (info / "entry_points.txt").write_text(entry_points)
    (tmp_path / "acme.py").write_text("number = 3\nclass Wrong: pass\ndef function(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--json"]) == 3
    examined = json.loads(capsys.readouterr().out)["examined"]
    (error,) = [item for item in examined if item["verdict"] == "error"]
    assert error["subject"] == "extension acme"
    assert message in error["details"]
    sys.modules.pop("acme", None)


def test_two_extensions_that_claim_one_name_are_both_named(environment, broken, customers):
    """The error is raised when the name is used."""
    for name in ("acme", "beta"):
        broken(
            name,
            f"[lolpop.components.notifier]\npager = {name}:Pager\n[lolpop.commands]\nhello = {name}:hello\n",
            "from lolpop.components.notifier import Notifier\n"
            "class Pager(Notifier):\n    def notify(self, message, level='info'): pass\n"
            "def hello(): pass\n",
        )
    (customers / "lolpop.yaml").write_text(
        "problem: {name: big, target: big, index: id}\ndata: {train: rows.csv}\n"
    )
    assert environment.lolpop("verify", "classification", cwd=customers).returncode == 0
    done = environment.lolpop("verify", "classification", "--set", 'notifiers=["pager"]', cwd=customers)
    assert done.returncode == 2
    assert "claimed by several extensions: acme (acme:Pager) and beta (beta:Pager)" in done.stdout
    done = environment.lolpop("hello", cwd=customers)
    assert done.returncode == 2
    assert "acme (acme:hello) and beta (beta:hello)" in done.stderr


def test_a_name_of_lolpops_own_cannot_be_taken(tmp_path, monkeypatch):
    """An extension that registers `sklearn` or `run` does not change them."""
    from lolpop.components.model_trainer import ModelTrainer
    from lolpop.registry import find

    info = tmp_path / "aaa-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[lolpop.components.model_trainer]\nsklearn = aaa:Trainer\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find(ModelTrainer, "sklearn").__name__ == "SklearnModelTrainer"
