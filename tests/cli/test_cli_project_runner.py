"""The setting lolpop.runner: commands that name no runner."""

import pytest

SETTINGS = "lolpop: {runner: app.py:AppContainer}\ngreet: {greeter: {greeting: ahoy}}\n"


@pytest.fixture
def settled(project):
    """The greeter's project, whose settings name its runner."""
    (project / "lolpop.yaml").write_text(SETTINGS)
    return project


@pytest.mark.parametrize(
    "command",
    [
        "verify",
        "graph",
        "config show",
        "config explain greet.greeter.greeting",
        "config schema",
        "run",
        "plan",
    ],
)
def test_every_command_leaves_the_runner_out(settled, lolpop, command):
    """With lolpop.runner set, commands work without RUNNER as they do with it."""
    words = command.split()
    at = 2 if words[0] == "config" else 1
    unnamed = lolpop(*words)
    named = lolpop(*words[:at], "app.py:AppContainer", *words[at:])
    assert (unnamed.code, unnamed.out, unnamed.err) == (named.code, named.out, named.err)
    assert unnamed.code == 0


def test_a_first_word_that_is_a_workflow_is_the_workflow(settled, lolpop):
    """`lolpop run WORKFLOW --option value` calls the project's runner."""
    assert "ahoy Ada, it is noon" in lolpop("run", "run", "--name", "Ada").out
    assert "ahoy Bob, it is noon" in lolpop("run", "--name", "Bob").out


def test_a_runner_that_is_named_stands_over_the_settings(settled, lolpop):
    """RUNNER on the command line has precedence over lolpop.runner."""
    (settled / "lolpop.yaml").write_text("lolpop: {runner: nowhere.py:AppContainer}\n")
    assert lolpop("run", "app.py:AppContainer").code == 0


def test_a_word_that_is_neither_gets_a_near_name(settled, lolpop):
    """The error for a misspelt workflow proposes the right one."""
    done = lolpop("run", "runn")
    assert done.code == 2
    assert "'runn' is neither a workflow of app.py:AppContainer nor a runner. Did you mean run?" in done.err


def test_a_misspelt_runner_of_the_settings_has_its_place(settled, lolpop):
    """The error for a runner that does not exist has the line of the setting."""
    (settled / "lolpop.yaml").write_text("lolpop:\n  runner: clasification\n")
    done = lolpop("verify")
    assert done.code == 2
    assert done.out.startswith("lolpop.yaml:2:11  lolpop.runner: there is no runner 'clasification'.")
    assert "Did you mean classification?" in done.out


def test_files_are_named_from_the_folder_of_the_settings(settled, lolpop, monkeypatch):
    """From another folder, -c finds the runner next to the settings file."""
    (settled / "elsewhere").mkdir()
    monkeypatch.chdir(settled / "elsewhere")
    assert "ahoy world" in lolpop("run", "-c", "../lolpop.yaml").out


def test_modules_are_found_from_the_folder_of_the_settings(settled, lolpop, monkeypatch):
    """`runner: module:Class` is imported from the folder of the settings file."""
    (settled / "lolpop.yaml").write_text("lolpop: {runner: 'app:AppContainer'}\n")
    (settled / "elsewhere").mkdir()
    monkeypatch.chdir(settled / "elsewhere")
    assert "hello world" in lolpop("run", "-c", "../lolpop.yaml").out


def test_a_variable_names_the_runner(project, lolpop, monkeypatch):
    """LOLPOP_LOLPOP__RUNNER sets the runner."""
    monkeypatch.setenv("LOLPOP_LOLPOP__RUNNER", "app.py:AppContainer")
    assert lolpop("run").code == 0


def test_without_any_runner_the_error_says_both_ways(project, lolpop):
    """The error names RUNNER, the setting, and the registered runners."""
    done = lolpop("run")
    assert done.code == 2
    assert "name a runner" in done.err
    assert "lolpop: {runner: NAME}" in done.err
    assert "classification" in done.err


def test_settings_that_cannot_be_read_are_json_with_the_flag(project, lolpop):
    """--json prints the error as JSON even if the runner is not known yet."""
    (project / "lolpop.yaml").write_text("lolpop: [\n")
    done = lolpop("run", "--json")
    assert (done.code, done.json["status"]) == (2, "failed")
