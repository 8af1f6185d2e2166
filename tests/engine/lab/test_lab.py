"""The lab, in this process: steps, telemetry, and what the user can do to a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import KnobSet, knob
from descend.engine.lab import checkpoints, layer_norms
from descend.engine.lab.command_queue import Stopped
from descend.engine.lab.diverged import Diverged
from descend.engine.lab.lab import Lab
from descend.engine.run import records, runs
from descend.engine.run.history import History
from descend.engine.run.knob_turns import find_knobs_at, list_turns
from descend.engine.run.runs import Manifest, Run


class Knobs(KnobSet):
    lr: float = knob(0.1, 1e-4, 100.0, live=True)
    dropout: float = knob(0.5, 0.0, 1.0, live=True)
    width: int = knob(3, 1, 9)
    pace: int = knob(0, 0, 1000, live=True)


@pytest.fixture
def run(folders: object) -> Run:
    return runs.create_run(Manifest(id="", name="trial", knobs={}, seed=0, device="cpu"))


@pytest.fixture
def lab(run: Run) -> Iterator[Lab]:
    lab = Lab(run, Knobs.parse({}), device=torch.device("cpu"), seed=0)
    yield lab
    lab.close()


def history_of(run: Run) -> History:
    history = History()
    follower = run.follow()
    while found := follower.read():
        history.feed(found)
    return history


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def endless(lab: Lab, step_seconds: float = 0.001) -> threading.Thread:
    """Take steps in a thread until stopped."""

    def work() -> None:
        try:
            for _ in lab.steps(10**9):
                lab.scalars(x=lab.step)
                time.sleep(step_seconds)
        except Stopped:
            lab.status("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_scalars_of_tensors_and_numbers_become_series(run: Run, lab: Lab) -> None:
    weight = torch.ones((), requires_grad=True)
    for step in lab.steps(10):
        lab.scalars({"train/loss": weight * (10 - step)}, plain=step)
    lab.finish()
    history = history_of(run)
    assert history.series["train/loss"].values.tolist() == [10 - step for step in range(10)]
    assert history.series["plain"].steps.tolist() == list(range(10))
    assert history.metrics == {"train/loss": 1.0, "plain": 9.0}
    assert history.status is not None
    assert history.status.state == "done"
    assert history.progress is not None
    assert (history.progress.step, history.progress.steps) == (10, 10)


def test_results_replace_the_last_points_in_the_final_metrics(run: Run, lab: Lab) -> None:
    for _ in lab.steps(3):
        lab.scalars({"train/loss": 1.0})
    lab.results(**{"train/loss": 0.5})
    lab.finish()
    assert history_of(run).metrics == {"train/loss": 0.5}


def test_pause_stops_step_takes_one_and_resume_continues(run: Run, lab: Lab) -> None:
    thread = endless(lab)
    until(lambda: lab.step > 3)
    run.ask(records.Pause())
    until(lambda: state(run) == "paused")
    held = lab.step
    time.sleep(0.2)
    assert lab.step == held
    began, clock = time.monotonic(), lab._clock.elapsed()
    for taken in (1, 2, 3):
        run.ask(records.Step())
        until(lambda taken=taken: lab.step == held + taken)
    run.ask(records.Step(count=10))
    until(lambda: lab.step == held + 13)
    time.sleep(0.2)
    assert lab.step == held + 13
    paused = time.monotonic() - began - 0.2
    assert lab._clock.elapsed() - clock <= paused, "the clock stands still while paused"
    until(lambda: history_of(run).status.step == held + 13)
    run.ask(records.Resume())
    until(lambda: lab.step > held + 50)
    assert state(run) == "running"
    run.ask(records.Stop())
    thread.join(60)
    assert state(run) == "stopped"


def state(run: Run) -> str:
    status = history_of(run).status
    return status.state if status else ""


def test_a_paused_run_can_be_stopped(run: Run, lab: Lab) -> None:
    thread = endless(lab)
    run.ask(records.Pause())
    until(lambda: state(run) == "paused")
    run.ask(records.Stop())
    thread.join(60)
    assert state(run) == "stopped"


def test_commands_said_before_the_worker_came_are_heard(run: Run) -> None:
    run.ask(records.Pause())
    lab = Lab(run, Knobs.parse({}), device=torch.device("cpu"), seed=0)
    time.sleep(0.1)
    thread = endless(lab)
    until(lambda: state(run) == "paused")
    assert lab.step == 0
    run.ask(records.Stop())
    thread.join(60)
    lab.close()


def test_a_live_knob_reaches_optimiser_and_dropout_and_leaves_a_mark(run: Run, lab: Lab) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    lab.track(net=net, sgd=sgd)
    for step in lab.steps(400):
        if step == 3:
            run.ask(records.SetKnob(knob="lr", value=0.7))
            run.ask(records.SetKnob(knob="dropout", value=0.25))
            run.ask(records.SetKnob(knob="width", value=5))
            run.ask(records.SetKnob(knob="lr", value=1e9))
        time.sleep(0.001)
    lab.finish()
    assert sgd.param_groups[0]["lr"] == 0.7
    assert net[1].p == 0.25
    history = history_of(run)
    assert [(c.knob, c.value, c.previous) for c in history.changes] == [("lr", 0.7, 0.1), ("dropout", 0.25, 0.5)]
    assert 3 < history.changes[0].step < 400
    assert [note.text for note in history.notes] == [
        "'width' cannot be turned while the run continues.",
        "lr must be at most 100, not 1000000000.0.",
    ]


def test_a_resumed_run_turns_a_knob_again_where_the_user_turned_it(run: Run) -> None:
    def trained(steps: int, resumed: dict[str, Any] | None = None, anew: float = 0.0) -> list[float]:
        turned = [turn for turn in list_turns(run) if resumed is not None and turn.step >= resumed["step"]]
        lab = Lab(run, Knobs.parse({}), device=torch.device("cpu"), seed=0, resumed=resumed, turned=turned)
        sgd, rates = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1), []
        lab.track(sgd=sgd)
        for step in lab.steps(20):
            if step == steps:  # killed, after its newest checkpoint
                break
            if resumed is None and step in (8, 12):
                lab._controls.hear(records.SetKnob(knob="lr", value=step / 10))
            if anew and step == 2:
                lab._controls.hear(records.SetKnob(knob="lr", value=anew))
            rates.append(sgd.param_groups[0]["lr"])
        lab.close()
        return rates

    rates = trained(15)
    begin = checkpoints.find_newest(run)
    assert begin is not None
    assert (begin["step"], rates) == (0, [0.1] * 9 + [0.8] * 4 + [1.2] * 2)
    assert trained(20, begin) == rates + [1.2] * 5
    assert [(turn.step, turn.value) for turn in list_turns(run)] == [(9, 0.8), (13, 1.2)]
    assert [find_knobs_at(run, step).get("lr") for step in (8, 9, 12, 13, 99)] == [None, 0.8, 0.8, 1.2, 1.2]
    assert trained(20, begin, anew=0.5)[-10:] == [0.5] * 10, "what is turned again wins"


def test_a_checkpoint_of_code_that_has_changed_is_refused(run: Run) -> None:
    def trained(resumed: dict[str, Any] | None = None, **tracked: torch.Tensor) -> int:
        lab = Lab(run, Knobs.parse({}), device=torch.device("cpu"), seed=0, resumed=resumed)
        lab.track(**tracked)
        try:
            return sum(1 for _ in lab.steps(5))
        finally:
            lab.close()

    assert trained(weights=torch.ones(1), cloud=torch.ones(2)) == 5
    begin = checkpoints.find_newest(run)
    assert begin is not None
    assert trained(begin, weights=torch.ones(1), cloud=torch.ones(2)) == 5 - begin["index"]
    with pytest.raises(
        DescendError, match="The code has changed since its checkpoint, which still holds cloud; start a new run"
    ):
        trained(begin, weights=torch.ones(1))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_ends_the_run_with_its_step(run: Run, lab: Lab, bad: float) -> None:
    with pytest.raises(Diverged) as error:  # noqa: PT012
        for step in lab.steps(1000):
            lab.scalars({"train/loss": bad if step >= 5 else 1.0})
            time.sleep(0.001)
    assert error.value.step == 5
    assert lab.step < 999


def test_a_loss_that_is_not_finite_on_the_very_last_step_is_seen(lab: Lab) -> None:
    def short() -> None:
        for step in lab.steps(3):
            lab.scalars({"train/loss": float("nan") if step == 2 else 1.0})

    with pytest.raises(Diverged, match="NaN at step 2"):
        short()


def test_layer_magnitudes_are_those_of_the_step(run: Run, lab: Lab) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    expected = {}
    for step in lab.steps(4):
        before = [p.detach().clone() for p in net.parameters()]
        sgd.zero_grad()
        net(torch.randn(5, 4)).square().sum().backward()
        sgd.step()
        changes = [(p - old).detach() for p, old in zip(net.parameters(), before, strict=True)]
        expected[step] = [
            [torch.cat([t.flatten() for t in tensors[i : i + 2]]).norm().item() for i in (0, 2)]
            for tensors in ([p.grad for p in net.parameters()], [p.detach() for p in net.parameters()], changes)
        ]
        lab.layers(net)
    lab.finish()
    pictures = history_of(run).pictures["layers"]
    assert [picture.step for picture in pictures] == [1, 2, 3]
    for picture in pictures:
        assert picture.names == ["0 Linear", "2 Linear"]
        for found, wanted in zip(
            (picture.gradient, picture.weight, picture.update), expected[picture.step], strict=True
        ):
            assert found.numpy().tolist() == pytest.approx(wanted, rel=1e-4)


def test_many_layers_are_shown_at_the_ends_and_as_often_as_time_and_log_allow(run: Run, lab: Lab) -> None:
    net = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(300)))
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, 1e-25)  # whose square is zero in single precision
    for _ in lab.steps(120):
        lab.layers(net)
    spent, elapsed = lab._layers.spent, lab._clock.elapsed()
    lab.finish()
    pictures = history_of(run).pictures["layers"]
    size = sum(len(line) for line in run.events_file.read_bytes().splitlines() if b'"layers"' in line)
    assert [pictures[0].step, pictures[-1].step] == [1, 119]
    assert len(pictures[-1].names) == 300
    assert pictures[-1].gradient.numpy().tolist() == pytest.approx([6**0.5 * 1e-25] * 300)
    assert size < layer_norms.FREE_BYTES + layer_norms.BYTES * elapsed + 4 * size / len(pictures)
    assert spent < layer_norms.FREE + layer_norms.SHARE * elapsed + 4 * spent / len(pictures)
    assert lab._layers.size == pytest.approx(size, rel=0.15)


def test_pace_bounds_the_speed_and_a_pause_is_not_made_up_for(run: Run) -> None:
    lab = Lab(run, Knobs.parse({"pace": 100}), device=torch.device("cpu"), seed=0)
    start = time.monotonic()
    for _ in lab.steps(30):
        pass
    assert 0.2 < time.monotonic() - start < 3
    time.sleep(0.3)
    start = time.monotonic()
    for _ in lab.steps(20):
        pass
    assert time.monotonic() - start > 0.1
    lab.close()


def test_one_call_of_scalars_is_cheap(lab: Lab) -> None:
    loss = torch.ones(())
    calls = 2000
    for _ in lab.steps(1):
        best = float("inf")
        for _ in range(5):
            start = time.thread_time()
            for _ in range(calls):
                lab.scalars({"train/loss": loss, "train/accuracy": loss})
            best = min(best, (time.thread_time() - start) / calls)
    print(f"one lab.scalars call with two tensors: {best * 1e6:.2f} µs")
    assert best < 50e-6, "ten times the budget, so that a busy machine does not fail the test"


def test_what_a_run_does_between_two_steps_is_told_while_it_does_it(run: Run, lab: Lab) -> None:
    def told() -> str:
        progress = history_of(run).progress
        return progress.doing if progress is not None else "nothing"

    for step in lab.steps(3, per_epoch=1):
        until(lambda: told() == "")
        if step == 1:
            with lab.doing("evaluating"):
                until(lambda: told() == "evaluating")
                with lab.doing("saving"):
                    until(lambda: told() == "saving")
                until(lambda: told() == "evaluating")
    with pytest.raises(ValueError, match="out of range"), lab.doing("evaluating"):
        raise ValueError("out of range")
    lab.finish()
    assert told() == ""
