"""Whatever a run folder holds: each reader says what is wrong in one line, goes to the next, and touches nothing
outside."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.engine.run.damage import deep
from tests.engine.run.fuzz_runs import template, trial, tried
from tests.recordings import HERE

from descend.engine.base import files
from descend.engine.base.errors import DescendError
from descend.engine.cli import main, shell
from descend.engine.launch import launcher, worker
from descend.engine.run import jsonl as journal
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.records import Array, Note, Scalars, Stop, make_event_decoder
from descend.engine.run.runs import Run
from descend.engine.run.summary import summarize
from descend.tui.screens.runs.run_scanner import RunScanner

SEED, COUNT = 20, 150
LINKED = ("events.jsonl", "control.jsonl", "worker.json", "worker.log", "checkpoints")


def test_runs_damaged_at_random_are_told_of_in_one_line(tmp_path: Path) -> None:
    with trial(tmp_path) as tries:
        for number in range(COUNT):
            tries.run(number, SEED)
        assert tries.findings == []


def test_the_trial_finds_what_is_wrong(tmp_path: Path) -> None:
    with trial(tmp_path) as tries:
        (tries.outside / "file").write_text("changed")
        tries.run(0, SEED)
        assert "outside" in tries.findings[0]

    def breaks() -> None:
        raise IndexError("list index out of range")

    assert tried(breaks).startswith("IndexError: list index out of range (test_damaged_runs.py")


@pytest.fixture
def broken(folders: Path) -> Run:
    """A recorded run, to be damaged, next to a sound one that was asked for later."""
    shutil.copytree(HERE / "digits", folders / "runs" / "sound")
    run = Run(template(HERE / "digits", folders / "runs" / "broken"))
    old = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**old, "created": "2025-01-01T00:00:00+0000"}))
    os.utime(run.folder, (0, 0))
    return run


def change(run: Run, **fields: object) -> None:
    """Change fields of ``run.json``."""
    file = run.folder / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


DAMAGE: dict[str, tuple[Callable[[Run], object], str]] = {
    "deep manifest": (lambda run: (run.folder / "run.json").write_text("[" * 99_999), "got `array`"),
    "deep field": (lambda run: (run.folder / "run.json").write_text('{"x":' + "[" * 99_999), "nested too deeply"),
    "seed of 400 digits": (lambda run: change(run, seed=int("9" * 400)), "at `$.seed`"),
    "knob of 400 digits": (lambda run: change(run, knobs={"lr": int("9" * 400)}), "at `$.knobs[...]`"),
    "a million devices": (lambda run: change(run, devices=10**6), "at `$.devices`"),
    "step of a parent": (lambda run: change(run, parent={"run": "x", "step": 2**63}), "at `$.parent.step`"),
    "bad byte": (lambda run: (run.folder / "run.json").write_bytes(b'{"id":"\xff"}'), "is not UTF-8"),
    "FIFO for a manifest": (lambda run: replaced(run.folder / "run.json", os.mkfifo), "run.json is a FIFO, not a file"),
    "FIFO for records": (lambda run: replaced(run.events_file, os.mkfifo), "events.jsonl is a FIFO, not a file"),
    "folder for records": (lambda run: replaced(run.events_file, os.mkdir), "events.jsonl is a folder, not a file"),
    "endless manifest": (
        lambda run: replaced(run.folder / "run.json", lambda file: os.symlink("/dev/zero", file)),
        "run.json is a link, not a file",
    ),
    "large manifest": (lambda run: os.truncate(run.folder / "run.json", 1 << 33), "run.json is larger than 4 MiB"),
}


def replaced(file: Path, make: Callable[[Path], object]) -> None:
    """Put something else in the place of ``file``."""
    file.unlink()
    make(file)


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_told_of_in_a_line_and_costs_no_other(kind: str, broken: Run, capsys) -> None:
    damage, sentence = DAMAGE[kind]
    damage(broken)
    assert main(["list", "runs"]) == 0
    listed = " ".join(capsys.readouterr().out.split())  # lines are broken where a long path leaves no room
    assert "sound" in listed
    assert sentence in listed
    assert main(["show", "broken"]) == 1
    assert sentence in (told := capsys.readouterr().err)
    assert len(told.splitlines()) == 1
    survey = RunScanner()
    list(survey.look())
    assert survey.entries["sound"].state == "done"
    assert (survey.entries["broken"].state, sentence in survey.entries["broken"].why) == ("damaged", True)
    for words in (["attach"], ["resume"], ["fork"], ["rename", "x"], ["export", "--to", "csv", "x.csv"]):
        assert main([words[0], "broken", *words[1:]]) == 1
        assert sentence.split(";")[0] in capsys.readouterr().err
    assert main(["delete", "broken", "--yes"]) == 0
    assert [run.id for run in runs.list_runs()] == ["sound"]


def test_a_run_that_may_not_be_read_is_not_to_be_deleted(broken: Run, monkeypatch) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "read_file", refuse)
    with pytest.raises(DescendError) as told:
        broken.manifest()
    assert str(told.value) == "Run 'broken' has no readable run.json (Permission denied); make it readable."


@pytest.mark.parametrize(
    "name", ["~nosuchuser/x.py:Net", f"{'a' * 300}.py:Net", "a\0.py:Net", "/dev/zero.py:Net", "/dev/fd/0.py"]
)
def test_a_run_of_a_model_that_cannot_be_there_stops_no_survey(name: str, broken: Run, capsys) -> None:
    change(broken, name=name)
    survey = RunScanner()
    list(survey.look())
    assert {run: entry.state for run, entry in survey.entries.items()} == {"sound": "done", "broken": "done"}
    assert main(["show", "broken"]) == 0
    capsys.readouterr()
    assert main(["resume", "broken"]) in (1, 2)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_links_that_lead_nowhere_cost_no_other_run(broken: Run, capsys) -> None:
    for name, target in {"far": "x" * 300, "loop": "loop", "gone": "nowhere", "closed": "/proc/1/root/x"}.items():
        broken.folder.with_name(name).symlink_to(target)
    assert main(["list", "runs"]) == 0
    assert "sound" in capsys.readouterr().out
    assert [run.id for run in runs.list_runs()] == ["sound", "broken"]


@pytest.mark.parametrize("name", ["events.jsonl", "control.jsonl", "worker.json", "worker.log"])
def test_what_is_also_a_file_elsewhere_is_not_written(name: str, broken: Run, tmp_path: Path, capsys) -> None:
    twin = tmp_path / "backup"
    twin.write_text("kept\n")
    (broken.folder / name).unlink()
    os.link(twin, broken.folder / name)
    assert main(["resume", "broken", "--detach"]) == 1
    said = capsys.readouterr().err
    assert f"{name} is also a file elsewhere (a hard link), which would change with it; put a copy" in said
    with pytest.raises(DescendError, match="hard link"):
        worker.claim(broken)
    assert twin.read_text() == "kept\n"


def test_a_run_with_folders_deeper_than_python_goes_is_measured_and_deleted(broken: Run, capsys) -> None:
    before = summarize(broken).size
    deep(broken.folder, 3000)
    assert summarize(broken).size == before
    assert main(["delete", "broken", "--yes"]) == 0
    assert os.listdir(broken.folder.parent) == ["sound"]


def test_a_run_of_the_longest_name_is_deleted(broken: Run) -> None:
    long = Run(broken.folder.rename(broken.folder.with_name("é" * 127)))
    runs.delete_run(long)
    assert os.listdir(broken.folder.parent) == ["sound"]


def test_strange_names_among_checkpoints_are_no_checkpoints(broken: Run) -> None:
    for name in ("²².pt", "77.pt", "-1.pt", "x.pt", f"{2**63}.pt", "9" * 40 + ".pt", "00000000041.pt"):
        (broken.checkpoints / name).write_bytes(b"weights")
    (broken.checkpoints / "0000000050.pt").symlink_to(broken.log_file)
    (broken.checkpoints / "0000000051.pt").mkdir()
    os.mkfifo(broken.checkpoints / "0000000052.pt")
    assert broken.checkpoint_steps() == [0, 20, 40]


def test_a_damaged_checkpoint_is_not_forked(broken: Run) -> None:
    os.truncate(broken.checkpoint(20), 1 << 36)  # a hole, which a copy would fill
    began = time.monotonic()
    with pytest.raises(DescendError, match="checkpoint of step 20 is damaged; fork from another"):
        launcher.fork_run(broken, 20)
    assert time.monotonic() - began < 10
    assert len(runs.list_runs()) == 2
    assert launcher.fork_run(broken, 40).checkpoint_steps() == [40]


def stopped(run: Run) -> None:
    """Make it a run that can be resumed."""
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    run.events_file.write_bytes(b"".join(lines[:-1]))
    os.utime(run.folder, (0, 0))
    assert run.state() == "dead"


def contents(*places: Path) -> dict[Path, object]:
    """What is in files and folders, by path."""
    files = [file for place in places for file in (place, *place.rglob("*"))]
    return {file: file.is_dir() or file.read_bytes() for file in files}


@pytest.mark.parametrize("name", LINKED)
def test_nothing_is_written_through_a_link_in_a_run(name: str, broken: Run, tmp_path: Path) -> None:
    stopped(broken)
    target = tmp_path / "elsewhere"
    (broken.folder / name).rename(target)
    (broken.folder / name).symlink_to(target)
    before = contents(target)
    with pytest.raises(DescendError, match=rf"{name} is a link"):
        launcher.resume_run(broken, lambda run: pytest.fail("a worker was started"))
    writers: dict[str, Callable[[], object]] = {
        "events.jsonl": lambda: JsonlWriter(broken.events_file),
        "control.jsonl": lambda: broken.ask(Stop()),
        "worker.json": lambda: worker.claim(broken),
        "worker.log": lambda: launcher.launch(broken),
        "checkpoints": lambda: launcher.fork_run(broken, 0),
    }
    with pytest.raises((OSError, DescendError), match=rf"{name} is a link"):
        writers[name]()
    assert contents(target) == before


def test_a_run_folder_that_is_a_link_is_read_and_deleted_as_a_link(broken: Run, tmp_path: Path, capsys) -> None:
    stopped(broken)
    target = tmp_path / "elsewhere"
    broken.folder.rename(target)
    broken.folder.symlink_to(target)
    os.utime(target, (0, 0))
    before = contents(target)
    assert summarize(broken).step > 0
    for words in (["rename", "broken", "x"], ["note", "broken", "x"], ["resume", "broken"]):
        assert main(words) == 1
        assert "broken is a link, not a folder" in capsys.readouterr().err
    assert main(["delete", "broken", "--yes"]) == 0
    assert contents(target) == before
    assert [entry.name for entry in runs.runs_home().iterdir()] == ["sound"]


def test_renaming_keeps_bytes_that_are_no_text_where_they_are_of_no_concern(broken: Run) -> None:
    file = broken.folder / "run.json"
    file.write_bytes(file.read_bytes().rstrip()[:-1] + b',"mood":"\xff","more":' + b"1" * 5000 + b"}")
    runs.amend_manifest(broken, title="a title")
    assert broken.manifest().title == "a title"
    assert b'"\xff"' in file.read_bytes()
    assert b"1" * 5000 in file.read_bytes()


def test_writing_a_manifest_leaves_alone_what_a_link_next_to_it_leads_to(broken: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (broken.folder / f".run.json.{os.getpid()}.new").symlink_to(tmp_path / "elsewhere")
    runs.amend_manifest(broken, title="a title")
    assert broken.manifest().title == "a title"
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_damaged_scalars_cost_themselves_in_every_export(broken: Run, tmp_path: Path) -> None:
    good = Scalars(steps=Array.of(np.array([500])), values={"train/loss": Array.of(np.array([0.5]))}, t=9.0)
    line = msgspec.json.encode(good)
    bad = line.replace(b"[1]", b"[3]", 1)
    with open(broken.events_file, "ab") as file:
        file.write(bad + b"\n" + line + b"\n")
    for form in ("csv", "json", "tensorboard"):
        assert main(["export", "broken", "--to", form, str(tmp_path / form)]) == 0
    assert "train/loss,500,0.5" in (tmp_path / "csv").read_text()


NUMBER = base64.b64encode(b"\0" * 8).decode()


@pytest.mark.parametrize(
    "line",
    [
        f'{{"kind":"progress","step":{2**63},"steps":1}}',
        f'{{"kind":"progress","step":1,"steps":{2**64}}}',
        '{"kind":"note","step":-1,"text":""}',
        '{"kind":"status","state":"done","at":1e300}',
        '{"kind":"status","state":"done","t":-1}',
        f'{{"kind":"knob","step":1,"knob":"lr","value":{"9" * 400},"previous":1}}',
        f'{{"kind":"scalars","steps":["i8",[-1],"{NUMBER}"],"values":{{}}}}',
        f'{{"kind":"scalars","steps":["i8",[2],"{NUMBER}"],"values":{{}}}}',
        f'{{"kind":"scalars","steps":["f8",[1],"{NUMBER}"],"values":{{}}}}',
        '{"kind":"scalars","steps":["i8",[1],"//////////8="],"values":{}}',
        '{"kind":"scalars","steps":["i4",[2],"AgAAAAEAAAA="],"values":{}}',
        f'{{"kind":"scalars","steps":["i8",[1],"{NUMBER}"],"values":{{"a":["f2",[4],"{NUMBER}"]}}}}',
        '{"kind":"images","step":1,"name":"x","pixels":["u1",[16777216,0,0],""]}',
        '{"kind":"confusion","step":1,"counts":["f4",[1,1],"AADAfw=="],"classes":["a"]}',
        '{"kind":"confusion","step":1,"counts":["i4",[1,1],"/////w=="],"classes":["a"]}',
    ],
)
def test_steps_sizes_and_kinds_are_checked_where_they_are_decoded(line: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(line + '\n{"kind":"note","step":1,"text":"after"}\n')
    history = History()
    for records in JsonlReader(tmp_path / "events.jsonl", make_event_decoder()).rest():
        history.feed(records)
    assert history.said == 1
    assert [note.text for note in history.notes] == ["after"]


def test_the_largest_step_is_read_as_it_is(tmp_path: Path) -> None:
    steps = Array.of(np.array([2**63 - 1]))
    with open(tmp_path / "events.jsonl", "wb") as file:
        file.write(msgspec.json.encode(Scalars(steps=steps, values={"a": Array.of(np.array([1.0]))})) + b"\n")
    history = History()
    for records in JsonlReader(tmp_path / "events.jsonl", make_event_decoder()).rest():
        history.feed(records)
    assert history.series["a"].steps.tolist() == [2**63 - 1]


def test_lines_that_are_too_long_are_skipped_and_read_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(journal, "LONGEST", 1 << 20)
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, count, place: (read.append(count), pread(file, count, place))[1])
    path = tmp_path / "events.jsonl"
    note = msgspec.json.encode(Note(step=1, text="here")) + b"\n"
    path.write_bytes(note + b"x" * (40 << 20) + b"\n" + note + b"y" * (5 << 20))
    follower = JsonlReader(path, make_event_decoder())
    assert [record.text for records in follower.rest() for record in records] == ["here", "here"]
    assert follower.skipped == 2
    assert sum(read) < 60 << 20
    with open(path, "ab") as file:
        file.write(b"\n" + note)
    assert [len(records) for records in follower.rest()] == [1]


def test_an_unfinished_line_is_not_read_again_before_it_grows(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 9999)
    follower = JsonlReader(path, make_event_decoder())
    assert follower.read() == []
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", lambda *_: pytest.fail("read again"))
        assert follower.read() == []
    path.write_bytes(msgspec.json.encode(Note(step=1, text="x" * 9999)) + b"\n")
    assert len(follower.read()) == 1


def test_a_hole_of_64_gibibytes_costs_nothing(broken: Run) -> None:
    size = broken.events_file.stat().st_size
    os.truncate(broken.events_file, 1 << 36)
    with open(broken.events_file, "ab") as file:
        file.write(b"\n" + msgspec.json.encode(Note(step=1, text="after")) + b"\n")
    began, history = time.process_time(), History()
    for records in broken.follow().rest():
        history.feed(records)
    assert history.notes[-1].text == "after"
    assert time.process_time() - began < 10, size


def test_much_that_is_no_record_hides_no_record_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"nothing\n" * 300_000 + msgspec.json.encode(Note(step=1, text="here")) + b"\n")
    assert [len(records) for records in JsonlReader(path, make_event_decoder()).rest()] == [1]


def test_records_that_say_nothing_are_told_of(broken: Run) -> None:
    broken.events_file.write_bytes(b"\0" * 999 + b"\n")
    os.utime(broken.folder, (0, 0))
    with pytest.raises(DescendError, match=r"The records of run 'broken' cannot be read; restore events.jsonl"):
        summarize(broken)
    broken.events_file.unlink()
    os.utime(broken.folder, (0, 0))
    assert summarize(broken).state == "dead"


def test_a_worker_file_that_cannot_be_read_is_told_of(broken: Run) -> None:
    stopped(broken)
    broken.writer_file.write_text('{"pid":99999999999999999999}')
    os.utime(broken.folder, (0, 0))
    assert summarize(broken).why.startswith("Its worker.json cannot be read")


def test_runs_asked_for_last_come_first_whatever_their_folders_are_called(folders: Path, capsys) -> None:
    times = ("2026-10-25T02:30:00+0200", "2026-10-25T02:10:00+0100", "2026-10-24T20:45:00-0400", "2026-10-25T01:05:00Z")
    for number, created in enumerate(times):
        shutil.copytree(HERE / "digits", folders / "runs" / f"run-{number}")
        change(Run(folders / "runs" / f"run-{number}"), created=created)
    assert [run.id for run in runs.list_runs()] == ["run-1", "run-3", "run-2", "run-0"]
    assert main(["list", "runs", "--json"]) == 0
    listed = [json.loads(line)["run"] for line in capsys.readouterr().out.splitlines()]
    assert listed == ["run-1", "run-3", "run-2", "run-0"]
    change(Run(folders / "runs" / "run-0"), created="2026-10-26T00:00:00Z", title="changed")
    assert runs.list_runs()[0].id == "run-0"


def test_a_run_is_opened_by_a_part_of_its_id(folders: Path, monkeypatch, capsys) -> None:
    opened: list[dict[str, object]] = []
    monkeypatch.setattr(shell, "open_shell", lambda **start: opened.append(start) or 0)
    for name in ("20260101-120000-digits-aaaa", "20260101-120000-digits-bbbb"):
        shutil.copytree(HERE / "digits", folders / "runs" / name)
    assert main(["open", "bbbb"]) == 0
    assert opened[-1]["run"].id.endswith("bbbb")
    assert main(["open", "digits"]) == 0, "a lesson comes before runs that have its name in theirs"
    assert opened[-1]["request"].name == "digits"
    assert main(["open", "20260101"]) == 2
    assert "'20260101' matches 2 runs" in capsys.readouterr().err
    assert main(["open", "digitz"]) == 2
    assert "did you mean 'digits'?" in capsys.readouterr().err
