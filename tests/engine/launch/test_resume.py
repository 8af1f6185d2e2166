"""Kill, resume, fork: a resumed run is bit for bit the uninterrupted one."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
import torch
from tests.live import finished, history_of, kill, launch

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.lab import checkpoints
from descend.engine.launch import launcher
from descend.engine.run import runs
from descend.engine.run.runs import Run


def same(one: object, other: object) -> bool:
    """Whether two checkpoints' contents are equal, every bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return isinstance(other, (list, tuple)) and len(one) == len(other) and all(map(same, one, other))
    return one == other


def final_state(run: Run) -> dict[str, object]:
    """Weights, optimiser, generators and last metrics of the newest checkpoint."""
    content = checkpoints.find_newest(run)
    assert content is not None
    return {name: content[name] for name in ("step", "tracked", "rng", "last")}


def test_killed_at_random_moments_and_resumed_it_ends_in_the_same_bits(folders: Path) -> None:
    whole = finished(launch())
    assert whole.state() == "done"
    run, chance = launch(), random.Random(time.time_ns())
    for _ in range(3):
        while run.state() != "running":
            time.sleep(0.01)
        time.sleep(chance.random())
        if run.state() == "done":
            break
        kill(run)
        follower = run.follow()
        follower.read(1 << 24)
        assert follower.skipped <= 1, "only the line that was being written may be torn"
        launcher.resume_run(run)
    finished(run)
    assert run.state() == "done"
    assert same(final_state(run), final_state(whole))
    one, other = history_of(run), history_of(whole)
    assert one.metrics == other.metrics
    for name in ("test/loss", "test/accuracy"):
        assert one.series[name].steps.tolist() == other.series[name].steps.tolist()
        assert one.series[name].values.tolist() == other.series[name].values.tolist()


def test_a_stopped_run_resumes_from_where_it_was(folders: Path) -> None:
    from descend.engine.run.records import Stop

    run = launch(pace=100)
    while run.state() != "running":
        time.sleep(0.01)
    time.sleep(0.5)
    run.ask(Stop())
    finished(run)
    assert run.state() == "stopped"
    stopped_at = history_of(run).status.step
    assert run.checkpoint_steps()[-1] == stopped_at
    launcher.resume_run(run)
    while run.state() != "running":
        time.sleep(0.01)
    assert history_of(run).elapsed >= 0.5
    run.ask(Stop())
    finished(run)
    assert history_of(run).status.step >= stopped_at


def test_two_processes_that_resume_one_run_get_one_worker(folders: Path) -> None:
    run = launch(pace=100)
    while run.state() != "running":
        time.sleep(0.01)
    kill(run)
    outcomes: list[str] = []

    def resume() -> None:
        try:
            launcher.resume_run(run)
            outcomes.append("resumed")
        except DescendError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=resume) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("resumed") == 1, outcomes
    with pytest.raises(UsageError, match="already"):
        launcher.resume_run(run)
    kill(run)


def test_a_fork_begins_at_its_checkpoint_with_one_thing_changed(folders: Path) -> None:
    parent = finished(launch(epochs=4, pace=100))  # so slowly that every point is kept
    step = parent.checkpoint_steps()[1]
    child = launcher.fork_run(parent, step + 1, {"lr": "0.01"})
    assert child.manifest().parent == runs.Parent(parent.id, step)
    launcher.launch(child)
    finished(child)
    history = history_of(child)
    assert child.state() == "done"
    assert [(c.knob, c.previous, c.value, c.step) for c in history.changes] == [("lr", 0.3, 0.01, step)]
    assert step <= history.series["train/loss"].steps[0] < step + 5
    unchanged = launcher.fork_run(parent, step)
    launcher.launch(unchanged)
    finished(unchanged)
    assert same(final_state(unchanged), final_state(parent))


def test_a_fork_of_a_finished_run_with_more_epochs_trains_on(folders: Path) -> None:
    parent = finished(launch(epochs=2))
    child = launcher.fork_run(parent, 90, {"epochs": 3})
    launcher.launch(child)
    finished(child)
    history = history_of(child)
    assert history.status is not None
    assert (child.state(), history.status.step) == ("done", 135)
    assert same(final_state(child), final_state(finished(launch(epochs=3))))


def test_a_fork_that_changes_the_networks_shape_is_explained(folders: Path) -> None:
    parent = finished(launch(epochs=2))
    child = launcher.fork_run(parent, 0, {"hidden": 7})
    launcher.launch(child)
    finished(child)
    assert child.state() == "failed"
    assert "does not fit 'net'" in history_of(child).failure.title


def test_what_cannot_be_resumed_is_said(folders: Path) -> None:
    run = finished(launch(epochs=1, activation="none", lr=30))
    with pytest.raises(DescendError, match="diverged and would again"):
        launcher.resume_run(run)
    done = finished(launch(epochs=1))
    with pytest.raises(UsageError, match="is done; fork it"):
        launcher.resume_run(done)


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(folders: Path) -> None:
    run = finished(launch(epochs=12))
    steps = run.checkpoint_steps()
    assert len(steps) > 2
    child = launcher.fork_run(run, steps[-1])
    for damaged in (run, child):
        damaged.checkpoint(steps[-1]).write_bytes(damaged.checkpoint(steps[-1]).read_bytes()[:1000])
    content = checkpoints.find_newest(run)
    assert content is not None
    assert content["step"] == steps[-2]
    with pytest.raises(DescendError, match=f"checkpoint of step {steps[-1]:,} is damaged; fork from another step"):
        launcher.fork_run(run, steps[-1])
    launcher.launch(child)
    finished(child)
    assert [note.text for note in history_of(child).notes] == [
        f"The checkpoint of step {steps[-1]} is damaged, so the run resumes from the beginning."
    ]


def test_a_run_that_can_not_be_read_is_refused_before_a_worker_starts(folders: Path) -> None:
    run = launch()
    while run.state() != "running":
        time.sleep(0.01)
    kill(run)
    (run.folder / "run.json").write_text("{")
    size = run.log_file.stat().st_size
    with pytest.raises(DescendError, match=r"no readable run\.json"):
        launcher.resume_run(run)
    assert run.log_file.stat().st_size == size


def test_thinning_keeps_first_newest_and_best_and_spreads_the_rest_over_log_steps() -> None:
    steps = list(range(0, 10_001, 100))
    kept = checkpoints.choose_kept(steps, best=4200, beside=10)
    assert len(kept) == 12
    assert checkpoints.choose_kept(steps, best=4200, beside=0) == {4200, 10_000}
    assert checkpoints.choose_kept(steps, best=None, beside=1) == {0, 10_000}
    assert checkpoints.choose_kept([0, 1], best=1, beside=10) == {0, 1}
    assert {0, 4200, 10_000} <= kept
    assert len([step for step in kept if step < 1000]) >= 3


def test_a_run_with_a_knob_that_its_lesson_has_lost_says_so(folders: Path) -> None:
    run = runs.create_run(
        runs.Manifest(id="", name="digits", knobs={"epochs": 1, "frozen": True}, seed=0, device="cpu")
    )
    run.checkpoints.mkdir()
    torch.save({"step": 0}, run.checkpoint(0))
    for again in (lambda: launcher.resume_run(run), lambda: launcher.fork_run(run, 0)):
        with pytest.raises(DescendError, match="the knob 'frozen', which digits no longer has, so it neither resumes"):
            again()
