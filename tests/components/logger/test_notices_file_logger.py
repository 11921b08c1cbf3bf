"""The logger that appends to a file."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from lolpop.components.logger.file import FileLogger
from lolpop.errors import LolpopError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text().filter(lambda text: "://" not in text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def logger(tmp_path):
    logger = FileLogger(tmp_path / "log.jsonl")
    yield logger
    logger.close()


def test_a_message_is_a_line_of_json(logger, tmp_path):
    """Each line has time, level, message, source and fields."""
    logger.log("trained", "warning", rows=3, path=Path("a/b"))
    (line,) = lines(tmp_path / "log.jsonl")
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning", "message": "trained", "run_id": None, "task": None,
        "fields": {"rows": 3, "path": "a/b"},
    }  # fmt: skip


@given(message=st.text(), fields=st.dictionaries(st.from_regex("[a-z_]{3,9}x", fullmatch=True), JSON))
def test_any_text_and_any_json_comes_back_as_it_was(tmp_path_factory, message, fields):
    """A message is exactly one line, which is parsed to the same values."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    logger = FileLogger(path)
    logger.log(message, **fields)
    logger.close()
    content = path.read_bytes()
    assert content.count(b"\n") == 1
    if "://" not in message and not any("\ud800" <= letter <= "\udfff" for letter in content.decode()):
        line = json.loads(content)
        assert (line["message"], line["fields"]) == (message, fields)


def test_nothing_is_opened_before_the_first_message(tmp_path):
    """A new logger does not touch the disk."""
    logger = FileLogger(Path("logs/log.jsonl"), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    logger.log("hello")
    logger.close()
    assert len(lines(tmp_path / "logs" / "log.jsonl")) == 1


def test_a_message_after_close_opens_the_file_again(logger, tmp_path):
    """No message is lost after close()."""
    logger.log("one")
    logger.close()
    logger.close()
    logger.log("two")
    assert [line["message"] for line in lines(tmp_path / "log.jsonl")] == ["one", "two"]


def test_secrets_are_masked_wherever_they_are(logger, tmp_path):
    """No secret and no user part of a URL is written, in fields, models, or the text of objects."""

    class Account(BaseModel):
        url: str
        password: SecretStr

    class Opaque:
        def __str__(self) -> str:
            return "postgresql://me:hunter2@host/db"

    logger.log(
        "reading s3://me:hunter2@bucket",
        password=SecretStr("hunter2"),
        account=Account(url="http://me:hunter2@host", password=SecretStr("hunter2")),
        nested={"urls": ["ftp://me:hunter2@host", Opaque()]},
    )
    assert "hunter2" not in (tmp_path / "log.jsonl").read_text()


def test_numbers_that_json_lacks_stay_readable(logger, tmp_path):
    """NaN and infinite metrics give lines that strict parsers read."""
    logger.log("measured", score=float("nan"), best=float("inf"))
    (line,) = lines(tmp_path / "log.jsonl")
    assert line["fields"] == {"score": "NaN", "best": "Infinity"}


def test_text_that_is_no_unicode_is_escaped(logger, tmp_path):
    """A file name of undecodable bytes can be logged."""
    logger.log("reading", path=Path("caf\udce9.csv"))
    (line,) = lines(tmp_path / "log.jsonl")
    assert line["fields"]["path"].startswith("caf")


def test_threads_do_not_mix_lines(logger, tmp_path):
    """Many threads of one process append whole lines."""
    text = "x" * 5000

    def write(thread: int) -> None:
        for number in range(50):
            logger.log(text, thread=thread, number=number)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = {(line["fields"]["thread"], line["fields"]["number"]) for line in lines(tmp_path / "log.jsonl")}
    assert len(seen) == 400


def test_processes_do_not_mix_lines(tmp_path):
    """Many processes append whole lines to one file."""
    program = (
        "import sys; from pathlib import Path\n"
        "from lolpop.components.logger.file import FileLogger\n"
        "logger = FileLogger(Path(sys.argv[1]))\n"
        "for number in range(200): logger.log('x' * 20000, process=sys.argv[2], number=number)\n"
        "logger.close()\n"
    )
    path = tmp_path / "log.jsonl"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(number)]) for number in range(4)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    seen = {(line["fields"]["process"], line["fields"]["number"]) for line in lines(path)}
    assert len(seen) == 800


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    """The error names the file and what to look at."""
    (tmp_path / "taken").write_text("")
    logger = FileLogger(tmp_path / "taken" / "log.jsonl")
    with pytest.raises(LolpopError, match=r"taken/log.jsonl cannot be written.*permissions"):
        logger.log("hello")


def test_a_full_disk_is_an_error():
    """A message that does not fit on the disk raises an error."""
    logger = FileLogger(Path("/dev/full"))
    with pytest.raises(LolpopError, match="/dev/full cannot be written: No space left on device"):
        logger.log("hello")
    logger.close()
