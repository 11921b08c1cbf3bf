import json
import subprocess
import sys
from pathlib import Path

import lolpop as package
from lolpop.cli import _exit_codes


def test_help_lists_the_commands(lolpop):
    """`lolpop` and `lolpop --help` list the commands."""
    for words in ([], ["--help"]):
        done = lolpop(*words)
        assert done.code == 0
        for command in ("run", "verify", "config", "runs", "components", "graph", "datasets", "models"):
            assert f"\n  {command}" in done.out


def test_every_command_is_documented(lolpop):
    """docs/command-line.md has an example of each command, and each exit code."""
    text = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
    commands = [line.split()[0] for line in _commands(lolpop("--help").out)]
    for command in commands:
        inner = [line.split()[0] for line in _commands(lolpop(command, "--help").out)]
        for words in [f"{command} {name}" for name in inner] or [command]:
            assert f"$ lolpop {words}" in text, words
    codes = {value for name, value in vars(_exit_codes).items() if name.isupper()}
    for code in {0, *codes}:
        assert f"| {code} |" in text


def _commands(text):
    listed = text.partition("Commands:\n")[2]
    return [line for line in listed.splitlines() if line.startswith("  ") and not line.startswith("   ")]


def test_version_is_that_of_the_package(lolpop):
    """`lolpop --version` prints a version and nothing else."""
    done = lolpop("--version")
    assert done.code == 0
    assert done.out.strip().replace(".", "").isalnum()


def test_help_imports_nothing_that_takes_long():
    """--help does not import slow libraries."""
    code = (
        "import sys; from lolpop.cli import main; assert main(['--help']) == 0; "
        "slow = {'pydantic', 'rich', 'dependency_injector', 'sqlalchemy', 'pandas', 'sklearn'} & set(sys.modules); "
        "assert not slow, slow"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_narrow_encodings_lose_lines_of_the_tree_only(project, shell):
    """A terminal with ASCII only gets the tree drawn with ASCII, and no error."""
    done = shell("lolpop graph app.py", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert "greeter" in done.out
    done = shell("lolpop run app.py --name Zoë", PYTHONIOENCODING="ascii")
    assert (done.code, done.out) == (0, "hello Zo?, it is noon\n")


def test_a_pipe_gets_plain_text(project, shell):
    """In a pipe there are no colours, and nothing is cut to a width."""
    long = "x" * 300
    done = shell(f"lolpop config show app.py --set greet.greeter.greeting={long}")
    assert "\x1b" not in done.out
    assert long in done.out


def test_components_are_listed_with_what_they_need(lolpop):
    """Each registered implementation has its type, name and first line of documentation."""
    document = json.loads(lolpop("components", "store", "--json").out)
    assert [(component["type"], component["name"], component["install"]) for component in document] == [
        ("store", "sql", "")
    ]
    assert document[0]["summary"]
    assert "sql" in lolpop("components").out
    done = lolpop("components", "stroe")
    assert done.code == 2
    assert "Did you mean store?" in done.err


def test_graph_draws_the_tree(project, lolpop):
    """The tree has each slot with its implementation, and what it is built from."""
    out = lolpop("graph", "app.py").out
    assert "Greeter  <- clock" in out
    assert "Greet  <- greeter" in out


def test_python_m_is_the_command(shell):
    """`python -m lolpop` is `lolpop`."""
    assert shell("lolpop --version").out.strip() == __import__("importlib.metadata").metadata.version(
        "lolpop"
    )
    assert package.__doc__
