"""Everything that can be said to a run from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tests.live import finished, history_of, kill, launch, training, until
from tests.terminal import Terminal, descend

from descend.engine.base.units import format_size
from descend.engine.cli import main
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.liveness import Writer, read_boot_id
from descend.engine.run.records import FORMAT, Status
from descend.engine.run.runs import ENDED, Run
from descend.engine.run.summary import summarize


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    """``say("pause", run.id)`` → exit status, standard output, standard error."""

    def say(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(list(words))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return say


def test_detached_it_says_only_which_run_it_is_and_everything_can_be_said_to_it(folders: Path, say) -> None:
    began = time.monotonic()
    command = subprocess.run(
        descend("run", "digits", "--set", "epochs=200", "--set", "pace=100", "--detach"), capture_output=True, text=True
    )
    assert time.monotonic() - began < 60, "the run itself takes ninety seconds"
    assert (command.returncode, command.stderr) == (0, "")
    run = runs.find_run(command.stdout.removesuffix("\n"))
    assert run.id == command.stdout.strip()
    training(run)

    status, output, _ = say("pause", run.id[-4:])
    assert status == 0
    held = history_of(run).status.step
    assert output == f"Run {run.id} is paused at step {held}.\n"
    assert run.state() == "paused"
    assert say("pause", run.id)[1] == f"Run {run.id} is paused already.\n"
    assert say("step", run.id)[1] == f"Run {run.id} is paused at step {held + 1}.\n"
    assert say("step", run.id, "--count", "5")[1] == f"Run {run.id} is paused at step {held + 6}.\n"
    status, output, _ = say("set", run.id, "lr=0.05", "pace=400")
    assert status == 0
    assert output.splitlines()[0] == f"lr: 0.3 → 0.05 from step {held + 6} on"
    assert [(c.knob, c.value) for c in history_of(run).changes] == [("lr", 0.05), ("pace", 400)]

    size = run.control_file.stat().st_size
    for words, sentence in (
        (["lrr=1"], "There is no knob 'lrr'; did you mean 'lr'?"),
        (["hidden=8"], "hidden cannot be turned while the run continues, only lr, pace; fork the run to change it."),
        (["lr=0.1", "lr=1000"], "lr must be at most 100, not 1000."),
        (["lr=0.1", "pace=fast"], "pace is a whole number, not 'fast'."),
        (["lr"], "set takes KNOB=VALUE, such as epochs=3, not 'lr'."),
    ):
        assert say("set", run.id, *words) == (2, "", f"descend: {sentence}\n")
    assert say("step", run.id, "--count", "0")[0] == 2
    assert run.control_file.stat().st_size == size, "nothing is said unless all of it is right"
    status, _, error = say("delete", run.id, "--yes")
    assert status == 2
    assert "stop it first" in error

    assert say("resume", run.id, "--detach")[:2] == (0, f"{run.id}\n")
    until(lambda: history_of(run).progress.step > held + 60)
    assert say("resume", run.id)[2] == f"descend: Run '{run.id}' is running already.\n"
    status, output, _ = say("stop", run.id)
    assert status == 0
    assert output.startswith(f"Run {run.id} is stopped after ")
    assert not run.alive()
    for words in (["stop"], ["pause"], ["step"], ["set", "lr=0.1"]):
        status, output, error = say(words[0], run.id, *words[1:])
        assert (status, output) == (2, "")
        assert "is stopped, so no worker listens; `descend resume" in error


def test_attach_follows_and_ctrl_c_only_leaves(folders: Path, say) -> None:
    run = training(launch(epochs=200, pace=100))
    with subprocess.Popen(
        descend("attach", run.id, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        lines = [json.loads(watching.stdout.readline()) for _ in range(5)]
        assert lines[0] == {"status": "running", "run": run.id}
        assert lines[4]["step"] > lines[1]["step"]
        watching.send_signal(signal.SIGINT)
        _, error = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert f"Left run '{run.id}' training" in error
    step = history_of(run).progress.step
    until(lambda: history_of(run).progress.step > step + 20)

    with subprocess.Popen(descend("attach", run.id), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None
        watching.stdout.readline()
        kill(run)
        assert watching.wait(60) == 1
        assert watching.stderr is not None
        assert b"is dead. Its worker died without a message" in watching.stderr.read()

    with subprocess.Popen(
        descend("resume", run.id, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        while json.loads(watching.stdout.readline())["status"] != "running":
            pass
        watching.send_signal(signal.SIGINT)
        output, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert json.loads(output.splitlines()[-1])["status"] == "stopped"
    assert run.state() == "stopped"
    status, output, _ = say("attach", run.id)
    assert status == 0
    assert "test/accuracy" in output
    assert "stopped after" in output


def test_a_fork_is_followed_like_a_run(folders: Path, say) -> None:
    parent = finished(launch(epochs=3, pace=0))
    status, output, error = say("fork", parent.id, "--at", "1", "--set", "lr=0.1", "--json")
    assert status == 0, error
    assert "The checkpoint nearest to step 1 is that of step 0." in error
    last = json.loads(output.splitlines()[-1])
    assert last["status"] == "done"
    child = runs.find_run(last["run"])
    assert child.manifest().parent == runs.Parent(parent.id, 0)
    assert child.manifest().knobs["lr"] == 0.1
    status, output, _ = say("fork", parent.id, "--set", "epochs=4", "--detach")
    assert status == 0
    grandchild = finished(runs.find_run(output.strip()))
    assert grandchild.manifest().parent == runs.Parent(parent.id, 135)
    assert history_of(grandchild).status.step == 180
    for words in (["--at", "x"], ["--at", "-1"], ["--set", "epoch=3"]):
        assert say("fork", parent.id, *words)[0] == 2
    assert len(runs.list_runs()) == 3


def test_a_run_is_shown_with_its_curves_and_mistakes_and_listed(folders: Path, say) -> None:
    run = finished(launch(epochs=3, pace=0, hidden=16))
    assert say("rename", run.id, "narrow [red]one\x1b[31m") == (0, "", "")
    assert say("note", run.id, "try wider")[0] == 0
    status, output, _ = say("show", run.id)
    assert status == 0
    assert f"{run.id}  narrow [red]one[31m" in output
    assert "done: Finished after 135 steps." in output
    assert "epochs=3, hidden=16, pace=0" in output
    assert "try wider" in output
    assert "█" in output
    assert "\x1b" not in output
    accuracy = history_of(run).metrics["test/accuracy"]
    assert f"{accuracy:.4g}" in output
    rows = output[output.index("true (rows) by predicted") :].splitlines()[2:12]
    diagonal = sum(int(row.split()[1 + digit].replace(".", "0")) for digit, row in enumerate(rows))
    assert diagonal / 360 == pytest.approx(accuracy)

    shown = json.loads(say("show", run.id, "--json")[1])
    assert shown["state"] == "done"
    assert shown["changed_knobs"] == {"epochs": 3, "hidden": 16, "pace": 0}
    assert sum(map(sum, shown["confusion"]["test"]["counts"])) == 360
    assert shown["series"]["train/loss"]["points"] > 10
    (row,) = [json.loads(line) for line in say("list", "runs", "--json")[1].splitlines()]
    assert (row["run"], row["state"], row["title"], row["key"]) == (
        run.id,
        "done",
        "narrow [red]one[31m",
        "test/accuracy",
    )
    assert row["metrics"]["test/accuracy"] == accuracy
    assert row["size"] > run.events_file.stat().st_size
    table = say("list", "runs")[1]
    assert f"accuracy {accuracy:.4g}" in table
    assert format_size(row["size"]) in table


def test_runs_are_deleted_after_a_yes(folders: Path, say) -> None:
    kept, one, other = (abandoned() for _ in range(3))
    status, _, error = say("delete", one.id)
    assert status == 2
    assert "--yes" in error
    assert say("delete", one.id, "nonsense", "--yes")[0] == 2
    assert len(runs.list_runs()) == 3, "all or none"
    with Terminal(descend("delete", one.id), columns=120) as terminal:
        terminal.wait("[y/N]")
        terminal.press("n\r")
        terminal.wait("Nothing was deleted.")
        assert terminal.end() == 0
    with Terminal(descend("delete", one.id), columns=120) as terminal:
        terminal.wait("[y/N]")
        terminal.press("y\r")
        terminal.wait("Deleted 1 run.")
        assert terminal.end() == 0
    assert say("delete", other.id, other.id, "--yes")[1] == "Deleted 1 run.\n"
    assert [run.id for run in runs.list_runs()] == [kept.id]
    assert [folder.name for folder in kept.folder.parent.iterdir()] == [kept.id]


def abandoned() -> Run:
    """A run that was made, but not started, an hour ago."""
    manifest = runs.Manifest(id="", name="digits", knobs={"lr": 0.3}, seed=0, device="cpu")
    run = runs.create_run(manifest)
    os.utime(run.folder, (time.time() - 3600,) * 2)
    return run


@pytest.fixture
def made(folders: Path) -> Run:
    return abandoned()


def sign(run: Run, **fields: object) -> None:
    """Write a ``worker.json`` that says it is this process, but for ``fields``."""
    import msgspec

    run.writer_file.write_bytes(msgspec.json.encode(msgspec.structs.replace(Writer.this_process(), **fields)))
    for file in (run.folder, run.writer_file):
        os.utime(file, (time.time() - 3600,) * 2)


def test_states_claim_only_what_is_known(made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (made.state(), summarize(made).why) == ("dead", "No worker ever took it.")
    assert summarize(made).advice == [f"`descend resume {made.id}` starts it again."]
    os.utime(made.folder)
    assert made.state() == "starting"
    sign(made)
    assert made.state() == "starting"
    sign(made, birth=1.0)
    assert made.state() == "dead", "a process that got the pid later is not its worker"
    sign(made, birth=0.0, started=1.0)
    assert made.state() == "dead", "nor if an older version signed"
    monkeypatch.setattr("descend.engine.run.summary.count_memory_kills", lambda: 7)
    sign(made, birth=1.0, memory_kills=7)
    assert summarize(made).why.endswith("it was killed, and not for lack of memory.")
    sign(made, birth=1.0, memory_kills=6)
    assert "likely for lack of memory" in summarize(made).why
    sign(made, birth=1.0, memory_kills=None)
    assert summarize(made).why.endswith("it was killed, by the system or by someone.")
    if read_boot_id():
        sign(made, boot="another")
        assert summarize(made).why.startswith("The machine was restarted while it trained")
    sign(made, birth=1.0)
    made.log_file.write_text(f"worker began: 1\n{ENDED} it had \x1b[31menough.\n")
    assert summarize(made).why == "Its worker ended at step 0: it had [31menough."
    sign(made, host="elsewhere", boot="another")
    assert "on elsewhere, has shown no sign of life" in summarize(made).why
    made.events_file.write_bytes(b"")
    assert made.state() == "starting", "it was heard of just now"


def test_several_runs_are_stopped_or_none(made: Run, say) -> None:
    another = abandoned()
    for run in (made, another):
        sign(run)
    os.utime(another.writer_file)
    sign(another, birth=1.0)
    status, output, error = say("stop", made.id, another.id)
    assert (status, output) == (2, "")
    assert f"Run '{another.id}' is dead, so no worker listens" in error
    assert not made.control_file.exists(), "all or none"
    sign(another)
    for run in (made, another):
        stopping = threading.Timer(0.3, stopped, [run])
        stopping.start()
    status, output, error = say("stop", made.id, another.id, made.id)
    assert (status, error) == (0, "")
    assert output == "".join(f"Run {run.id} is stopped after 7 steps.\n" for run in (made, another))
    assert made.control_file.read_text().count("stop") == another.control_file.read_text().count("stop") == 1


def stopped(run: Run) -> None:
    """What a worker says that obeys, and is gone."""
    events = JsonlWriter(run.events_file)
    events.append([Status(state="stopped", step=7)])
    events.close()
    sign(run, birth=1.0)


def test_a_clock_that_was_set_back_makes_no_run_younger_than_nothing(made: Run, say, monkeypatch) -> None:
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: before - 7200)
    assert json.loads(say("list", "runs", "--json")[1])["age"] == 0
    assert " 0 s" in say("list", "runs")[1] or " 0.0 s" in say("list", "runs")[1]


def test_what_may_not_be_deleted_is_said_and_stays_whole(made: Run, say, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: Path(path) != made.folder and may(path, mode))
        status, output, error = say("delete", "--yes", made.id)
    assert (status, output) == (1, "")
    assert f"cannot be deleted: no permission to remove anything from {made.folder}." in error
    assert made.manifest()
    unlink = os.unlink

    def refusing(path: str, **how: object) -> None:
        if str(path) == "run.json":
            raise PermissionError(1, "Operation not permitted", path)
        unlink(path, **how)

    monkeypatch.setattr(os, "unlink", refusing)
    status, output, error = say("delete", "--yes", made.id)
    assert (status, output) == (1, "")
    left = made.folder.with_name(f".{made.id}.deleted")
    assert "is deleted only in part: run.json could not be removed (Operation not permitted); allow it" in error
    assert [file.name for file in left.iterdir()] == ["run.json"]


def test_a_run_of_a_newer_format_is_left_alone(made: Run, say) -> None:
    manifest = made.folder / "run.json"
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "format": FORMAT + 1}))
    for words in (["show"], ["attach"], ["rename", "x"]):
        status, _, error = say(words[0], made.id, *words[1:])
        assert status == 1
        assert "newer format than this descend reads; update descend" in error
    assert json.loads(say("list", "runs", "--json")[1])["state"] == "damaged"


def test_renaming_keeps_what_only_a_newer_version_knows(made: Run, say) -> None:
    manifest = made.folder / "run.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "mood": "hopeful"}))
    assert say("rename", made.id, "a title")[0] == 0
    assert json.loads(manifest.read_text())["mood"] == "hopeful"
    assert made.manifest().title == "a title"


@pytest.mark.parametrize("command", ["attach", "pause", "resume", "step", "stop", "show", "delete"])
def test_an_unknown_run_is_said_in_a_sentence(command: str, made: Run, say) -> None:
    status, output, error = say(command, "20000101")
    assert (status, output) == (2, "")
    assert error.startswith("descend: There is no run '20000101'")
    assert len(error.splitlines()) == 1


def test_a_curve_without_points_is_shown_as_none(made: Run, say) -> None:
    assert history_of(made).series == History().series
    assert say("show", made.id)[0] == 0
