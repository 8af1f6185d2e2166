"""A worker records what it loads before it trains."""

from __future__ import annotations

import pytest
from tests.engine.train.trained import conduct

from descend.engine.launch import launcher
from descend.engine.run.loading_times import keep_time
from descend.engine.run.records import Status
from descend.engine.run.run_request import RunRequest

pytestmark = pytest.mark.usefixtures("folders")


def test_the_data_is_told_before_the_run_trains_with_the_time_it_takes() -> None:
    keep_time("reading Wine", 3)
    run = launcher.prepare(RunRequest("mlp", {"epochs": 1}, device="cpu", data="wine"))
    conduct(run)
    said = [(record.state, record.message) for record in run.records() if isinstance(record, Status)]
    assert said[0] == ("starting", "reading Wine, usually 3 s")
    assert [state for state, _ in said[1:]] == ["running", "done"]
