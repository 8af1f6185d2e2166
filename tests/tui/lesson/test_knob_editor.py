"""A person who turns knobs."""

from __future__ import annotations

import msgspec

from descend.engine.launch import experiment
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching import catalogue
from descend.tui.screens.lesson.knob_editor import KnobEditorScreen
from descend.tui.screens.lesson.knob_row import KnobRow
from tests.tui.driving import Shell, opened
from tests.tui.lesson.test_lesson import lesson, running
from tests.tui.recording import commands, steps


async def edit(shell: Shell) -> KnobEditorScreen:
    """Open the editor."""
    await shell.press("e")
    await shell.until(lambda: isinstance(shell.app.screen, KnobEditorScreen))
    assert isinstance(shell.app.screen, KnobEditorScreen)
    return shell.app.screen


async def go_to(shell: Shell, setting: str) -> KnobRow:
    """Move down to a knob."""
    editor = shell.app.screen
    assert isinstance(editor, KnobEditorScreen)
    (row,) = (row for row in editor.rows if row.setting == setting)
    for _ in editor.rows:
        if row.field.has_focus:
            return row
        before = editor.focused
        await shell.press("down")
        await shell.until(lambda before=before: editor.focused is not before)
    raise AssertionError(f"{setting} was not reached")


async def enter(shell: Shell, setting: str, value: str) -> None:
    """Type a value over the one there is."""
    await go_to(shell, setting)
    await shell.press("end", "ctrl+u")
    await shell.type(value)


async def test_the_knobs_of_the_next_run_are_edited_in_place() -> None:
    async with opened(lesson="digits") as shell:
        await edit(shell)
        await shell.sees("Knobs", "1 … 200", "times every training image is shown")
        await enter(shell, "epochs", "3")
        await enter(shell, "seed", "42")
        await go_to(shell, "device")
        await shell.press("right")
        await shell.press("enter")
        await shell.until(lambda: lesson(shell).settings.knobs["epochs"] == 3)
        await running(shell)
        manifest = shell.workers.launched[0].manifest()
        assert (manifest.knobs["epochs"], manifest.seed, manifest.device) == (3, 42, "cpu")


async def test_the_form_of_every_lesson_opens_with_the_knobs_there_are() -> None:
    async with opened():
        for one in catalogue.list_lessons().values():
            settings = experiment.complete(one, RunRequest(one.name, seed=5, device="cpu"))
            rows = [
                row for row in KnobEditorScreen(one, settings, live=False).compose_rows() if isinstance(row, KnobRow)
            ]
            found = {row.setting: row.spec.parse(row.field.value) for row in rows}
            assert len(found) == len(rows)
            beside = {name: getattr(settings, name) for name in found.keys() - settings.knobs.keys()}
            assert {"seed", "device"} <= beside.keys()
            assert found == settings.knobs | beside


async def test_a_knob_of_the_lesson_may_be_called_data() -> None:
    async with opened(lesson="playground", knobs={"data": "circles"}) as shell:
        await edit(shell)
        row = await go_to(shell, "data")
        assert row.field.value == "circles"
        await shell.press("right", "enter")
        await shell.until(lambda: not isinstance(shell.app.screen, KnobEditorScreen))
        assert lesson(shell).settings.knobs["data"] == "xor"
        assert lesson(shell).settings.data == ""
        editor = await edit(shell)
        await shell.press("ctrl+d")
        assert editor.rows[0].field.value == "moons"


async def test_a_wrong_value_is_explained_at_once_and_keeps_the_editor_open() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        editor = await edit(shell)
        await enter(shell, "lr", "1e9")
        await shell.sees("✗ lr must be at most")
        await enter(shell, "epochs", "few")
        await shell.sees("✗ epochs is a whole number, not 'few'.")
        await go_to(shell, "seed")
        await shell.press("enter")
        await shell.until(lambda: editor.rows[0].field.has_focus)
        assert shell.app.screen is editor
        await shell.press("ctrl+d")
        await shell.until(lambda: "✗" not in shell.text)
        await shell.press("enter")
        await shell.sees("idle")


async def test_escape_changes_nothing() -> None:
    async with opened(lesson="digits") as shell:
        before = lesson(shell).settings
        await edit(shell)
        await enter(shell, "epochs", "3")
        await shell.press("escape")
        await shell.sees("idle")
        assert lesson(shell).settings == before


async def test_a_live_knob_turns_at_once_and_the_others_wait_for_the_next_run() -> None:
    async with opened(lesson="digits") as shell:
        await running(shell)
        run = shell.workers.launched[0]
        await edit(shell)
        await enter(shell, "pace", "50")
        await shell.sees("Turns at once.")
        await enter(shell, "epochs", "3")
        await shell.sees("From the next run on.")
        await shell.press("enter")
        await shell.sees("pace = 50 from the next step on.", "epochs: from the next run on")
        assert commands(run) == ["set"]
        turned = msgspec.json.decode(run.control_file.read_bytes())
        assert (turned["knob"], turned["value"]) == ("pace", 50)
        steps(run, 20, 25)
        await shell.sees("step 25/60")


async def test_a_dataset_is_one_of_the_lessons_own() -> None:
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await edit(shell)
        await go_to(shell, "data")
        await shell.sees("‹ fashion-mnist ›")
        await shell.press("space")
        await shell.sees("‹ digits ›")
        await shell.press("enter")
        await shell.until(lambda: lesson(shell).settings.data == "digits")


async def test_arrows_turn_a_number_and_shift_turns_it_more() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await edit(shell)
        row = await go_to(shell, "lr")
        await shell.sees("├", "┤", "●", "live  0.0001 … 100")
        await shell.press("right")
        assert row.field.value == "0.5"
        await shell.press("left", "left")
        assert row.field.value == "0.2"
        await shell.press("shift+right")
        assert row.field.value == "1"
        await shell.press("2", "enter")  # a number that was turned to is typed over
        await shell.until(lambda: lesson(shell).settings.knobs["lr"] == 2)


async def test_turning_ends_at_the_ends_of_the_range_and_fixes_what_is_not_a_number() -> None:
    async with opened((80, 24), lesson="digits") as shell:
        await edit(shell)
        row = await go_to(shell, "hidden")
        for _ in range(8):
            await shell.press("shift+right")
        assert row.field.value == "512"
        await enter(shell, "hidden", "few")
        await shell.sees("✗ hidden is a whole number, not 'few'.")
        await shell.press("right")
        await shell.until(lambda: "✗" not in shell.text)
        assert row.field.value == "32"


async def test_the_knobs_fit_a_narrow_terminal() -> None:
    async with opened((48, 20), lesson="digits") as shell:
        await edit(shell)
        await shell.sees("Knobs", "epochs", "┤")
        await shell.press("right", "enter")
        await shell.until(lambda: not isinstance(shell.app.screen, KnobEditorScreen))
        assert lesson(shell).settings.knobs["epochs"] == 22
