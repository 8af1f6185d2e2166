"""Whole screens as text, at three sizes, with nothing on them that another machine or another day would change.

``pytest tests/tui/test_whole_screens.py --snapshot-update`` takes them again. They are kept as text, not as SVG, which
would also change with every version of Textual and of a theme.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from descend.engine import doctor
from descend.engine.doctor import Check
from descend.engine.run import runs
from descend.engine.teaching import catalogue
from descend.tui import cell_text, shell_settings
from descend.tui.screens import settings as settings_module
from descend.tui.screens.runs import columns, detail
from descend.tui.screens.settings import SettingsScreen
from descend.tui.system.panel import Machine
from descend.tui.system.sampler import GpuSample, HostSample, Sampler
from tests.engine.own import teach
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.recording import finished
from tests.tui.runs.past import all_runs, failed, screen
from tests.tui.test_everywhere import choose

FINDINGS = [
    Check("Python", "Python", True, "3.11"),
    Check("Python", "packages", True, "all 12 are new enough"),
    Check("Terminal", "colours", True, "256", "If your terminal can show more, `export COLORTERM=truecolor`."),
    Check("Data", "digits", True, "embedded"),
    Check("Devices", "cpu", True, "2 cores, 8.0 of 16.0 GiB memory free"),
    Check("Devices", "GPU", False, "the driver is too old", "Update the driver."),
]


@pytest.fixture(autouse=True)
def the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One lesson, one machine, one day."""
    digits = catalogue.find_lesson("digits")
    teach(monkeypatch, digits)
    monkeypatch.setattr(settings_module, "devices", lambda: ("auto", "cpu"))
    monkeypatch.setattr(doctor, "run_checks", lambda: (check for check in FINDINGS))
    monkeypatch.setattr(columns, "age", lambda seconds: "3 d")
    monkeypatch.setattr(columns, "format_size", lambda count: "12 kB")
    monkeypatch.setattr(detail, "facts", lambda entry: "20260102-030405-digits-abcd · seed 0")
    monkeypatch.setattr(Sampler, "start", lambda sampler: None)
    for name, value in {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "", "LC_CTYPE": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COLORFGBG", raising=False)
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    cell_text.shows_unicode.cache_clear()
    yield
    cell_text.shows_unicode.cache_clear()


def whole(shell: Shell) -> str:
    """The screen, its lines without the blanks at their ends."""
    return "\n".join(line.rstrip() for line in shell.text.splitlines())


@pytest.mark.parametrize("size", SIZES)
async def test_learn_for_a_newcomer(size: tuple[int, int], snapshot: object) -> None:
    async with opened(size) as shell:
        await shell.sees("Begin:", "Can a few thousand", "You will see", "? help")
        await shell.pilot.pause(0.3)
        assert whole(shell) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_learn_for_who_has_run_something(size: tuple[int, int], snapshot: object) -> None:
    run = finished()
    runs.write_manifest(run, msgspec.structs.replace(run.manifest(), created="2026-01-02T03:04:05+0000"))
    async with opened(size) as shell:
        await shell.sees("· Digits", "parts", "0/1", "Go on:")
        await shell.pilot.pause(0.3)
        assert whole(shell) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_runs(size: tuple[int, int], snapshot: object) -> None:
    made = [finished(), failed(seed=4), finished(seed=3, state="stopped")]
    for day, run in enumerate(made, 2):
        manifest = msgspec.structs.replace(run.manifest(), created=f"2026-01-0{day}T03:04:05+0000")
        runs.write_manifest(run, manifest)
    async with all_runs(size) as shell:
        await shell.until(lambda: not screen(shell).scanner.untraced(screen(shell).table.in_view))
        await shell.sees("■ stopped", "✗ failed", "✓ done", "newest", "age ▼")
        await shell.pilot.pause(0.1)
        assert whole(shell) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_doctor(size: tuple[int, int], snapshot: object) -> None:
    async with opened(size) as shell:
        await choose(shell, "doctor")
        await shell.sees("Update the driver.")
        await shell.until(lambda: "examining" not in shell.text)
        machine = shell.app.screen.query_one(Machine)
        machine.sampler.hosts.extend(HostSample(step % 60, step << 24, 240 << 24) for step in range(240))
        h100 = GpuSample("NVIDIA H100 80GB HBM3", 97.0, 12 << 30, 80 << 30, 54, 312.0, 700.0)
        machine.sampler.gpus.append(type(machine.sampler.hosts)([h100] * 240))
        machine.turn()
        await shell.sees("cpu  59%", "gpu 0")
        assert whole(shell) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_settings(size: tuple[int, int], snapshot: object, monkeypatch: pytest.MonkeyPatch) -> None:
    shell_settings.put("welcomed", True)
    async with opened(size) as shell:
        await shell.sees("You will see")
        await shell.pilot.pause(0.2)
        monkeypatch.setattr(shell_settings, "file", lambda: Path("/home/ada/descend/settings.json"))
        await shell.press("o")
        await shell.until(lambda: isinstance(shell.app.screen, SettingsScreen))
        await shell.sees("theme: auto follows")
        assert whole(shell) == snapshot
