"""Append-only files: torn tails wait, damaged lines cost themselves, nothing is read twice or half."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.records import Note, Status, make_event_decoder


def written(path: Path, count: int = 5) -> list[Note]:
    notes = [Note(step=step, text=f"step {step} – «ü»\n") for step in range(count)]
    appender = JsonlWriter(path)
    appender.append(list(notes))
    appender.close()
    return notes


def test_truncation_at_every_byte_loses_only_what_is_cut(tmp_path: Path) -> None:
    notes = written(tmp_path / "events.jsonl")
    text = (tmp_path / "events.jsonl").read_bytes()
    for length in range(len(text) + 1):
        (tmp_path / "cut.jsonl").write_bytes(text[:length])
        whole = text[:length].count(b"\n")
        follower = JsonlReader(tmp_path / "cut.jsonl", make_event_decoder())
        assert follower.read() == notes[:whole]
        assert follower.skipped == 0
        with open(tmp_path / "cut.jsonl", "ab") as file:  # the writer continues
            file.write(text[length:])
        assert follower.read() == notes[whole:]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_random_damage_never_raises_and_costs_only_the_lines_it_hits(tmp_path_factory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("damage")
    notes = written(folder / "events.jsonl")
    sound = (folder / "events.jsonl").read_bytes()
    text = bytearray(sound)
    chance = random.Random(seed)
    hit = set()
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text))
        line = sound.count(b"\n", 0, place)
        hit |= {line, line + 1} if sound[place] == ord("\n") else {line}
        text[place] = chance.randrange(256)
    (folder / "events.jsonl").write_bytes(text)
    read = JsonlReader(folder / "events.jsonl", make_event_decoder()).read()
    for number, note in enumerate(notes):
        if number not in hit:
            assert note in read


def test_a_resumed_writer_ends_the_torn_line_of_the_killed_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    notes = written(path, 2)
    path.write_bytes(path.read_bytes()[:-7])
    appender = JsonlWriter(path)
    appender.append([Status(state="running")])
    appender.close()
    follower = JsonlReader(path, make_event_decoder())
    assert follower.read() == [notes[0], Status(state="running")]
    assert follower.skipped == 1


def test_lines_longer_than_the_limit_and_many_reads(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    appender = JsonlWriter(path)
    notes = [Note(step=step, text="x" * 3000) for step in range(20)]
    appender.append(list(notes))
    follower, read = JsonlReader(path, make_event_decoder()), []
    while records := follower.read(limit=100):
        read += records
    assert read == notes


def test_a_file_that_is_not_there_reads_as_empty(tmp_path: Path) -> None:
    assert JsonlReader(tmp_path / "none" / "events.jsonl", make_event_decoder()).read() == []


def test_unknown_kinds_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"kind":"hologram","step":1}\n[]\n\n{"kind":"note","step":1,"text":"a"}\n')
    follower = JsonlReader(path, make_event_decoder())
    assert follower.read() == [Note(step=1, text="a")]
    assert follower.skipped == 2
