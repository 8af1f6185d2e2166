"""`descend verify`: claims that hold and do not, crash, lack data or are cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.engine import own
from tests.terminal import descend

from descend.engine.base.errors import DescendError
from descend.engine.cli import main
from descend.engine.run import runs
from descend.engine.teaching import catalogue
from descend.engine.teaching.exercises import Verdict
from descend.engine.teaching.verify import Finding, Proof, memory
from descend.engine.teaching.verify.judge import NotJudged, judge_code
from descend.engine.teaching.verify.plan import SOLUTION, STARTER, Outcome

CLAIMS = """
    Claim("it halves", last("value") == 0.5, seeds=3),
    Claim("it halves again", last("value") / last("value", steps=8) > 1, last("value") < 17 * last("value", steps=8)),
    Claim("small seeds end below two", last("end") < 2, seeds=4, needed=2),
    Claim("all seeds do", last("end") < 2, seeds=4),
    Claim("a crash is its own", last("value", crash=True) < 2),
    Claim("a mistake is its own", computed("one", lambda it: 1.0, it={"crash": True, "start": 0.0}) < 2),
    Claim("it diverges", diverged(start=-1.0)),
    Claim("nothing is said", last("nothing") < 2),
    Claim("knobs are checked", last("value", steps=1000) < 2),
    Claim("seeds are checked", last("value") < 2, seeds=(-1,)),
"""


def verify(*words: str, **environment: str) -> tuple[int, list[dict[str, Any]], str]:
    result = subprocess.run(
        descend("verify", *words, "--json"),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


@pytest.fixture
def halving(folders: Path) -> None:
    own.install(folders, CLAIMS)


def test_each_claim_is_measured_for_each_seed_and_a_crash_costs_itself_only(halving: None) -> None:
    status, lines, errors = verify("halving")
    assert status == 1
    assert errors == ""
    claims = {line["text"]: line for line in lines if line.get("kind") == "claim"}
    assert {text for text, line in claims.items() if line["holds"]} == {
        "it halves",
        "it halves again",
        "small seeds end below two",
        "it diverges",
    }
    assert claims["it halves"]["values"] == [0.5, 0.5, 0.5]
    assert claims["it halves again"]["values"] == [16.0, 0.5]
    assert claims["it halves again"]["asks"] == "< 0.5312", "the bound with the smallest margin"
    some = claims["small seeds end below two"]
    assert (some["values"], some["held"], some["of"], some["needed"]) == ([0.5, 1.5, 2.5, 3.5], 2, 4, 2)
    assert some["worst"] == 3.5
    assert claims["all seeds do"]["why"] == "Seed 2: end is 2.5; less than 2 is asked for"
    assert claims["a crash is its own"]["values"] == []
    assert "the run died" in claims["a crash is its own"]["why"]
    assert claims["a mistake is its own"]["why"].endswith(
        "the run failed: The experiment raised ZeroDivisionError: zero"
    )
    assert "The run has no series 'nothing'" in claims["nothing is said"]["why"]
    assert claims["knobs are checked"]["why"] == "steps must be at most 100, not 1000."
    assert "A seed is a whole number" in claims["seeds are checked"]["why"]
    exercises = [line for line in lines if line.get("kind") == "exercise"]
    assert [line["holds"] for line in exercises] == [True, True]
    last = lines[-1]
    assert (last["status"], last["findings"], last["failed"]) == ("failed", 12, 6)
    assert runs.list_runs() == [], "nothing is left among the user's runs"


def test_other_seeds_take_the_place_of_the_lessons_own_and_prove_nothing_for_later(folders: Path) -> None:
    own.install(
        folders,
        'Claim("every one does", last("end") < 2, seeds=2),'
        ' Claim("half of them do", last("end") < 2, seeds=4, needed=2),',
    )
    _, lines, errors = verify("halving", "--seeds", "1-2,0,5")
    assert errors == ""
    every, half = (line for line in lines if line.get("kind") == "claim")
    assert (every["holds"], every["held"], every["of"], every["needed"]) == (False, 2, 4, 4)
    assert (half["holds"], half["held"], half["of"], half["needed"]) == (True, 2, 4, 2)
    assert every["values"] == half["values"] == [1.5, 2.5, 0.5, 5.5]
    assert not memory.find_file().exists()


@pytest.mark.parametrize("seeds", ["", "x", "-3", "9-3", "1,,2", "0-1000", "1.5", "²"])
def test_seeds_that_are_none_are_told(halving: None, seeds: str) -> None:
    assert "--seeds takes " in verify("halving", f"--seeds={seeds}")[2]


def test_equal_runs_are_done_once(halving: None) -> None:
    proof = Proof([catalogue.find_lesson("halving")])
    # the default and five steps with seeds 0 to 4, eight steps, two crashes, one that diverges, and two texts
    assert proof.total == 5 + 5 + 1 + 2 + 1 + 2
    runs_asked = [job.manifest for job in proof.jobs.values() if job.manifest is not None]
    assert {manifest.knobs["pace"] for manifest in runs_asked} == {0}


def test_a_pace_that_a_claim_sets_is_kept(folders: Path) -> None:
    lesson = own.install(folders, 'Claim("slow", last("value", pace=7) < 9),')
    manifests = [job.manifest for job in Proof([lesson]).jobs.values() if job.manifest is not None]
    assert sorted(manifest.knobs["pace"] for manifest in manifests) == [0] * 10 + [7]


def test_a_table_is_printed_where_people_read(folders: Path) -> None:
    own.install(folders, name="bare")
    own.install(folders, 'Claim("it [halves]", last("value") == 0.5),')
    result = subprocess.run(
        descend("verify", "halving", "bare"),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert result.returncode == 0, result.stdout
    assert "halving: Halving" in result.stdout
    [row] = [line for line in result.stdout.splitlines() if "it [halves]" in line]
    assert row.split()[:7] == ["holds", "it", "[halves]", "0.5", "=", "0.5", "1/1"]
    assert "5 of 5 hold (24 runs and checks," in result.stdout
    assert "Lesson 'bare' claims nothing." in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_missing_data_and_exercises_that_prove_nothing_are_found(folders: Path) -> None:
    own.install(
        folders,
        'Claim("far", last("value") < 2, data="fashion-mnist"), Claim("near", last("value") < 2),',
        **{
            "    knobs=Knobs,": '    knobs=Knobs,\n    data=("digits", "fashion-mnist"),',
            "< 0.3": "< 0.7",
            "return 3 * x": "return x",
            '"3 * x": "x + x"': '"return x": "return -x"',
        },
    )
    status, lines, _ = verify("halving")
    assert status == 1
    found = {line["text"]: line for line in lines[:-1]}
    assert found["near"]["holds"]
    missing = "Fashion-MNIST is not on this machine; `descend data fetch fashion-mnist` gets it."
    assert (found["far"]["holds"], found["far"]["why"]) == (False, missing)
    assert found["End below 0.3."]["why"] == "The default knobs solve it already (seed 0)."
    assert found["Triple a number."]["why"] == "Its solution does not pass: Three times 2 is 6, not 2."
    assert (lines[-1]["failed"], lines[-1]["without_claims"]) == (3, [])


def test_a_starter_that_passes_is_found() -> None:
    done = {(part, (), 0): Outcome(verdict=Verdict(True, "Solved.")) for part in (STARTER, SOLUTION)}
    with pytest.raises(NotJudged, match="The starter passes already"):
        judge_code(done)


def test_cut_off_it_leaves_nothing_running_and_no_folder(folders: Path, tmp_path: Path) -> None:
    own.install(folders, 'Claim("slow", last("value", wait=100.0) < 2, seeds=3),')
    (tmp_path / "t").mkdir()
    with subprocess.Popen(
        descend("verify", "halving", "--jobs", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "t")},
    ) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and len(list((tmp_path / "t").glob("*/run-*/events.jsonl"))) < 2:
            time.sleep(0.05)
        group = children(process.pid)
        assert len(group) >= 2
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not [pid for pid in group if alive(pid)]
    assert not list((tmp_path / "t").glob("descend*"))


def test_what_is_ignored_as_under_nohup_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    heeds: list[object] = []

    def proof(*_: object, **options: object) -> None:
        heeds.extend(map(signal.getsignal, (signal.SIGHUP, signal.SIGTERM)))
        raise DescendError("That is all.")

    monkeypatch.setattr("descend.engine.teaching.verify.Proof", proof)
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["verify", "digits", "--jobs", "1"]) == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heeds == [signal.SIG_IGN, signal.default_int_handler]


def children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_benches_end_if_it_is_killed(folders: Path, tmp_path: Path) -> None:
    own.install(folders, 'Claim("slow", last("value", wait=100.0) < 2),')
    (tmp_path / "t").mkdir()
    with subprocess.Popen(
        descend("verify", "halving", "--jobs", "1"),
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "t")},
    ) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not list((tmp_path / "t").glob("*/run-*/events.jsonl")):
            time.sleep(0.05)
        group = children(process.pid)
        process.kill()
    deadline = time.monotonic() + 60
    while any(map(alive, group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in group if alive(pid)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Which lessons? Name some, or say --all."),
        (("digits", "--all"), "Name lessons or say --all, not both."),
        (("digitz",), "There is no lesson 'digitz'; did you mean 'digits'?"),
        (("digits", "--jobs", "0"), "--jobs is a whole number from 1 to 64, not 0."),
        (("digits", "--jobs", "x"), "--jobs is a whole number, not 'x'."),
    ],
)
def test_bad_usage_is_told(words: tuple[str, ...], sentence: str) -> None:
    status, lines, errors = verify(*words)
    assert (status, lines) == (2, [])
    assert errors == f"descend: {sentence}\n"


def test_what_held_is_remembered_for_an_unchanged_file_and_what_failed_is_not(folders: Path) -> None:
    claims = 'Claim("it halves", last("value") == 0.5), Claim("it does not", last("value") > 1),'
    own.install(folders, claims)
    status, first, _ = verify("halving")
    assert (status, [line["before"] for line in first[:-1]]) == (1, [False] * 4)
    status, second, _ = verify("halving")
    assert status == 1
    assert {line["text"]: line["before"] for line in second[:-1]} == {
        "it halves": True,
        "it does not": False,
        "End below 0.3.": True,
        "Triple a number.": True,
    }
    lesson = catalogue.find_lesson("halving")
    assert len(Proof([lesson], remembered=True).before) == 3
    assert Proof([lesson]).before == [], "`--again` proves again"
    changed = own.install(folders, claims + " ")
    assert Proof([changed], remembered=True).before == []


def test_a_memory_of_another_engine_or_one_that_is_damaged_counts_for_nothing(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = own.install(folders, 'Claim("it halves", last("value") == 0.5),')
    held = Finding("halving", "claim", 1, "it halves", True, values=(0.5,))
    memory.remember_findings([lesson], [held])
    assert memory.recall_findings(lesson)["claim", 1].before
    memory.remember_findings([lesson], [replace(held, holds=False)])
    assert memory.recall_findings(lesson) == {}
    memory.remember_findings([lesson], [held])
    with monkeypatch.context() as patch:
        patch.setattr(memory, "digest_engine", lambda: "another")
        assert memory.recall_findings(lesson) == {}
    for damaged in ("{", "[]", '{"halving": 3}'):
        memory.find_file().write_text(damaged)
        assert memory.recall_findings(lesson) == {}
