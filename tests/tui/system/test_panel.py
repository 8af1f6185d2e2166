"""A person who wonders how busy the machine is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from descend.engine import doctor
from descend.engine.doctor import Check
from descend.tui import shell_settings
from descend.tui.screens.learn import LearnScreen
from descend.tui.system import panel, sampler
from descend.tui.system.panel import Machine, Part, draw_course, line
from tests.tui.driving import SIZES, opened
from tests.tui.lesson.test_lesson import running
from tests.tui.system.nvml import Driver
from tests.tui.test_everywhere import choose


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample and draw often, and let the doctor find little."""
    monkeypatch.setattr(sampler, "EVERY", 0.05)
    monkeypatch.setattr(panel, "REDRAW", 0.1)

    def examine() -> Iterator[Check]:
        yield Check("Python", "descend", True, "0.1.0")

    monkeypatch.setattr(doctor, "run_checks", examine)


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_shows_the_machine_next_to_the_panels_and_the_choice_lasts(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Driver("NVIDIA H100 80GB HBM3").install(monkeypatch)
    async with opened(size, lesson="digits") as shell:
        await running(shell)
        machine = shell.app.screen.query_one(Machine)
        assert not machine.sampler.on
        await shell.press("M")
        await shell.sees("cpu ", "GiB", "gpu 0  97%", "memory 12.0 of 80.0 GiB", "54 °C", "loss", "running")
        if size[0] > 80:
            await shell.sees("312 of 700 W", "NVIDIA H100", "of a core")
        assert all(cell_len(text) == size[0] for text in shell.text.splitlines())
        assert shell_settings.get("machine", False)
        await shell.press("M")
        await shell.until(lambda: "gpu 0" not in shell.text)
        await shell.until(lambda: not machine.sampler.on)
        await shell.press("M")
        await shell.sees("gpu 0")
    assert not machine.sampler.on
    async with opened(size, lesson="digits") as shell:
        await shell.sees("gpu 0")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


async def test_it_samples_only_while_it_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(error=12).install(monkeypatch)
    shell_settings.put("machine", True)
    async with opened((80, 24), lesson="digits") as shell:
        machine = shell.app.screen.query_one(Machine)
        await shell.sees("no NVIDIA GPU")
        await shell.press("u")
        await shell.until(lambda: not machine.sampler.on)
        await shell.press("escape")
        await shell.until(lambda: machine.sampler.on)
        await shell.press("o")  # a box hides little of it
        await shell.pilot.pause(0.4)
        assert machine.sampler.on


async def test_the_doctor_shows_it_always(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(*["NVIDIA A100"] * 8).install(monkeypatch)
    async with opened((80, 24)) as shell:
        await choose(shell, "doctor")
        await shell.sees("descend", "cpu ", "gpu 0  97%", "gpu 1  96%", "and 6 more GPUs, the busiest at 95%")


async def test_a_driver_that_hangs_leaves_the_shell_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "LATE", 0.3)
    driver = Driver("NVIDIA H100")
    driver.install(monkeypatch)
    async with opened((80, 24), lesson="digits") as shell:
        driver.answers.clear()
        await shell.press("M")
        await shell.sees("the NVIDIA driver does not respond", "cpu ")
        await running(shell)
        driver.answers.set()
        await shell.sees("gpu 0  97%")


@pytest.mark.parametrize("width", range(0, 200, 3))
def test_a_line_never_needs_more_room_than_there_is(width: int) -> None:
    course = [share / 100 for share in range(100)]
    parts = [Part(0, "cpu 100%", course), Part(2, "memory 12.0 of 80.0 GiB", course), Part(1, "no NVIDIA GPU")]
    assert cell_len(line(parts, width)) <= width
    if width > 40:
        assert "cpu 100%" in line(parts, width)
    if width > 80:
        assert "memory" in line(parts, width)


def test_a_course_rises_with_what_it_shows_and_is_blank_where_nothing_is_known() -> None:
    drawn = draw_course([0.0, 0.5, 1.0, None], 240)
    assert len(drawn) == 4
    assert drawn[0] < drawn[1] < drawn[2] or not drawn.isascii()
    assert drawn[3] == " "
    assert len(set(drawn)) == 4
