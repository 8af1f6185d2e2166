"""The package as a whole: what imports what, and a wheel that works from a clean environment."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from descend.engine import cli
from descend.engine.cli.parser import CommandParser, make_parser

REPOSITORY = Path(__file__).parents[1]

HEAVY = ("torch", "torchvision", "sklearn", "scipy", "sympy")


def imported_by(code: str) -> set[str]:
    """Top-level modules in ``sys.modules`` after ``code`` ran in a fresh interpreter."""
    program = f"{code}\nimport sys; print(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize(
    "code",
    [
        "import descend.tui.app",
        "from descend.engine.teaching.catalogue import list_lessons; list_lessons()",
        "from descend.engine.launch import launcher as supervision; from descend.engine.run import runs, history",
        "from descend.engine.cli.parser import make_parser; make_parser()",
        "import descend.datasets.catalogue as c; c.list_specs()",
    ],
)
def test_torch_and_its_like_stay_out_of_the_shell_the_catalogue_and_the_command_line(code: str) -> None:
    assert not imported_by(code) & set(HEAVY)


def test_all_of_the_shell_stays_free_of_torch() -> None:
    everything = "import pkgutil, importlib, descend.tui as t\n" + (
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(t.__path__, 'descend.tui.')]"
    )
    found = imported_by(everything)
    assert "textual" in found
    assert not found & set(HEAVY)


def test_the_catalogue_loads_in_well_under_half_a_second() -> None:
    program = "\n".join(
        [
            "import time",
            "start = time.process_time()",
            "from descend.engine.teaching.catalogue import list_lessons",
            "list_lessons()",
            "print(time.process_time() - start)",
        ]
    )
    times = [
        float(subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(times) < 0.5


def test_the_table_of_what_to_look_at_names_files_that_are_there() -> None:
    page = (REPOSITORY / "README.md").read_text()
    rows = page.partition("| I want to …")[2].partition("\n\n")[0].splitlines()[2:]
    paths = {row: re.findall(r"`([\w/]+(?:\.\w+|/))`", row) for row in rows}
    assert len(rows) > 8
    assert all(paths.values()), paths
    assert all((REPOSITORY / path).exists() for found in paths.values() for path in found), paths


def test_every_module_of_a_command_is_in_the_parser_and_in_the_readme() -> None:
    page = (REPOSITORY / "README.md").read_text()
    known = set(make_parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr, arg-type]
    for info in pkgutil.iter_modules(cli.__path__):
        if not re.search(r"^def add\(", (Path(cli.__path__[0]) / f"{info.name}.py").read_text(), re.MULTILINE):
            continue
        commands = CommandParser().add_subparsers()
        importlib.import_module(f"{cli.__name__}.{info.name}").add(commands)
        assert commands.choices
        assert set(commands.choices) <= known, f"name {info.name} in parser.py"
        for command in commands.choices:
            assert re.search(rf"^descend .*\b{command}\b", page, re.MULTILINE), f"README says nothing of {command}"


def test_a_wheel_holds_everything_and_nothing_at_the_top(tmp_path: Path) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on the path")
    source = tmp_path / "source"
    unwanted = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "build", "*.egg-info", ".hypothesis")
    shutil.copytree(REPOSITORY, source, symlinks=True, ignore=unwanted)
    build = [uv, "build", "--wheel", "--out-dir", str(tmp_path), "--no-build-isolation", "--quiet"]
    subprocess.run([*build, "--python", sys.executable], cwd=source, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"descend"}
    for folder in ("tui", "engine", "datasets"):
        files = {f.relative_to(source).as_posix() for f in (source / folder).rglob("*") if f.is_file()}
        assert len(files) > 5
        assert {f"descend/{name}" for name in files} <= set(names)
