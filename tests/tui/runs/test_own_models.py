"""A person with runs of models of their own, whose file may be gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.base.errors import UsageError
from descend.engine.launch import experiment, launcher, run_config
from descend.engine.run import runs
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.tui.screens.runs.fork import parse
from tests.tui.recording import begin, end, sign, steps
from tests.tui.runs.past import all_runs, go_to, screen, with_checkpoints

NET = "from torch import nn\n\n\ndef Net(features, classes, hidden=8):\n    return nn.Linear(features, classes)\n"
TABLE = "width,kind\n" + "".join(f"{n},{'big' if n > 20 else 'small'}\n" for n in range(40))


def own(folder: Path, state: str = "done", **knobs: object) -> Run:
    """A run of a model and data in ``folder``."""
    (folder / "net.py").write_text(NET)
    (folder / "data.csv").write_text(TABLE)
    asked = launcher.check_request(
        RunRequest(f"{folder}/net.py:Net", knobs, data=f"{folder}/data.csv?target=kind", device="cpu")
    )
    run = runs.create_run(asked)
    begin(run)
    steps(run, 0, 60)
    end(run, state)
    sign(run)
    return with_checkpoints(run, 30, 60)


async def test_own_models_and_data_are_named_without_their_folders(tmp_path: Path) -> None:
    own(tmp_path, epochs=3)
    async with all_runs() as shell:
        await shell.sees(" net.py:Net ", "epochs=3 data=data.")
        entry = screen(shell).table.entry
        assert entry is not None
        assert entry.label == "epochs=3 data=data.csv?target=kind"
        assert entry.matches([str(tmp_path).lower()]), "it can still be searched for"
        assert "features  ·" not in shell.text, "what was not given is not listed"


async def test_a_run_whose_model_is_gone_can_be_looked_at(tmp_path: Path) -> None:
    run = own(tmp_path, hidden="16")
    (tmp_path / "net.py").unlink()
    async with all_runs() as shell:
        await shell.sees("hidden=16 data=data.")
        await shell.press("enter")
        await shell.sees("There is no file", "✓ done", "60/60")
        assert shell.app.screen.lesson.title == "Net of net.py"  # type: ignore[attr-defined]
        assert run_config.find_changed(run.manifest()) == {"hidden": "16"}
        await shell.press("r")
        await shell.pilot.pause(0.3)
        assert not shell.workers.launched
        assert shell.app.screen.settings.knobs["hidden"] == "16"  # type: ignore[attr-defined]
        assert shell.app.screen.session.run.id == run.id  # type: ignore[attr-defined]


async def test_a_run_whose_model_is_gone_is_neither_forked_nor_resumed(tmp_path: Path) -> None:
    run = own(tmp_path, "stopped")
    (tmp_path / "net.py").unlink()
    async with all_runs() as shell:
        await go_to(shell, run)
        await shell.press("f")
        await shell.sees("There is no file")
        await shell.press("R")
        await shell.until(lambda: any("restore it to resume" in told.message for told in shell.app._notifications))
        assert not shell.workers.launched


def test_values_with_blanks_are_typed_in_quotes(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET.replace("hidden=8", "sizes=(4, 2)"))
    model = experiment.find(f"{tmp_path}/net.py:Net")
    assert parse('lr=0.01 sizes="[8, 4]"', model) == {"lr": 0.01, "sizes": "[8, 4]"}
    with pytest.raises(UsageError, match="quotation mark"):
        parse('sizes="[4', model)


async def test_runs_of_different_models_are_compared_by_what_they_were_given(tmp_path: Path) -> None:
    own(tmp_path)
    own(tmp_path, hidden="16")
    async with all_runs() as shell:
        await shell.press("space", "space", "c")
        await shell.sees("Compare", "hidden ", "16", "–")
        assert "features" not in shell.text
