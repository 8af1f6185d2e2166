"""Two processes that train together, over gloo on the CPU."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from tests.engine.train.trained import conduct, done, failed, said, trained, written
from tests.live import finished, kill, until

from descend.datasets import catalogue
from descend.datasets.preparation import prepare_dataset
from descend.engine.base.errors import UsageError
from descend.engine.launch import experiment, launcher, run_config
from descend.engine.run.records import Stop
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.train import settings
from descend.engine.train.distributed import ProcessGroup
from descend.engine.train.loader import Loader, Preprocessing, make_splits
from descend.engine.train.settings import TrainKnobs, setting
from descend.engine.train.trainer import Trainer

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two processor cores")


HUNGRY = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
    def forward(self, x):
        if len(x) > 20 and self.training:
            raise torch.OutOfMemoryError("no more")
        return self.l(x)
"""


def together(name: str, data: str, seed: int = 0, **knobs: object) -> Run:
    """A run of two processes that has been started."""
    run = launcher.prepare(RunRequest(name, knobs, seed=seed, device="cpu", data=data, devices=2))
    process = launcher.launch(run)
    threading.Thread(target=process.wait, daemon=True).start()
    return run


def points(run: Run) -> int:
    """Steps that ``run`` has recorded, in any order."""
    series = said(run).series
    return len(series["train/loss"].steps) if "train/loss" in series else 0


def processes(run: Run) -> list[psutil.Process]:
    """Those of a ``run`` that takes steps: torchrun, the first, the other."""
    before = points(run)
    until(lambda: points(run) > before)
    writer = run.writer()
    assert writer is not None
    first = psutil.Process(writer.pid)
    team = first.parent()
    assert team is not None
    return [team, first, *(child for child in team.children() if child.pid != first.pid)]


def test_two_processes_learn_what_one_does() -> None:
    knobs = {"epochs": 4, "batch_size": 21, "clip": 0.5, "schedule": "cosine", "weight_decay": 0.01, "patience": 3}
    knobs["validation"] = 0.1
    # of three batches each; the last step has 2 samples, a share of one for each
    run = finished(together("mlp", "wine", **{**knobs, "batch_size": 7, "accumulate": 3}), 120)
    assert run.state() == "done", run.log_tail(30)
    alone = said(trained("mlp", "wine", **knobs))
    for name, value in said(run).metrics.items():
        if not name.startswith("train/") or name == "train/loss":
            assert value == pytest.approx(alone.metrics[name], rel=1e-4), name


def test_a_team_ends_when_one_of_it_is_killed_and_is_resumed() -> None:
    run = together("mlp", "moons", epochs=400, batch_size=16)
    team, first, other = processes(run)
    other.terminate()  # as when the machine shuts down: the first ends the run in order
    before = points(run)
    until(lambda: points(run) > before)
    assert other.is_running()
    kill(run)
    psutil.wait_procs([team, first, other], 60)
    assert run.state() == "dead"
    assert not any(process.is_running() for process in (team, other)), "nobody is left behind"
    kept = run.checkpoint_steps()[-1]
    launcher.resume_run(run)
    team, first, other = processes(run)
    other.kill()
    finished(run)
    psutil.wait_procs([team, first], 60)
    assert not any(process.is_running() for process in (team, first))
    failure = said(run).failure
    assert failure is not None
    assert failure.title == "One of the 2 processes has ended, so the others cannot continue."
    assert failure.step >= kept


def test_the_others_are_told_that_a_run_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, ...]] = []
    monkeypatch.setattr(ProcessGroup, "tell", lambda _, *numbers: told.append(numbers))
    run = launcher.prepare(RunRequest("mlp", {}, device="cpu", data="iris"))
    run.ask(Stop())
    assert conduct(run).state() == "stopped"
    assert told[-1] == ()


def test_settings_that_are_turned_reach_the_others_without_a_list_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class More(TrainKnobs):
        dial: int = setting(3, 0, 9, group="optimiser", live=True, help="a new one")

    monkeypatch.setattr(settings, "TrainKnobs", More)
    told: list[tuple[float, ...]] = []
    monkeypatch.setattr(ProcessGroup, "tell", lambda _, *numbers: told.append(numbers))
    done("mlp", "iris", epochs=1, dial=7, clip=0.5, label_smoothing=0.1)
    chosen = experiment.find("mlp")
    assert isinstance(chosen, experiment.Training)
    lab = SimpleNamespace(dataset=catalogue.find("iris").load(), device=torch.device("cpu"), seed=0)
    other = Trainer(lab, chosen.knobs(), chosen.model)  # type: ignore[arg-type]
    heard = [list(map(float, told[0])), []]
    monkeypatch.setattr(ProcessGroup, "hear", lambda _: heard.pop(0))
    monkeypatch.setattr(Trainer, "_step", lambda *_: None)
    other.run, other.feed = torch.nn.Identity(), SimpleNamespace(parts=lambda _: ())  # type: ignore[assignment]
    other._follow()
    assert (other.k.dial, other.k.clip, other.k.label_smoothing, other.k.weight_decay) == (7, 0.5, 0.1, 0.0)


def test_where_a_step_fails_nobody_waits_for_those_in_its_midst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_to_others: list[tuple[float, ...]] = []
    monkeypatch.setattr(ProcessGroup, "tell", lambda _, *numbers: said_to_others.append(numbers))
    assert "is full" in failed(f"{written(tmp_path, HUNGRY)}:Net", "iris", batch_size=64)
    assert said_to_others[-1], "the last word was a step, to which the others cannot listen"
    said_to_others.clear()
    done("mlp", "iris")
    assert said_to_others[-1] == ()


def test_data_of_fewer_samples_than_processes_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def crowd(team: ProcessGroup, device: torch.device) -> None:
        team.device, team.rank, team.size, team._words = device, 0, 200, None

    monkeypatch.setattr(ProcessGroup, "__init__", crowd)
    assert "A batch of 120 is too few for 200 processes, and there is no more" in failed("mlp", "iris", batch_size=5000)
    assert "A batch of 64 is too few for 200 processes; raise batch_size" in failed("mlp", "iris")


@pytest.mark.parametrize("size", [2, 3, 5])
def test_shares_of_every_batch_count_as_the_whole_does(size: int) -> None:
    dataset = catalogue.find("iris").load()
    form = Preprocessing(prepare_dataset(dataset), torch.device("cpu"), channels_last=False, augment="none")
    train = make_splits(dataset, form, context=0, validation=0.0, resident=True, seed=0)[0]
    whole = Loader(train, 17, 0)  # 120 = 7 · 17 + 1: the last batch has a single sample
    shares = [Loader(train, 17, 0, share=(rank, size)) for rank in range(size)]
    for step in range(whole.per_epoch):
        mean = sum(feed.weight(step) * feed.batch(step)[0].mean(0) for feed in shares) / size
        assert torch.allclose(torch.as_tensor(mean), whole.batch(step)[0].mean(0), atol=1e-5)


@pytest.mark.parametrize("size", [1, 3])
def test_shares_of_all_batches_that_a_step_adds_count_as_one_batch_does(size: int) -> None:
    dataset = catalogue.find("iris").load()
    form = Preprocessing(prepare_dataset(dataset), torch.device("cpu"), channels_last=False, augment="none")
    train = make_splits(dataset, form, context=0, validation=0.0, resident=True, seed=0)[0]
    whole = Loader(train, 34, 0)  # 120 = 3 · 34 + 18
    shares = [Loader(train, 17, 0, share=(rank, size), accumulate=2) for rank in range(size)]  # … = 7 · 17 + 1
    assert whole.per_epoch == shares[0].per_epoch
    for step in range(2 * whole.per_epoch):
        parts = [part for feed in shares for part in feed.parts(step)]
        mean = sum(part.weight * part.x.mean(0) for part in parts) / size
        assert torch.allclose(torch.as_tensor(mean), whole.batch(step)[0].mean(0), atol=1e-5)
        assert sum(part.last for part in parts) == size


def test_what_is_wrong_with_a_model_is_said_once(tmp_path: Path) -> None:
    file = written(tmp_path, "def Net(): return nn.Linear(5, 3)\n")
    run = finished(together(f"{file}:Net", "iris"), 60)
    failure = said(run).failure
    assert failure is not None
    assert "it takes 5 numbers a sample (in_features), and was given 4" in failure.title


def test_how_many_is_checked_and_kept() -> None:
    manifest = launcher.check_request(RunRequest("mlp", {}, device="cpu", data="iris", devices=2))
    assert run_config.format_command(manifest) == "descend run mlp --data iris --device cpu --devices 2"
    for count, sentence in {0: "--devices is a whole number from 1 on", 10**4: "too many for"}.items():
        with pytest.raises(UsageError, match=sentence):
            launcher.check_request(RunRequest("mlp", {}, device="cpu", data="iris", devices=count))
    with pytest.raises(UsageError, match="A lesson runs on one device"):
        launcher.check_request(RunRequest("digits", {}, devices=2))
