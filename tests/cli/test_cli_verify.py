import subprocess
import sys


def test_a_sound_container_is_ok(project, lolpop):
    """With nothing wrong, JSON says ok and the exit code is 0."""
    done = lolpop("verify", "app.py:AppContainer", "--json")
    assert (done.code, done.json) == (0, {"ok": True, "findings": []})


def test_findings_have_path_message_severity_origin_and_hint(project, lolpop):
    """A misspelt key of a file is a finding at its line and column, with the near name, and exits 2."""
    (project / "settings.yaml").write_text("greet:\n  greeter: {greting: hi}\n")
    done = lolpop("verify", "app.py", "-c", "settings.yaml", "--json")
    assert done.code == 2
    assert done.json == {
        "ok": False,
        "findings": [
            {
                "path": "greet.greeter.greting",
                "message": "unknown setting of 'Greeter'",
                "severity": "error",
                "origin": {"source": "settings.yaml", "line": 2, "column": 13},
                "hint": "Did you mean greeting?",
            }
        ],
    }


def test_what_prevents_a_tree_is_a_finding_too(project, lolpop):
    """Broken YAML, an unknown profile and an unknown runner are findings in JSON, not tracebacks."""
    (project / "lolpop.yaml").write_text("greet: [\n")
    document = lolpop("verify", "app.py", "--json")
    assert (document.code, document.json["ok"]) == (2, False)
    assert document.json["findings"][0]["origin"]["source"] == "lolpop.yaml"
    document = lolpop("verify", "nowhere", "--json")
    assert (document.code, document.json["findings"][0]["origin"]) == (2, None)


def test_findings_are_read_one_a_line(project, lolpop):
    """Without --json each finding is a line that begins with its origin."""
    done = lolpop("verify", "app.py", "--set", "greet.greeter.greting=hi", "--set", "seed=x")
    assert done.code == 2
    assert "--set greet.greeter.greting  greet.greeter.greting: unknown setting" in done.out
    assert "--set seed  seed: " in done.out


def test_what_keeps_a_container_from_being_found_ends_with_one_period(project, lolpop):
    """An error that is not a finding ends with one period, too."""
    (project / "empty.py").write_text("")
    done = lolpop("verify", "empty.py")
    assert done.code == 2
    assert done.out.splitlines()[0] == "empty.py declares no RunnerContainer."


def test_a_warning_leaves_the_container_ok(project, lolpop):
    """A link to a variable that is not set is a warning: CI verifies without credentials."""
    done = lolpop("verify", "app.py", "--set", "greet.greeter.greeting=${env:NOT_THERE}", "--json")
    assert done.code == 0
    assert done.json["ok"] is True
    assert [finding["severity"] for finding in done.json["findings"]] == ["warning"]


def test_verification_imports_no_library_that_the_container_does_not_use(project):
    """The greeter is verified without scikit-learn, pandas, SQLAlchemy or rich."""
    code = (
        "import sys; from lolpop.cli import main; assert main(['verify', 'app.py']) == 0; "
        "heavy = {'sklearn', 'pandas', 'numpy', 'sqlalchemy', 'rich', 'optuna'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
