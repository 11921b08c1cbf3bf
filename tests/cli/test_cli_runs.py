import re

import pytest

IDS = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


def test_runs_are_listed_newest_first(project, lolpop):
    """JSON has one object a run, with its id, status, workflow, times, duration and group."""
    first = lolpop("run", "app.py", "--json").json["run_id"]
    second = lolpop("run", "app.py", "--group", "nightly-7", "--json").json["run_id"]
    document = lolpop("runs", "ls", "--json").json
    assert [run["run_id"] for run in document] == [second, first]
    newest = document[0]
    assert (newest["status"], newest["workflow"], newest["group"]) == ("completed", "run", "nightly-7")
    assert newest["duration"] > 0
    assert newest["started_at"] < newest["ended_at"]
    assert IDS.findall(lolpop("runs", "ls").out) == [second, first]
    assert IDS.findall(lolpop("runs", "ls", "-n", "1").out) == [second]
    assert IDS.findall(lolpop("runs", "ls", "--group", "nightly-7").out) == [second]


def test_looking_for_runs_makes_no_store(folder, lolpop):
    """In a folder without runs, the list is empty and no folder is created."""
    assert lolpop("runs", "ls").out == "No runs in .lolpop.\n"
    assert lolpop("runs", "ls", "--json").json == []
    assert lolpop("runs", "show", "2026").code == 1
    assert list(folder.iterdir()) == []


def test_the_store_is_beside_the_settings_file(project, lolpop, monkeypatch):
    """Runs with -c are stored, and looked up, in the folder of that file."""
    (project / "conf").mkdir()
    (project / "conf" / "app.yaml").write_text("seed: 1\n")
    assert lolpop("run", "app.py", "-c", "conf/app.yaml").code == 0
    assert (project / "conf" / ".lolpop" / "store.db").exists()
    assert not (project / ".lolpop").exists()
    assert IDS.findall(lolpop("runs", "ls", "-c", "conf/app.yaml").out)


def test_only_settings_of_the_store_are_looked_at(project, lolpop):
    """Errors in other settings do not prevent the list of runs."""
    assert lolpop("run", "app.py").code == 0
    (project / "lolpop.yaml").write_text("sede: 1\ngreet: {greeter: {greeting: '${no.where}'}}\n")
    assert lolpop("run", "app.py").code == 2
    assert IDS.findall(lolpop("runs", "ls").out)


def test_a_run_is_shown_with_tasks_and_wiring(project, lolpop):
    """A run is found by the beginning of its id, and shown with tasks, their inputs, and how it was wired."""
    run_id = lolpop("run", "app.py", "--set", "greet.greeter.greeting=ahoy", "--json").json["run_id"]
    done = lolpop("runs", "show", run_id[:-2])
    assert done.code == 0
    for text in (run_id, "completed", "greet.greet", "name: str", 'greeting="ahoy"'):
        assert text in done.out
    document = lolpop("runs", "show", run_id, "--json").json
    assert [task["path"] for task in document["tasks"]] == ["greet.greet"]
    assert document["wiring"]["components"]["greet.greeter"]["settings"] == {"greeting": "ahoy"}


def test_an_unknown_run_is_reported(project, lolpop):
    """An unknown id is an error in one line."""
    lolpop("run", "app.py")
    done = lolpop("runs", "show", "nothing")
    assert done.code == 1
    assert "nothing" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [["runs", "ls", "-n", "0"], ["runs", "show"], ["runs", "sohw", "x"]])
def test_wrong_usage_exits_2(project, lolpop, words):
    """Contradicting options are wrong usage."""
    assert lolpop(*words).code == 2
