"""The IDX reader: it returns what was written, or says in a sentence what is wrong."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descend.datasets import idx
from descend.engine.base.errors import DescendError

SHAPE = (3, 4, 5)
VALUES = np.arange(60, dtype=np.uint8).reshape(SHAPE)
PLAIN = bytes((0, 0, 8, 3)) + struct.pack(">3I", *SHAPE) + VALUES.tobytes()
PACKED = gzip.compress(PLAIN, mtime=0)
BOTH = pytest.mark.parametrize(("name", "whole"), [("x", PLAIN), ("x.gz", PACKED)], ids=["plain", "compressed"])
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(file: Path, content: bytes, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    file.write_bytes(content)
    return idx.read_idx(file, shape, "fetch it again")


def refused(file: Path, content: bytes, shape: tuple[int, ...] = SHAPE) -> str:
    """The sentence that refuses ``content``."""
    with pytest.raises(idx.DamagedFile) as raised:
        read(file, content, shape)
    message = str(raised.value)
    assert message.startswith(f"{file} is damaged (")
    assert message.endswith("; fetch it again.")
    return message


@BOTH
def test_what_was_written_is_read(name: str, whole: bytes, tmp_path: Path) -> None:
    values = read(tmp_path / name, whole)
    assert np.array_equal(values, VALUES)
    assert values.dtype == np.uint8
    assert values.flags.writeable


@BOTH
def test_a_file_cut_anywhere_is_refused(name: str, whole: bytes, tmp_path: Path) -> None:
    for length in range(len(whole)):
        refused(tmp_path / name, whole[:length])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x", PLAIN + b"\0", "longer than its header says"),
        ("x.gz", gzip.compress(PLAIN + b"\0"), "longer than its header says"),
        ("x.gz", PACKED + PACKED, "longer than its header says"),
        ("x.gz", PACKED + b"more", "compression is broken"),
        ("x.gz", PLAIN, "compression is broken"),
        ("x", PACKED, "not in the IDX format"),
        ("x", b"<!DOCTYPE html><html></html>", "not in the IDX format"),
        ("x", b"\0\0\x0d" + PLAIN[3:], "not unsigned bytes"),
        ("x", b"\0\0\x08\x01" + PLAIN[4:], "1 dimensions instead of 3"),
        ("x", PLAIN[:4] + struct.pack(">3I", 2**32 - 1, 4, 5) + PLAIN[16:], "4,294,967,295 × 4 × 5 values instead of"),
    ],
)
def test_the_sentence_says_what_is_wrong(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    assert reason in refused(tmp_path / name, content)


@given(place=st.integers(0, len(PACKED) - 1), flip=st.integers(1, 255))
@quick
def test_a_changed_byte_of_a_compressed_file_never_changes_a_value(place: int, flip: int, tmp_path: Path) -> None:
    changed = bytearray(PACKED)
    changed[place] ^= flip
    try:
        values = read(tmp_path / "x.gz", bytes(changed))
    except idx.DamagedFile:
        return
    assert np.array_equal(values, VALUES)  # the byte was part of gzip's notes, as the time of compression


@given(place=st.integers(0, 15), flip=st.integers(1, 255))
@quick
def test_a_changed_header_is_refused(place: int, flip: int, tmp_path: Path) -> None:
    changed = bytearray(PLAIN)
    changed[place] ^= flip
    refused(tmp_path / "x", bytes(changed))


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", PLAIN[:4], PLAIN[:16]]), packed=st.booleans())
@quick
def test_random_bytes_are_read_exactly_or_refused(content: bytes, start: bytes, packed: bool, tmp_path: Path) -> None:
    content = start + content
    file = tmp_path / ("x.gz" if packed else "x")
    if content[:16] == PLAIN[:16] and len(content) == len(PLAIN):
        assert read(file, gzip.compress(content) if packed else content).tobytes() == content[16:]
    else:
        refused(file, gzip.compress(content) if packed else content)


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", PACKED[:2], PACKED[:10], PACKED[:40]]))
@quick
def test_random_bytes_after_a_sound_beginning_are_refused(content: bytes, start: bytes, tmp_path: Path) -> None:
    if start + content != PACKED:
        refused(tmp_path / "x.gz", start + content)


@pytest.mark.parametrize("name", ["x", "x.gz"])
def test_what_cannot_be_opened_is_not_called_damaged(name: str, tmp_path: Path) -> None:
    for make in (lambda file: None, Path.mkdir):
        make(tmp_path / name)
        with pytest.raises(DescendError, match="cannot be read") as raised:
            idx.read_idx(tmp_path / name, SHAPE, "fetch it again")
        assert not isinstance(raised.value, idx.DamagedFile)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_not_called_damaged(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(PLAIN)
    file.chmod(0)
    with pytest.raises(DescendError, match="Permission denied"):
        idx.read_idx(file, SHAPE, "fetch it again")
