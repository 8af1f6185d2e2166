"""What commands write: nothing of a file, a folder or a class that a terminal would obey, and a sentence where nothing
can be written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import msgspec
import numpy as np
import pytest

from descend.engine.base.sanitize import HARMFUL, clean_lines
from descend.engine.cli import main
from descend.engine.cli.output import make_console
from descend.engine.run import runs

HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\x90q\x9c\u202egnp\u2066\u200b\x08\x7f\r\nforged: line\t\udc9b"
"""What terminals obey: CSI, OSC, DCS, with seven bits and with eight, bidirectional controls, breaks, raw bytes."""
RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture
def hostile(folders: Path) -> Path:
    """A home whose runs have hostile folder names, titles, notes, classes and metrics."""
    name = HOSTILE.replace("/", "")
    for number, recorded in enumerate(("digits", "digits-diverged", "next-character")):
        folder = folders / "runs" / f"2026010{number}-{name}-{number}"
        shutil.copytree(RECORDINGS / recorded, folder)
        manifest = json.loads((folder / "run.json").read_bytes())
        safe = HOSTILE.replace("\udc9b", "")
        manifest |= {"title": safe, "note": safe, "git": safe, "device": safe}
        manifest["knobs"] = {**manifest["knobs"], safe: safe}
        manifest["versions"] = {safe: safe}
        (folder / "run.json").write_bytes(msgspec.json.encode(manifest))
        events = folder / "events.jsonl"
        text = events.read_text(encoding="utf-8")
        for word in ("train/loss", "test/accuracy", '"0"', "Linear"):
            text = text.replace(word, json.dumps(safe)[1:-1] if '"' not in word else json.dumps(safe))
        events.write_text(text, encoding="utf-8")
    return folders


def check(text: str) -> None:
    """Only what a terminal shows."""
    obeyed = {character for character in text if character != "\n" and unicodedata.category(character) in HARMFUL}
    assert not obeyed, ascii(text)
    assert not any(line.startswith("forged") for line in text.splitlines()), text


COMMANDS = [
    ("list", "runs"),
    *((word, "RUN") for word in ("show", "attach", "pause", "resume", "step", "stop", "fork")),
    ("set", "RUN", f"lr{HOSTILE}=1"),
    ("rename", "RUN", HOSTILE),
    ("note", "RUN", HOSTILE),
    ("export", "RUN", "--to", "csv", f"out{HOSTILE}.csv"),
    ("export", "RUN", "--to", "json", "OUT"),
    ("export", "RUN", "--to", "json", f"gone/{HOSTILE}/out"),
    ("delete", "RUN"),
    ("delete", "--yes", "RUN"),
    ("show", HOSTILE),
    ("run", HOSTILE),
    ("run", f"{HOSTILE}.py:Net"),
    ("run", "digits", "--set", f"{HOSTILE}=1"),
    ("run", "digits", "--config", f"{HOSTILE}.toml"),
    ("data", "show", f"{HOSTILE}.csv"),
    ("data", "fetch", HOSTILE),
    ("exercise", "digits", "1", "--check", HOSTILE),
    ("exercise", "mlp-forward", "1", "--write", f"{HOSTILE}.py"),
    ("progress", "reset", HOSTILE),
    ("progress", "export", f"{HOSTILE}.json"),
    ("new", "lesson", HOSTILE),
    ("verify", HOSTILE),
    (HOSTILE,),
    ("list", HOSTILE),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:1]).split("\x1b")[0])
def test_no_command_writes_what_a_terminal_obeys(
    words: tuple[str, ...],
    hostile: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("descend.engine.cli.control.ANSWER", 0.1)
    for run in runs.list_runs():
        main([{"RUN": run.id, "OUT": str(tmp_path / f"{os.getpid()}.out")}.get(word, word) for word in words])
        told = capsys.readouterr()
        assert told.out or told.err or words[0] in ("rename", "note")
        check(told.out)
        check(told.err)
        if words[0] in ("list", "show", "attach", "resume", "fork", "run") and words[-1] != HOSTILE:
            main([{"RUN": run.id}.get(word, word) for word in words] + ["--json"])
            told = capsys.readouterr()
            check(told.out)
            check(told.err)


def test_data_with_hostile_names_is_shown_without_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = HOSTILE.replace("\udc9b", "").replace("\r\n", " ").replace("\t", " ")
    table = tmp_path / f"t{safe}.csv"
    table.write_text(f"a,b{safe},kind\n" + "".join(f"{n},{n % 7},{safe if n % 2 else 'plain'}\n" for n in range(40)))
    np.savez(tmp_path / "arrays.npz", x=np.ones((40, 3)), y=np.array([safe, "plain"] * 20))
    for address in (str(table), str(tmp_path / "arrays.npz"), f"{table}?target={safe}"):
        for more in ([], ["--json"]):
            main(["data", "show", address, *more])
            told = capsys.readouterr()
            check(told.out)
            check(told.err)


def test_a_console_in_colour_writes_no_sequences_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    from rich.progress import Progress, TextColumn
    from rich.table import Table
    from rich.text import Text

    out = StringIO()
    monkeypatch.setattr("sys.stdout", out)
    screen = make_console(force_terminal=True, color_system="truecolor", width=60)
    table = Table(HOSTILE, f"[link=https://x]{HOSTILE}[/link]")
    table.add_row(HOSTILE, Text(HOSTILE, style="bold red"))
    screen.print(table, Text(HOSTILE), HOSTILE)
    with Progress(TextColumn("{task.description}", markup=False), console=screen) as bars:
        bars.add_task(HOSTILE)
    assert "\x1b[1;31m" in out.getvalue()  # its own
    for foreign in ("\x1b[31mred", "\x1b]", "\x07", "\x9b", "\x90", "\u202e", "\u2066", "\x08", "\x7f", "\udc9b"):
        assert foreign not in out.getvalue(), ascii(foreign)


def test_lines_stay_lines() -> None:
    assert clean_lines("a\n  b\x1b[2J\n\x9bc\td\n") == "a\n  b[2J\nc d\n"


SENTENCE = "descend: The output cannot be written ("


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("ending", "status", "told"),
    [
        (">/dev/full", 1, SENTENCE + "No space left on device"),
        (">&-", 1, SENTENCE + "Bad file descriptor"),
        ("2>/dev/full", 0, ""),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
        ("| head -c 1", 141, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_a_sentence(folders: Path, ending: str, status: int, told: str) -> None:
    python = f"{sys.executable} -P -m descend.engine.cli"
    for words in ("list lessons --json", "list lessons", "--help"):
        line = f"{{ {python} {words} || echo status $? >&3; }} 3>&2 {ending}" if "|" in ending else ""
        done = subprocess.run(
            ["bash", "-c", line or f"{python} {words} {ending}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if line:
            assert done.stderr in ("", f"status {status}\n")  # it may have been done before the pipe broke
            continue
        assert done.returncode == status, done.stderr
        assert done.stderr.startswith(told)
        assert done.stderr.count("\n") == bool(told)
        if not told:
            assert done.stdout
