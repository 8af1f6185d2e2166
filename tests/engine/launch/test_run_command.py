"""Real workers, started by the real command line, on the embedded digits."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.live import until
from tests.terminal import descend

from descend.engine.run import runs
from descend.engine.run.jsonl import JsonlReader
from descend.engine.run.records import make_event_decoder

REPOSITORY = Path(__file__).parents[3]


def call(*words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        descend(*words), capture_output=True, text=True, timeout=timeout, env={**os.environ, **environment}
    )


def test_digits_trains_above_95_percent_and_says_so_in_json() -> None:
    result = call("run", "digits", "--set", "pace=0", "--seed", "0", "--json")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[0]["status"] == "starting"
    last = lines[-1]
    assert last["status"] == "done"
    assert set(last["metrics"]) == {"train/loss", "train/accuracy", "test/loss", "test/accuracy", "parameters"}
    assert last["metrics"]["test/accuracy"] > 0.95
    assert last["metrics"]["train/loss"] < 0.1
    run = runs.find_run(last["run"])
    assert run.state() == "done"
    assert run.manifest().knobs["pace"] == 0
    assert run.manifest().data == "digits"
    assert run.manifest().versions["torch"]


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    outcomes = []
    for seed in ("3", "3", "4"):
        result = call("run", "digits", "--set", "epochs=1", "--set", "pace=0", "--seed", seed, "--json")
        outcomes.append(json.loads(result.stdout.splitlines()[-1])["metrics"])
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != outcomes[2]


def test_plain_output_ends_with_the_metrics_and_where_the_run_is(folders: Path) -> None:
    result = call("run", "digits", "--set", "epochs=2", "--set", "pace=0")
    assert result.returncode == 0, result.stderr
    assert "test/accuracy" in result.stdout
    told = re.search(r"done after ([\d.]+) s of training, ([\d.]+) s in all: ", " ".join(result.stdout.split()))
    assert told, result.stdout
    assert 0 < float(told[1]) < float(told[2])
    assert "\x1b[" not in result.stdout, "no colours where there is no terminal"


def test_a_diverging_run_fails_with_advice_and_keeps_its_curves() -> None:
    result = call("run", "digits", "--set", "activation=none", "--set", "lr=30", "--set", "pace=0", "--json")
    assert result.returncode == 1
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["status"] == "failed"
    assert last["message"].startswith("Training diverged: train/loss became")
    assert "lr is 30, try 3 or less" in " ".join(last["advice"])
    assert "train/loss" in last["metrics"]
    assert runs.find_run(last["run"]).state() == "failed"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "digit"], "There is no lesson or model 'digit'; did you mean 'digits'?"),
        (["run", "digits", "--set", "epoch=3"], "There is no knob 'epoch'; did you mean 'epochs'?"),
        (["run", "digits", "--set", "epochs=0"], "epochs must be at least 1, not 0."),
        (["run", "digits", "--set", "epochs"], "--set takes KNOB=VALUE, such as epochs=3, not 'epochs'."),
        (["run", "digits", "--seed", "x"], "--seed is a whole number, not 'x'."),
        (["run", "digits", "--seed", "-1"], "A seed is a whole number from 0 to 2147483647, not -1."),
        (["run", "digits", "--device", "cuda:99"], "on this machine, so no cuda:99; use --device cpu"),
        (["run", "digits", "--device", "gpu"], "'gpu' is not a device; use auto, cpu, cuda, cuda:N or mps."),
        (["run", "digits", "--data", "fashion-mnist"], "does not learn from 'fashion-mnist'"),
        (["run", "playground", "--set", "features=x*y"], "'x*y' is none of x, y, xy,"),
        (["run", "playground", "--data", "xor"], "its data are a knob: --set data=NAME."),
        (["run", "digits", "--jsno"], "Unrecognized arguments: --jsno; see `descend --help`."),
        (["run"], "The following arguments are required: NAME"),
        (["rum", "digits"], "There is no command 'rum'; did you mean 'run'?"),
        (["list", "lesson"], "did you mean 'lessons'?"),
        (["open", "digitz"], "did you mean 'digits'?"),
        (["open", "digits", "--set", "lr=big"], "lr is a number, not 'big'."),
        (["data", "fetch", "minst"], "did you mean 'mnist'?"),
    ],
)
def test_bad_usage_is_one_sentence_and_writes_nothing(words: list[str], sentence: str, folders: Path) -> None:
    result = call(*words)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert not folders.exists()


def test_what_the_user_typed_reaches_the_terminal_without_its_control_characters() -> None:
    result = call("show", "\x1b[31mX")
    assert result.returncode == 2
    assert "\x1b" not in result.stderr


def test_a_missing_dataset_is_never_replaced(folders: Path) -> None:
    result = call("run", "fashion-mnist")
    assert result.returncode == 1
    assert "descend data fetch fashion-mnist" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not folders.exists()


def test_a_home_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = call("run", "digits", DESCEND_HOME=str(tmp_path / "file" / "home"))
    assert result.returncode == 1
    assert "DESCEND_HOME" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def started(*settings: str) -> tuple[subprocess.Popen[str], runs.Run]:
    """A run that lasts, its command line, and its first steps taken."""
    words = ["run", "digits", "--set", "epochs=200", *settings, "--json"]
    command = subprocess.Popen(descend(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert command.stdout is not None
    run = runs.find_run(json.loads(command.stdout.readline())["run"])
    deadline = time.monotonic() + 60
    while run.state() != "running" or not command.stdout.readline():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return command, run


def test_interrupting_the_command_line_stops_the_run_and_keeps_it() -> None:
    command, run = started()
    command.send_signal(signal.SIGINT)
    output, _ = command.communicate(timeout=60)
    assert json.loads(output.splitlines()[-1])["status"] == "stopped"
    assert command.returncode == 0
    assert run.state() == "stopped"


def test_killing_the_command_line_leaves_the_worker_training() -> None:
    command, run = started()
    command.kill()
    command.wait()
    size = run.events_file.stat().st_size
    until(lambda: run.events_file.stat().st_size > size)
    writer = run.writer()
    assert writer is not None
    os.kill(writer.pid, signal.SIGTERM)
    deadline = time.monotonic() + 60
    while run.alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.state() == "stopped"


def test_a_killed_worker_is_told_as_dead_and_its_records_stay() -> None:
    command, run = started()
    writer = run.writer()
    assert writer is not None
    os.kill(writer.pid, signal.SIGKILL)
    _, errors = command.communicate(timeout=60)
    assert command.returncode == 1
    assert "died without a message" in errors
    assert run.state() == "dead"
    follower = JsonlReader(run.events_file, make_event_decoder())
    assert len(follower.read()) > 3
    assert follower.skipped == 0


def test_a_second_worker_on_one_run_is_refused() -> None:
    command, run = started()
    second = subprocess.run(
        [sys.executable, "-P", "-m", "descend.engine.launch.worker", str(run.folder), "0"],
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert "already has a worker" in second.stderr
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)


def test_an_idle_worker_ends_with_the_shell_that_started_it() -> None:
    idle = subprocess.Popen(
        [sys.executable, "-P", "-m", "descend.engine.launch.worker", "--idle"], stdin=subprocess.PIPE
    )
    time.sleep(0.5)
    assert idle.poll() is None
    assert idle.stdin is not None
    idle.stdin.close()
    assert idle.wait(60) == 0
