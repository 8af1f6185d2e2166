"""How the characters of a file are stored, and what a file is that is not text."""

from __future__ import annotations

import codecs
from pathlib import Path

from descend.datasets.compressed import open_bytes, tell_unreadable
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean

SAMPLE = 2**16
"""Bytes looked at."""
ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # which begins as the next does
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {
    b"PK\x03\x04": "it is a ZIP archive, as spreadsheets are; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "it is an old spreadsheet; save the sheet as CSV",
    b"PAR1": "it is a Parquet file; give it a name that ends in .parquet",
    b"version https://git-lfs": "it only points to a file in Git LFS; run `git lfs pull`",
    b"\x89HDF": "it is an HDF5 file; save the table in it as CSV",
    b"SQLite format 3": "it is a database; save a table of it as CSV",
    b"ARROW1": "it is an Arrow file; save it as CSV",
    b"MATLAB 5.0 MAT-file": "it is a MATLAB file; save its arrays in an .npz with x and y",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd; unpack it first",
    b"7z\xbc\xaf": "it is a 7z archive; unpack it first",
    b"\x80\x04": "it is a pickle, which could run any program when it is read; save the data as CSV or .npz",
    b"\x80\x05": "it is a pickle, which could run any program when it is read; save the data as CSV or .npz",
    b"%PDF": "it is a PDF; save the table in it as CSV",
    b"\x93NUMPY": "it is a NumPy array; save it in an .npz with x and y",
}


def read_start(file: Path) -> bytes:
    """The first bytes of ``file``.

    Raises:
        DescendError: it cannot be read.
    """
    with tell_unreadable(file), open_bytes(file) as stream:
        return stream.read(SAMPLE)


def find_other_kind(start: bytes) -> str:
    """What a file that begins with ``start`` is if it is not text, and what to do; "" if it may be text."""
    return next((what for mark, what in OTHERS.items() if start.startswith(mark)), "")


def detect_encoding(file: Path, chosen: str) -> str:
    """The codec to read with: the one ``chosen``, else the one the file's first bytes name, else UTF-8.

    Raises:
        UsageError: there is no such encoding.
        DescendError: the file cannot be read, is empty or is not text.
    """
    start = read_start(file)
    if not start.strip():
        raise DescendError(f"{file.name} is empty; there is nothing to read in it.")
    if what := find_other_kind(start):
        raise DescendError(f"{file.name} is not a table or text: {what}.")
    if chosen:
        try:
            "".encode(chosen)  # what is no text, as hex, refuses
        except (LookupError, ValueError):
            raise UsageError(f"There is no encoding '{chosen}'; usual ones are utf-8, latin-1 and utf-16.") from None
        return "utf-8-sig" if codecs.lookup(chosen).name == "utf-8" else chosen
    for mark, name in ENCODINGS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        line = start[: start.index(b"\0")].count(b"\n") + 1
        zeros = [start[side:2000:2].count(0) for side in (0, 1)]
        half = (
            ("le" if zeros[1] > zeros[0] else "be") if max(zeros) > 2 * min(zeros) + min(len(start), 2000) / 4 else ""
        )
        wide = f", as text in UTF-16 has; if it is that, say encoding=utf-16-{half}" if half else ""
        raise DescendError(f"{file.name} is no text: it has a zero byte in line {line}{wide}.")
    return "utf-8"


def describe_undecodable(file: Path, encoding: str) -> str:
    """The sentence on the first line of ``file`` that is not in ``encoding``, and how another would read it."""
    if encoding.startswith("utf-8"):
        with open_bytes(file) as stream:
            for number, line in enumerate(stream, 1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    other = "cp1252" if any(0x80 <= byte < 0xA0 for byte in line) else "latin-1"
                    around = line[max(0, error.start - 12) : error.start + 12].decode(other, "replace")
                    return (
                        f"{file.name} is not in UTF-8: line {number} has the byte 0x{line[error.start]:02X}; if "
                        f"'{clean(around).strip()}' reads well there, say encoding={other}, else the encoding it was "
                        "saved in."
                    )
    return f"{file.name} is not in {encoding}; say encoding=… with the one it was saved in, such as utf-8 or latin-1."
