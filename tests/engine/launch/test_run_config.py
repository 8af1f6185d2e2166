"""A run's configuration as a file and as one line."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.engine.train.trained import written
from tests.terminal import descend

from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher, run_config
from descend.engine.run.run_request import RunRequest


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=120)


def outcome(*words: str) -> dict[str, object]:
    result = call(*words, "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_the_line_that_show_prints_makes_the_same_metrics(tmp_path: Path) -> None:
    file = written(tmp_path, "def Net(n_features, hidden: list = [4], act='relu'): return nn.Linear(n_features, 1)\n")
    table = tmp_path / "some data.csv"
    table.write_text("a,b,y\n" + "\n".join(f"{i % 7},{i % 5},{i % 7 + 0.5 * (i % 5)}" for i in range(60)) + "\n")
    first = outcome(
        "run", f"{file}:Net", "--data", f"{table}?target=y&task=regression", "--set", "epochs=3", "--set", "lr=0.02",
        "--set", "hidden=[4, 2]", "--seed", "7", "--device", "cpu",
    )  # fmt: skip
    shown = json.loads(call("show", str(first["run"]), "--json").stdout)
    words = shlex.split(shown["again"])
    assert words[:2] == ["descend", "run"]
    assert outcome(*words[1:])["metrics"] == first["metrics"]
    assert shown["again"] in call("show", str(first["run"])).stdout


def test_a_configuration_is_kept_in_a_file_and_run_again_elsewhere(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "t.csv").write_text("a,b,kind\n" + "\n".join(f"{i % 7},{i % 5},{'xy'[i % 2]}" for i in range(60)) + "\n")
    kept = here / "mine.toml"
    first = outcome(
        "run", "mlp", "--data", str(here / "t.csv"), "--set", "epochs=2", "--set", "optimiser=sgd", "--seed", "3",
        "--save", str(kept),
    )  # fmt: skip
    assert str(tmp_path) not in kept.read_text(), "it can be shared together with the data"
    there = here.rename(tmp_path / "there")
    assert outcome("run", "--config", str(there / "mine.toml"))["metrics"] == first["metrics"]
    changed = outcome("run", "--settings", str(there / "mine.toml"), "--set", "epochs=1", "--seed", "4")
    assert changed["metrics"] != first["metrics"]


def test_lines_of_lessons_and_of_forks() -> None:
    lesson = launcher.check_request(RunRequest("digits", {"epochs": 3}, seed=2, device="cpu"))
    assert run_config.format_command(lesson) == "descend run digits --set epochs=3 --seed 2 --device cpu"
    from descend.engine.run.manifest import Parent

    fork = msgspec.structs.replace(lesson, parent=Parent("20260101-000000-digits-abcd", 90))
    assert run_config.format_command(fork) == "descend fork 20260101-000000-digits-abcd --at 90 --set epochs=3"


@pytest.mark.parametrize("words", ['a "quoted" \\ thing', "naïve 😀 \x7f \x01", "new\nline", "[64, 32]"])
def test_any_text_survives_a_file(tmp_path: Path, words: str) -> None:
    file = written(tmp_path, "def Net(name='a', rate: float = 0.1, deep=False): pass\n")
    asked = launcher.check_request(
        RunRequest(f"{file}:Net", {"name": words, "rate": "1e-5", "deep": "yes"}, data="iris")
    )
    run_config.save_config(asked, tmp_path / "k.toml")
    kept = run_config.load_config(tmp_path / "k.toml")
    again = launcher.check_request(kept)
    assert (again.name, again.knobs, again.seed, again.data) == (asked.name, asked.knobs, asked.seed, asked.data)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = ", "is not a configuration file"),
        (b"\xff", "is not a configuration file"),
        (b"nam = 'mlp'", "has a 'nam', unknown in a configuration; did you mean 'name'?"),
        (b"seed = 'x'", "seed should be a whole number."),
        (b"seed = true", "seed should be a whole number."),
        (b"knobs = 3", "knobs should be a table, [knobs]."),
        (b"[knobs]\nlr = [1]", "the knob lr should be a number, true, false or text in quotes."),
    ],
)
def test_a_file_that_is_not_a_configuration_is_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "k.toml"
    file.write_bytes(content)
    with pytest.raises(DescendError) as caught:
        run_config.load_config(file)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_configuration_that_cannot_be_kept_or_found_starts_nothing(tmp_path: Path, folders: Path) -> None:
    result = call("run", "mlp", "--data", "iris", "--save", str(tmp_path / "absent" / "k.toml"))
    assert (result.returncode, result.stdout) == (1, "")
    assert "The configuration cannot be written" in result.stderr
    result = call("run", "--config", str(tmp_path / "absent.toml"))
    assert result.returncode == 2
    assert "absent.toml cannot be read: No such file or directory." in result.stderr
    assert not folders.exists()
