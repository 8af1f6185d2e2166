"""What is said of trainings that were made to ail, and that nothing is said of healthy ones; more of both are in
`tests.benchmarks.diagnosis`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.benchmarks.diagnosis import AILING, HEALTHY, Entry, prepare
from tests.engine.train.trained import conduct

from descend.engine.diagnosis.diagnose import Diagnosis, diagnose
from descend.engine.diagnosis.finding import Finding
from descend.engine.diagnosis.rules import RULES
from descend.engine.launch import experiment, launcher
from descend.engine.run.history import History
from descend.engine.run.records import KnobChange, Status
from descend.engine.run.runs import Run
from descend.engine.teaching import catalogue

ENTRIES = {entry.name: entry for entry in (*HEALTHY, *AILING)}
HALE = ("digits mlp", "digits mlp one-cycle", "iris mlp", "diabetes linear", "own rare, balanced")
ILL = (
    "lr 3, momentum",
    "lr 10, linear",
    "lr 1e-6",
    "75 samples",
    "2 units for spirals",
    "stopped too soon",
    "8 sigmoids, zoo",
    "loud weights",
    "rare class",
    "random numbers",
    "leaking column",
    "plateau, mlp",
)


def trained(entry: Entry, folder: Path) -> Run:
    return conduct(launcher.prepare(prepare(entry, folder)))


def listen(run: Run) -> list[Finding]:
    """All that is said of ``run`` at any record of it, as if it were just being trained."""
    history, diagnosis, found = History(), Diagnosis(run), dict[str, Finding]()
    for record in run.records():
        if history.feed([record]) & {"validation/loss", "test/loss", "layers", "status"}:
            found |= {finding.name: finding for finding in diagnosis.judge(history)}
    return list(found.values())


@pytest.mark.parametrize("name", HALE)
def test_nothing_is_said_of_a_healthy_training_neither_at_the_end_nor_before(name: str, tmp_path: Path) -> None:
    assert listen(trained(ENTRIES[name], tmp_path)) == []


@pytest.mark.parametrize("name", ILL)
def test_an_ailing_training_is_told_what_ails_it_with_a_lesson_and_values_that_its_knobs_take(
    name: str, tmp_path: Path
) -> None:
    entry = ENTRIES[name]
    run = trained(entry, tmp_path)
    found = diagnose(run)
    names = [finding.name for finding in found]
    assert entry.finds in names
    assert set(names) <= {entry.finds, *entry.also}
    specs = experiment.find(run.manifest().name).knobs.specs
    for finding in found:
        assert finding.lesson in catalogue.list_outlines()
        assert all(specs[knob].parse(value) == value for knob, value in finding.knobs.items())
        assert all(run.manifest().knobs[knob] != value for knob, value in finding.knobs.items())
        assert any(character.isdigit() for character in finding.evidence)
        assert not any(word in finding.remedy for word in ("delete", "overwrite", "remove"))


def test_each_rule_has_a_training_that_was_made_for_it() -> None:
    wanted = {ENTRIES[name].finds for name in ILL} | set(ENTRIES["lr 3, momentum"].also)
    assert len(wanted) == len(RULES)


def test_of_an_older_run_that_tells_less_what_can_be_seen_is_said(tmp_path: Path) -> None:
    run = trained(ENTRIES["lr 3, momentum"], tmp_path)
    run.preparation_file.unlink()
    history = History()
    history.feed(record for record in run.records() if type(record).__name__ in ("Scalars", "Status", "Progress"))
    assert [finding.name for finding in diagnose(run, history)] == ["rate too high"]
    assert diagnose(run, History()) == []


def test_what_causes_another_finding_is_told_in_its_place(tmp_path: Path) -> None:
    run = trained(ENTRIES["lr 1e-6"], tmp_path)
    assert [finding.name for finding in diagnose(run)] == ["rate too low"]  # and not that it guesses, which follows
    history = History.of(run)
    history.feed([Status(state="running")])  # as while it trains, where no final metrics are known
    assert [finding.proposal for finding in diagnose(run, history)] == ["lr=0.001"]
    learned = History.of(run)
    learned.metrics["train/loss"] = 0.01  # as of a fork with a lower rate, whose weights a high one has made large
    assert "rate too low" not in [finding.name for finding in diagnose(run, learned)]


def test_a_rate_that_was_turned_down_is_not_blamed_for_what_the_one_before_did(tmp_path: Path) -> None:
    run = trained(ENTRIES["lr 3, momentum"], tmp_path)
    history = History.of(run)
    history.feed([KnobChange(step=100, knob="lr", value=0.01, previous=3.0)])
    found = next(finding for finding in diagnose(run, history) if finding.name == "rate too high")
    assert found.evidence.startswith("With lr=3 ")
    assert not found.knobs
    assert "lr=0.01" in found.remedy


def test_nothing_is_said_of_a_lesson_that_fails_on_purpose() -> None:
    run = Run(Path(__file__).parents[2] / "recordings" / "digits-diverged")
    assert History.of(run).failure is not None
    assert diagnose(run) == []
