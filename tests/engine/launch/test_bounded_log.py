"""A worker's log stays small, whatever a model prints: its beginning and its end are kept."""

from __future__ import annotations

import os
from pathlib import Path

from descend.engine.launch import bounded_log


def test_the_middle_of_a_long_log_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(100_000):
        os.write(writer, f"line {number:06d} {'x' * 50}\n".encode())
    written = log.stat().st_size
    bounded_log.cut_log(log)
    os.write(writer, b"the last line\n")
    os.close(writer)
    lines = log.read_text().splitlines()
    assert log.stat().st_size < 2 * bounded_log.KEPT + 8192 < written
    assert lines[0].startswith("line 000000")
    assert lines[-2:] == [f"line 099999 {'x' * 50}", "the last line"]
    [told] = [line for line in lines if "bytes were cut here" in line]
    gone = int(told.split()[1].replace(",", ""))
    assert abs(written - gone - 2 * bounded_log.KEPT) < 200


def test_a_short_log_stays_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_bytes(b"a line\n" * 1000)
    bounded_log.cut_log(log)
    assert log.read_bytes() == b"a line\n" * 1000
