"""The knobs of a model in the shell: grouped, marked where changed, and all of them in the run and the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from descend.engine.launch import experiment
from descend.engine.run.run_request import RunRequest
from descend.tui.screens.lesson.knob_editor import KnobEditorScreen
from tests.tui.driving import Shell, opened
from tests.tui.lesson.test_lesson import lesson

NET = "from torch import nn\n\n\ndef Net(features, seed=3, a_rather_long_name=8):\n    return nn.Linear(features, 1)\n"
LAB = 'name = "mlp"\ndata = "digits"\ndevices = 2\n\n[knobs]\nepochs = 2\naugment = "both"\n'


async def load(shell: Shell, path: Path) -> None:
    await shell.press("n")
    await shell.sees("descend run mlp")
    await shell.press("l")
    await shell.until(lambda: isinstance(shell.app.focused, Input))
    assert isinstance(shell.app.focused, Input)
    shell.app.focused.value = str(path)
    await shell.press("enter")


async def test_knobs_of_a_model_are_grouped_and_those_of_a_file_marked(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(LAB)
    async with opened((120, 60)) as shell:
        await load(shell, tmp_path / "lab.toml")
        await shell.sees("--set epochs=2 --set augment=both --devices 2")
        await shell.press("e")
        await shell.sees("Knobs", "* epochs", "* augment", "label_smoothing")
        screen = shell.app.screen
        assert isinstance(screen, KnobEditorScreen)
        groups = [str(one.content) for one in screen.query(".group").results(Static)]
        assert groups == ["Model", "Data", "Optimiser", "Schedule", "Regularisation", "Machine"]
        assert {row.setting for row in screen.rows if row.has_class("-changed")} == {"epochs", "augment", "devices"}
        assert len({row.setting for row in screen.rows}) == len(screen.rows)
        await shell.press("ctrl+d")
        await shell.until(lambda: "* epochs" not in shell.text)
        assert next(row for row in screen.rows if row.setting == "data").field.value == "digits", "the choice stays"
        await shell.press("escape")
        await shell.sees("--devices 2")


async def test_devices_of_a_file_reach_the_run(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(LAB)
    async with opened() as shell:
        await load(shell, tmp_path / "lab.toml")
        await shell.sees("--devices 2")
        await shell.press("space")
        await shell.until(lambda: shell.workers.launched)
        manifest = shell.workers.launched[0].manifest()
        assert (manifest.devices, manifest.knobs["epochs"], manifest.data) == (2, 2, "digits")
        await shell.sees("running")
        assert shell.app.screen.settings.devices == 2  # type: ignore[attr-defined]


async def test_arguments_called_like_a_setting_of_the_run_have_a_line_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    training = experiment.find(f"{tmp_path}/net.py:Net")
    async with opened((80, 24)) as shell:
        request = experiment.complete(training, RunRequest(data="diabetes"))
        shell.app.push_screen(KnobEditorScreen(training, request, live=False))
        await shell.sees("model.seed", "a_rather_long_name")
        screen = shell.app.screen
        assert isinstance(screen, KnobEditorScreen)
        names = [row.setting for row in screen.rows]
        assert names.count("seed") == names.count("model.seed") == 1


async def test_arrows_move_between_more_knobs_than_have_room_and_a_long_path_shows_its_file(tmp_path: Path) -> None:
    table = tmp_path / "cats_and_dogs.csv"
    table.write_text("a,b,kind\n" + "1,2,cat\n2,1,dog\n" * 20)
    address = f"{table}?target=kind&ignore=b"
    async with opened((80, 24), lesson="mlp", data=address) as shell:
        await shell.sees("e knobs")
        await shell.press("e")
        await shell.sees("Knobs", "‹ cats_and_dogs.csv")
        await shell.press("down")
        await shell.sees("layers: ")
        await shell.press("up")
        await shell.sees("hidden: ")


async def test_yes_and_no_and_a_text_are_called_so() -> None:
    async with opened((120, 60), lesson="mlp", data="iris") as shell:
        await shell.sees("e knobs")
        await shell.press("e")
        await shell.sees("Knobs", "‹ no ›", "freeze")
        assert "str " not in shell.text
        screen = shell.app.screen
        assert isinstance(screen, KnobEditorScreen)
        (row,) = (row for row in screen.rows if row.setting == "find_lr")
        row.field.focus()
        await shell.press("right")
        await shell.sees("* find_lr         ‹ yes ›")
        await shell.press("ctrl+d", "left", "left")
        await shell.sees("  find_lr         ‹ no ›")
        await shell.press("right", "enter")
        await shell.until(lambda: lesson(shell).settings.knobs["find_lr"] is True)


async def test_a_lesson_has_no_groups_and_one_device() -> None:
    async with opened(lesson="digits") as shell:
        await shell.sees("e knobs")
        await shell.press("e")
        await shell.sees("Knobs", "epochs")
        assert not shell.app.screen.query(".group")
        assert "devices" not in shell.text


async def test_what_is_not_a_configuration_file_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    async with opened((120, 40)) as shell:
        await shell.press("n")
        await shell.sees("descend run mlp")
        await shell.press("w")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        assert isinstance(shell.app.focused, Input)
        shell.app.focused.value = "net.py"
        await shell.press("enter")
        await shell.sees("exists already")
        assert (tmp_path / "net.py").read_text() == NET


async def test_the_menu_offers_to_train_once() -> None:
    async with opened() as shell:
        for keys in ((), ("n",)):
            await shell.press(*keys)
            await shell.pilot.pause(0.1)
            titles = [command.title for command in shell.app.get_system_commands(shell.app.screen)]
            assert sum(title.split(" (")[0] == "Train" for title in titles) == 1, titles


async def test_a_value_that_does_not_go_with_the_data_is_said_at_once_in_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("size,kind\n" + "".join(f"{n},{'big' if n > 20 else 'small'}\n" for n in range(40)))
    (tmp_path / "lab.toml").write_text(f'name = "mlp"\ndata = "{file}"\n')
    async with opened((120, 60)) as shell:
        await load(shell, tmp_path / "lab.toml")
        await shell.until(lambda: "a table of 1 column in 2" in " ".join(shell.text.split()))
        await shell.press("e")
        await shell.sees("label_smoothing")
        screen = shell.app.screen
        assert isinstance(screen, KnobEditorScreen)
        await shell.until(lambda: screen.settings.data in screen.specs)
        rows = {row.setting: row for row in screen.rows}
        rows["class_weights"].field.value = "bit:3"
        await shell.press("enter")
        await shell.sees("✗ class_weights names the class 'bit'")
        assert shell.app.screen is screen
        assert rows["class_weights"].field.has_focus
        rows["class_weights"].field.value = "big:3"
        await shell.until(lambda: "names the class" not in shell.text)
        rows["metric"].field.value = "mae"
        await shell.press("enter")
        await shell.sees("✗ metric=mae is not measured")
        await shell.press("right", "right", "right")
        await shell.sees("‹ loss ›")
        assert "is not measured" not in shell.text
        await shell.press("enter")
        await shell.until(lambda: "--set class_weights=big:3" in " ".join(shell.text.split()))
