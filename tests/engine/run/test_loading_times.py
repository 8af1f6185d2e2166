"""What a run waits for before it trains is told, with how long that takes as a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.run import loading_times
from descend.engine.run.history import History
from descend.engine.run.loading_times import IMPORTING, describe_loading, describe_stage, keep_time, time_stage
from descend.engine.run.records import Status

pytestmark = pytest.mark.usefixtures("folders")


def test_a_time_is_told_once_it_is_known_and_the_latest_counts_most() -> None:
    assert describe_stage(IMPORTING) == "importing torch"
    keep_time(IMPORTING, 5.2)
    assert describe_stage(IMPORTING) == "importing torch, usually 5 s"
    keep_time(IMPORTING, 9.4)
    assert describe_stage(IMPORTING) == "importing torch, usually 7 s"
    keep_time("reading digits", 0.2)
    assert describe_stage("reading digits") == "reading digits"


def test_a_stage_that_fails_has_no_time() -> None:
    with pytest.raises(ValueError, match="no data"), time_stage("reading pets"):
        raise ValueError("no data")
    assert not loading_times.file().exists()
    with time_stage("reading pets"):
        pass
    assert loading_times.file().exists()


@pytest.mark.parametrize("text", ["", "[1]", '{"importing torch": "soon"}', '{"importing torch": 1e999}', "\x00", "{"])
def test_a_damaged_file_tells_nothing_and_is_replaced(folders: Path, text: str) -> None:
    folders.mkdir(parents=True, exist_ok=True)
    loading_times.file().write_text(text)
    assert describe_stage(IMPORTING) == IMPORTING
    keep_time(IMPORTING, 3)
    assert describe_stage(IMPORTING) == "importing torch, usually 3 s"


def test_only_the_latest_times_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading_times, "KEPT", 2)
    for name in "abc":
        keep_time(name, 4)
    assert [describe_stage(name) for name in "abc"] == ["a", "b, usually 4 s", "c, usually 4 s"]


def test_a_run_waits_for_torch_then_for_what_it_says_then_for_nothing() -> None:
    keep_time(IMPORTING, 4)
    history = History()
    assert describe_loading(history) == "importing torch, usually 4 s"
    history.feed([Status(state="starting")])
    assert describe_loading(history) == "importing torch, usually 4 s"
    history.feed([Status(state="starting", message="reading digits")])
    assert describe_loading(history) == "reading digits"
    history.feed([Status(state="running", device="cpu")])
    assert describe_loading(history) == ""
