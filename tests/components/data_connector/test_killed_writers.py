"""What is left of a file whose writer was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from csv_reading import connector

WRITER = """
import sys, time
from pathlib import Path
import pandas as pd
from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data

connector = FileDataConnector(data=Data(train="-"), folder=Path(sys.argv[1]))
with connector.writing("out.csv") as write:
    write(pd.DataFrame({"a": [1]}))
    print("writing", flush=True)
    time.sleep(60)
"""


def test_the_next_writer_removes_what_a_killed_one_left_and_nothing_that_is_written(tmp_path: Path) -> None:
    """An abandoned file is removed; a file that another process is writing is not."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
        before = set(tmp_path.glob(".lolpop-*.tmp"))
        assert len(before) == 2
        writers[0].send_signal(signal.SIGKILL)
        writers[0].wait()
        for path in before:
            os.utime(path, (time.time() - 100,) * 2)
        connector(tmp_path, "pandas").write(pd.DataFrame({"a": [2]}), "out.csv")
        assert (tmp_path / "out.csv").read_text() == "a\n2\n"
        (left,) = tmp_path.glob(".lolpop-*.tmp")
        assert left in before
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
