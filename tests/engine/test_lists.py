"""Lists of the command line in terminals of any width."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.tui.recording import asked, begin, end, finished, say, sign

from descend.engine.base.sanitize import clean
from descend.engine.cli import main
from descend.engine.cli.fitted_table import GAP, cut_middle, cut_name
from descend.engine.cli.list import format_run_cells, list_lessons, print_runs
from descend.engine.run.records import Array, Scalars

LONG = "reconstruction/mean_absolute_percentage_error_" * 5


def draw(rows: list[dict[str, object]], width: int, terminal: bool = True) -> list[str]:
    """The lines of the list of runs."""
    file = io.StringIO()
    print_runs(Console(file=file, width=width, force_terminal=terminal, color_system=None), rows)
    return file.getvalue().splitlines()


def row(**changes: object) -> dict[str, object]:
    """A run as the list tells it."""
    ordinary = {"run": "20260101-101010-digits-ab12", "state": "done", "lesson": "digits", "result": "accuracy 0.931"}
    return {**ordinary, "age": "12 min", "size": "310 kB", "title": "", **changes}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "odd",
    [
        {"run": "20260101-101010-" + "x" * 200 + "-cd34"},
        {"result": f"{LONG} 1e-300"},
        {"title": "学习率 🎉 " * 40},
        {"lesson": "שלום" * 50},
        {"run": "训练" * 60 + "-cd34", "result": f"{LONG} not finite", "title": "t" * 200, "lesson": "l" * 200},
    ],
)
def test_one_long_text_hides_state_result_and_age_of_no_run(width: int, odd: dict[str, object]) -> None:
    lines = draw([row(), row(**odd), row(state="running", age="3.2 h")], width)
    assert len(lines) == 4
    assert all(cell_len(line) <= width for line in lines)
    assert all(name in lines[0] for name in ("run", "state", "result", "age"))
    assert all(word in lines[1] for word in ("ab12", "done", "0.931", "12 min"))
    assert all(word in lines[3] for word in ("ab12", "running", "0.931", "3.2 h"))
    value = str(odd.get("result", "accuracy 0.931")).removeprefix(LONG).split()[-1]
    assert value in lines[2]
    assert ("cd34" if "run" in odd else "ab12") in lines[2]


def test_piped_the_list_is_whole() -> None:
    lines = draw([row(), row(title="t" * 200, result=f"{LONG} 1")], 80, terminal=False)
    assert "t" * 200 in lines[2]
    assert LONG in lines[2]
    assert lines[1].index("done") == lines[2].index("done")


@pytest.mark.parametrize("count", [0, 1, 7, 40, 2000])
def test_any_number_of_runs_fits(count: int) -> None:
    lines = draw([row(run=f"20260101-101010-digits-{number:04x}") for number in range(count)], 80)
    assert len(lines) == count + 1
    assert max(map(cell_len, lines)) <= 80


@pytest.mark.parametrize("text", ["20260101-digits-ab12", "训练" * 30, "🎉" * 9 + "end"])
@pytest.mark.parametrize("width", range(1, 20))
def test_what_is_cut_fits(text: str, width: int) -> None:
    for cut in (cut_middle(text, width, "…"), cut_name(f"{text} 0.5", width, "…")):
        assert 0 < cell_len(cut) <= width
    assert GAP > 0


def test_the_command_tells_state_result_and_age_and_json_is_not_shortened(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finished()
    odd = asked(title="\x1b[31mred " * 40)
    begin(odd)
    say(
        odd,
        Scalars(
            steps=Array.of(np.array([1])),
            values={LONG: Array.of(np.array([1e-300])), "nan": Array.of(np.array([float("nan")]))},
        ),
    )
    end(odd, "done")
    sign(odd)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list", "runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(cell_len(line) <= 80 and "done" in line and " s" in line for line in lines[1:])
    assert any("1e-300" in line or "not finite" in line for line in lines[1:])
    assert main(["show", odd.id]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert any("1e-300" in line and cell_len(line) <= 80 for line in shown)
    assert main(["list", "runs", "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = next(one for one in said if one["run"] == odd.id)
    assert LONG in found["metrics"]
    assert clean(found["title"]) == clean("\x1b[31mred " * 40).strip() or found["title"] == "\x1b[31mred " * 40


def test_a_model_of_ones_own_is_told_by_the_end_of_its_address() -> None:
    told = format_run_cells({**row(lesson="/far/away/net.py:Net"), "metrics": {}, "key": "", "age": 1.0, "size": 1})
    assert told["lesson"] == "net.py:Net"


def test_lessons_are_listed_along_the_path(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [one["name"] for one in list_lessons() if "broken" not in one]
    assert names[0] == "digits"
    assert names.index("chain-rule") < names.index("backpropagation")
    assert main(["progress", "--json"]) == 0
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == names
