"""torchrun, srun and what they leave in the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.launch import devices, launcher, launcher_variables
from descend.engine.run.run_request import RunRequest

LEFT = {
    "RANK": "5",
    "LOCAL_RANK": "5",
    "WORLD_SIZE": "6",
    "MASTER_ADDR": "nobody.invalid",
    "MASTER_PORT": "29500",
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
    "GROUP_RANK": "1",
    "ROLE_NAME": "default",
    "PET_NNODES": "3",
}


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a job that is over."""
    for name, value in LEFT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("left")
def test_what_a_launcher_has_left_reaches_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANKING", "kept")
    around = launcher.make_environment()
    assert not LEFT.keys() & around.keys()
    assert around["RANKING"] == "kept"
    assert launcher_variables.find_rank() == (0, 1)
    launcher_variables.require_one()


@pytest.mark.usefixtures("left")
def test_the_processes_of_one_run_know_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", launcher_variables.TEAM)
    assert launcher_variables.find_rank() == (5, 6)


@pytest.mark.usefixtures("left")
def test_under_torchrun_it_says_how_to_start_it() -> None:
    script = (
        "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', 'from descend.engine.launch import "
        "launcher_variables; launcher_variables.require_one()'], stderr=sys.stdout).returncode)"
    )
    words = [sys.executable, "-c", script, "torch.distributed.run"]  # as it is called
    said = subprocess.run(words, capture_output=True, text=True).stdout
    assert "torchrun has started this command 6 times" in said
    assert "`descend run … --devices 6`" in said


@pytest.mark.parametrize("command", ["prepare", "resume", "fork"])
def test_under_srun_it_says_how_to_start_it(command: str, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = launcher.prepare(RunRequest("digits"))
    begin = {
        "prepare": lambda: launcher.prepare(RunRequest("digits")),
        "resume": lambda: launcher.resume_run(run),
        "fork": lambda: launcher.fork_run(run, 0),
    }[command]
    monkeypatch.setenv("SLURM_NTASKS", "3")
    monkeypatch.setenv("SLURM_PROCID", "0")
    launcher_variables.require_one()  # a batch script of three tasks is itself one
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    with pytest.raises(UsageError, match=r"srun has started this command 3 times.*`srun --ntasks=1 descend run … "):
        begin()


def test_without_a_loopback_interface_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert devices.check_devices(2, "cpu") == 2
    monkeypatch.setattr(launcher_variables, "LOOPBACK", "192.0.2.1")  # which is nobody's
    with pytest.raises(
        DescendError, match=r"reach one another at 192\.0\.2\.1, which does not work here \(.+\); bring"
    ):
        devices.check_devices(2, "cpu")
    assert launcher_variables.find_loopback() == {}
