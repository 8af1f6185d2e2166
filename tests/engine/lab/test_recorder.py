"""What is said reaches the file in time, whole where it fits, and never without its extremes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.live import until

from descend.engine.lab.recorder import INTERVAL, POINTS, Recorder, choose_extremes
from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.records import Array, Images, Note, SetKnob, Text, make_event_decoder


class Heard:
    """Collects what a recorder passes on."""

    def __init__(self, folder: Path) -> None:
        self.commands: list[object] = []
        self.watched: list[float] = []
        self.recorder = Recorder(
            folder / "events.jsonl",
            folder / "control.jsonl",
            control_from=0,
            clock=lambda: 1.0,
            heard=self.commands.append,
            watch=lambda name, steps, values: self.watched.extend(values),
            progress=lambda: None,
        )


def gathered(folder: Path) -> History:
    history = History()
    history.feed(JsonlReader(folder / "events.jsonl", make_event_decoder()).read())
    return history


def test_a_point_reaches_the_file_within_a_quarter_second_without_being_asked_to(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    heard.recorder.scalars(7, {"train/loss": 0.25})
    until(lambda: (tmp_path / "events.jsonl").stat().st_size)
    assert gathered(tmp_path).series["train/loss"].values.tolist() == [0.25]
    assert INTERVAL < 0.25
    heard.recorder.close()


def test_numbers_of_every_kind_are_points(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    for step, value in enumerate((1, 2.0, np.float32(3), np.int64(4), np.array(5.0), np.array(6, np.uint8))):
        heard.recorder.scalars(step, {"a": value})
    heard.recorder.close()
    assert gathered(tmp_path).series["a"].values.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_picture_that_no_reader_could_take_is_an_error_and_not_a_gap(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    wrong = Images(step=1, name="digits", pixels=Array.of(np.zeros((1, 2, 2), np.uint8)), captions=[7])  # type: ignore[list-item]
    heard.recorder.put(lambda: wrong)
    until(lambda: heard.recorder.error)
    assert "the images 'digits' cannot be shown: Expected `str`, got `int`" in str(heard.recorder.error)


def test_a_picture_that_replaces_another_of_its_step_is_told_once_with_its_name(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    for step, words in ((1, "a"), (2, "b"), (2, "b"), (3, "c"), (3, "d"), (4, "e"), (4, "f")):
        heard.recorder.put(Text(step=step, name="poem", text=words))
    heard.recorder.put(Text(step=4, name="prose", text="g"))
    heard.recorder.close()
    history = gathered(tmp_path)
    assert [note.text for note in history.notes] == [
        "Two pictures called 'poem' were shown at step 3, and only the second can be seen; give each a name of its own."
    ]
    assert [picture.text for picture in history.pictures["text/poem"]] == ["a", "b", "d", "f"]  # type: ignore[attr-defined]


def test_commands_are_heard_while_nothing_is_said(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    control = JsonlWriter(tmp_path / "control.jsonl")
    control.append([SetKnob(knob="lr", value=0.5)])
    time.sleep(0.15)
    assert heard.commands == [SetKnob(knob="lr", value=0.5)]
    heard.recorder.close()


def test_few_points_are_kept_whole_and_many_keep_every_spike(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    for step in range(POINTS // 2):
        heard.recorder.scalars(step, {"a": step * 0.1, "b": -step})
    heard.recorder.flush()
    for step in range(100, 50_100):
        heard.recorder.scalars(step, {"a": 1e9 if step == 33_333 else 0.0, "b": float("nan") if step == 44_444 else 1})
    heard.recorder.flush()
    heard.recorder.close()
    history = gathered(tmp_path)
    a, b = history.series["a"], history.series["b"]
    assert a.steps[:30].tolist() == list(range(30))
    assert a.values[:30].tolist() == [step * 0.1 for step in range(30)]
    assert a.steps[-1] == b.steps[-1] == 50_099
    assert a.values.max() == 1e9
    assert a.steps[a.values.argmax()] == 33_333
    assert np.isnan(b.values).sum() == 1
    assert len(heard.watched) == 2 * 50_030
    assert (tmp_path / "events.jsonl").stat().st_size < 8_000


@given(st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=400), st.integers(4, 60))
def test_reduction_keeps_the_extremes_the_last_and_every_kind_of_nan(values: list[float], room: int) -> None:
    array = np.array(values)
    kept = array[choose_extremes(array, room)]
    assert len(kept) <= 1.5 * room + 1
    assert np.array_equal(kept[-1:], array[-1:], equal_nan=True)
    assert np.isnan(kept).any() == np.isnan(array).any()
    if not np.isnan(array).all():
        assert np.nanmin(kept) == np.nanmin(array)
        assert np.nanmax(kept) == np.nanmax(array)


def test_a_full_disk_is_remembered_and_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: JsonlWriter, records: object) -> None:
        raise OSError(28, "No space left on device")

    heard = Heard(tmp_path)
    monkeypatch.setattr(JsonlWriter, "append", full)
    heard.recorder.put(Note(step=1, text="a"))
    heard.recorder.flush()
    assert heard.recorder.error is not None
    assert heard.recorder.error.errno == 28
    heard.recorder.close()
