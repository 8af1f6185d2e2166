"""A person who chooses a model and data in the shell, their own too, looks into the data, and trains."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from textual.widgets import Input

from descend.datasets import catalogue as datasets
from descend.datasets.reporting import tell
from descend.datasets.spec import Spec
from descend.tui import shell_settings
from descend.tui.screens.train import remembered
from descend.tui.screens.train.screen import TrainScreen
from tests.tui.driving import SIZES, Shell, opened

TABLE = "width,height,kind\n" + "".join(f"{n},{n % 7},{'big' if n > 20 else 'small'}\n" for n in range(40))
NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, features, classes, hidden=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.layers(x)
"""


async def typed(shell: Shell, path: str) -> None:
    """Paste a path."""
    await shell.until(lambda: isinstance(shell.app.focused, Input))
    assert isinstance(shell.app.focused, Input)
    shell.app.focused.value = path


@pytest.mark.parametrize("size", SIZES)
async def test_choose_a_model_and_data_and_train(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await shell.press("n")
        await shell.sees("Models", "Data", "mlp", "iris", "descend run mlp --data digits", "space train")
        await shell.press("enter", "down", "enter")
        await shell.until(lambda: shell.workers.launched)
        (run,) = shell.workers.launched
        assert (run.manifest().name, run.manifest().data) == ("mlp", "iris")
        await shell.sees("running")
        await shell.press("escape")
        await shell.sees("Models")


async def test_the_chosen_ones_stay_in_sight_when_the_lists_give_room() -> None:
    async with opened((80, 24)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        screen = shell.app.screen
        screen.models.highlighted = screen.models.option_count - 1  # type: ignore[attr-defined]
        await shell.sees("ResNet-50 on digits")
        await shell.press("m")
        await typed(shell, "/nowhere/" + "x" * 200 + ".py:Net")
        await shell.press("enter")
        await shell.sees("✗ There is no file", "resnet50   ")


async def test_what_does_not_fit_is_marked_and_refused_with_the_reason() -> None:
    async with opened(lesson=None) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        screen = shell.app.screen
        screen.models.highlighted = screen.models.get_option_index("lenet")  # type: ignore[attr-defined]
        await shell.sees("✗ iris", "LeNet")
        screen.data.highlighted = screen.data.get_option_index("iris")  # type: ignore[attr-defined]
        await shell.sees("takes images, not tables", "✗ simple-cnn", "✗ lenet")
        assert "✗ mlp" not in shell.text
        await shell.press("space")
        await shell.pilot.pause(0.3)
        assert not shell.workers.launched


async def test_own_model_and_own_data_are_typed_in(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "net.py").write_text(NET)
    async with opened((200, 60)) as shell:
        await shell.press("n")
        await shell.sees("Models")
        await shell.press("d")
        await typed(shell, f"{tmp_path}/nothing.csv")
        await shell.press("enter")
        await shell.sees("nothing.csv'")
        await shell.press("escape", "d")
        await typed(shell, f"{tmp_path}/data.csv?target=kind")
        await shell.press("enter")
        await shell.sees("a table of 2 columns in 2 classes")
        await shell.press("m")
        await typed(shell, f"{tmp_path}/net.py:Net")
        await shell.press("enter")
        await shell.sees("Net of net.py")
        await shell.press("space")
        await shell.until(lambda: shell.workers.launched)
        (run,) = shell.workers.launched
        assert run.manifest().name == f"{tmp_path}/net.py:Net"
        assert run.manifest().data.startswith(f"{tmp_path}/data.csv")
        await shell.sees("running", "Net of net.py")


async def test_knobs_are_changed_kept_and_read_again(tmp_path: Path) -> None:
    async with opened((120, 60)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        await shell.press("e")
        await shell.sees("Knobs", "optimiser")
        await shell.press("right", "enter")
        await shell.sees("--set")
        await shell.press("w")
        await typed(shell, f"{tmp_path}/mine.toml")
        await shell.press("enter")
        await shell.until(lambda: (tmp_path / "mine.toml").exists())
        await shell.press("escape")
    async with opened((120, 60)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        assert "--set" not in shell.text
        await shell.press("l")
        await typed(shell, f"{tmp_path}/mine.toml")
        await shell.press("enter")
        await shell.sees("--set")


async def test_the_line_is_copied() -> None:
    async with opened() as shell:
        await shell.press("n")
        await shell.sees("descend run mlp --data digits")
        await shell.press("y")
        await shell.sees("Copied: descend run mlp --data digits")
        assert shell.app.clipboard == "descend run mlp --data digits"


async def test_where_data_is_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCEND_DATA", str(tmp_path))
    answered, threads = threading.Event(), []

    def present(spec: Spec) -> bool:
        threads.append(threading.current_thread())
        answered.wait(20)
        return spec.embedded

    monkeypatch.setattr(Spec, "present", present)
    async with opened() as shell:
        try:
            await shell.press("n")
            await shell.sees("descend run mlp --data digits", "mnist")
            assert "to fetch" not in shell.text
            await shell.press("down", "up", "enter", "down")
            await shell.sees("descend run mlp --data iris")
        finally:
            answered.set()
        await shell.sees("to fetch")
        await shell.sees("--data iris")
        assert threading.main_thread() not in threads


async def test_look_into_data() -> None:
    async with opened((120, 40)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        await shell.press("i")
        await shell.sees("digits", "samples for training", "Classes")
        await shell.press("escape")
        await shell.sees("Models")


async def test_missing_data_is_offered_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCEND_DATA", str(tmp_path))
    async with opened((80, 24)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        screen = shell.app.screen
        screen.data.highlighted = screen.data.get_option_index("mnist")  # type: ignore[attr-defined]
        await shell.sees("--data mnist", "to fetch")
        await shell.press("space")
        await shell.sees("is not on this machine", "Fetch MNIST now")
        assert not shell.workers.launched


async def test_what_was_one_s_own_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "net.py").write_text(NET)
    async with opened((200, 60)) as shell:
        await shell.press("n")
        await shell.sees("Models")
        await shell.press("d")
        await typed(shell, f"{tmp_path}/data.csv?target=kind")
        await shell.press("enter")
        await shell.until("a table of 2 columns")  # the first table that is read imports what reads it
        await shell.sees("  data.csv?target=kind")
        await shell.press("m")
        await typed(shell, f"{tmp_path}/net.py:Net")
        await shell.press("enter")
        await shell.sees("Net of net.py on /")
        await shell.press("escape")
        await shell.until(lambda: not isinstance(shell.app.screen, TrainScreen))
    async with opened((200, 60)) as shell:
        await shell.press("n")
        await shell.sees(f"Net of net.py on {tmp_path}/data.csv")
        await shell.press("escape")
    (tmp_path / "data.csv").unlink()
    async with opened((200, 60)) as shell:
        await shell.press("n")
        await shell.sees("✗ data.csv?target=kind", "gone", "There is no file or folder", "forgets it")
        await shell.press("space")
        await shell.pilot.pause(0.2)
        assert not shell.workers.launched
        await shell.press("right", "delete")
        await shell.until(lambda: "data.csv" not in shell.text)
        await shell.sees("Net of net.py on digits")
        await shell.press("escape")
    assert shell_settings.get("own_data", None) is None
    assert shell_settings.get("own_models", []) == [f"{tmp_path}/net.py:Net"]


async def test_what_is_wrong_with_a_path_is_said_beside_it_and_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened((120, 40)) as shell:
        await shell.press("n", "d")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        await shell.type("gone.csv?target=price")
        await shell.press("enter")
        await shell.sees("✗ ", f"→ {tmp_path}/gone.csv", "gone.csv?target=price")
        assert "?" not in next(line for line in shell.text.splitlines() if "→ /" in line)
        await shell.press("escape", "m", "escape", "d")
        await shell.sees("gone.csv?target=price")
        (tmp_path / "gone.csv").write_text(TABLE.replace("kind", "price"))
        await shell.press("enter")
        await shell.sees("a table of 2 columns in 2 classes")


async def test_lessons_that_take_tables_list_those_with_classes_only(tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text(TABLE)
    (tmp_path / "numbers.csv").write_text("a,price\n" + "".join(f"{n},{n * 1.5}\n" for n in range(40)))
    (tmp_path / "book.txt").write_text("the cat sat on the mat. " * 40)
    folder = tmp_path / "pictures"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for n in range(6):
            Image.new("L", (8, 8), 20 * n).save(folder / name / f"{n}.png")
    own = [str(tmp_path / name) for name in ("kinds.csv", "numbers.csv", "book.txt", "pictures")]
    for address in own:
        remembered.remember_data(datasets.find(address))
    assert remembered.list_remembered(remembered.DATA) == own
    tables = [own[0]]
    assert remembered.list_tables() == tables
    shell_settings.put(remembered.TABLES, None)  # as of settings that are older
    remembered.recall()
    assert remembered.list_tables() == tables
    async with opened((120, 60), lesson="k-means") as shell:
        await shell.press("e")
        await shell.sees("Knobs")
        box: Any = shell.app.screen
        choice = next(row for row in box.rows if row.setting == "data").field
        assert [one for one in choice.choices if "/" in one] == tables
    remembered.remember_data(datasets.find(f"{own[0]}?task=regression&target=width"))
    remembered.forget(own[0])
    assert remembered.list_tables() == []


async def test_reading_is_shown_takes_no_keys_and_is_stopped_by_escape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.csv").write_text(TABLE)
    go_on, find = threading.Event(), datasets.find

    def slowly(address: str) -> Spec:
        if "own.csv" in address and not go_on.is_set():
            tell("looking through own.csv", 0.25)
            go_on.wait(60)
            tell("looking through own.csv", 0.5)
        return find(address)

    monkeypatch.setattr(datasets, "find", slowly)
    async with opened() as shell:
        try:
            await shell.press("n", "d")
            await typed(shell, f"{tmp_path}/own.csv")
            field = shell.app.focused
            assert isinstance(field, Input)
            await shell.press("enter")
            await shell.sees("looking through own.csv: 25% (esc stops)")
            await shell.press("x", "y", "backspace", "enter", "tab")
            assert field.value == f"{tmp_path}/own.csv"
            await shell.press("escape")
            await shell.sees("→")
            assert "esc stops" not in shell.text
            await shell.press("x")
            await shell.until(lambda: field.value.endswith("own.csvx"))
            go_on.set()
            await shell.press("backspace", "enter")
            await shell.sees(f"--data {tmp_path}"[:30])
        finally:
            go_on.set()
