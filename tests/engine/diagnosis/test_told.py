"""Where the command line says what ails a training."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest
from tests.engine.train.trained import trained
from tests.terminal import descend

from descend.engine.cli import main
from descend.engine.cli.follow import follow

TOO_HIGH = {"optimiser": "momentum", "lr": 3.0, "epochs": 4}
COMMAND = ["run", "mlp", "--data", "digits", *(f"--set={name}={value}" for name, value in TOO_HIGH.items())]


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["show", *words]) == 0
    return capsys.readouterr().out


def test_the_end_of_a_run_says_it_in_a_line_each() -> None:
    result = subprocess.run(descend(*COMMAND), capture_output=True, text=True, timeout=120, env=dict(os.environ))
    assert result.returncode == 0, result.stderr
    assert "\n! the rate is too high; try lr=0.3; lesson digits\n" in result.stdout
    assert "` tells why.\n" in result.stdout


def test_the_last_line_of_json_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("mlp", "digits", **TOO_HIGH)
    assert follow(run, lambda: False, as_json=True) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["findings"][0]["name"] == "rate too high"


def test_show_tells_the_evidence_what_to_try_and_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("mlp", "digits", **TOO_HIGH)
    text = shown(capsys, run.id)
    assert "! the rate is too high\n  With lr=3 the loss of training rose from " in text
    assert "  Try lr=0.3: take shorter steps.\n  `descend open digits` is the lesson that shows it.\n" in text
    found: list[dict[str, Any]] = json.loads(shown(capsys, run.id, "--json"))["findings"]
    assert found[0] == {
        "name": "rate too high",
        "severity": "serious",
        "short": "the rate is too high",
        "evidence": found[0]["evidence"],
        "remedy": "Take shorter steps.",
        "knobs": {"lr": 0.3},
        "lesson": "digits",
    }


def test_a_class_name_from_a_file_reaches_the_terminal_without_control_sequences(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from descend.engine.diagnosis import diagnose
    from descend.engine.diagnosis.finding import Finding

    wicked = Finding("imbalance", "misses '\x1b[31mred'", "'\x1b]0;x\x07' is rare.", "Look.", "digits")
    monkeypatch.setattr(diagnose, "diagnose", lambda run, history: [wicked])
    run = trained("mlp", "digits", epochs=1)
    text = shown(capsys, run.id)
    assert "misses '" in text
    assert "\x1b" not in text
    assert "\x07" not in text
