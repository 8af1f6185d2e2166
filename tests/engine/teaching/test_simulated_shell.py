"""A shell in memory answers as a real one does where lessons practise, and touches nothing real."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.teaching.simulated_shell import CommandError, SimulatedShell
from descend.engine.teaching.simulated_shell.repository import is_ignored


def typed(shell: SimulatedShell, *lines: str) -> str:
    """What the last line prints; all must succeed."""
    said = ""
    for line in lines:
        said = shell.run(line)
        assert not shell.failed, f"{line}: {said}"
    return said


def refused(shell: SimulatedShell, line: str) -> str:
    said = shell.run(line)
    assert shell.failed
    return said


def test_files_are_made_moved_read_and_removed() -> None:
    shell = SimulatedShell({"data/notes.txt": "one\n", ".hidden": ""})
    assert typed(shell, "ls") == "data/"
    assert typed(shell, "ls -a") == ".hidden  data/"
    assert typed(shell, "cd data && pwd") == "/home/you/data"
    assert typed(shell, "cat notes.txt") == "one"
    typed(shell, "echo two >> notes.txt", "cp notes.txt ../copy.txt", "mkdir -p a/b", "mv notes.txt a/b")
    assert shell.files == {"/home/you/.hidden": "", "/home/you/copy.txt": "one\ntwo\n",
                           "/home/you/data/a/b/notes.txt": "one\ntwo\n"}  # fmt: skip
    assert typed(shell, "echo $HOME ~") == "/home/you ~"
    assert "is a folder" in refused(shell, "rm a")
    typed(shell, "rm -r a")
    assert "/home/you/data/a/b" not in shell.folders
    assert "no such file" in refused(shell, "cat nothing")
    assert "no such folder" in refused(shell, "echo x > nowhere/x")
    assert "command not found" in refused(shell, "sudo rm -rf /")


def test_what_follows_a_failure_is_not_run_after_and_but_after_a_semicolon() -> None:
    shell = SimulatedShell()
    shell.run("cat missing && touch a ; touch b")
    assert list(shell.files) == ["/home/you/b"]
    assert shell.run("echo 'one # two' # three") == "one # two"
    assert "cannot be read" in refused(shell, "echo 'open")


def test_nothing_real_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell = SimulatedShell()
    for line in (f"touch {tmp_path}/x", "touch y", "mkdir z", f"rm -rf {tmp_path}", "git init", "rm -rf /"):
        shell.run(line)
    assert list(tmp_path.iterdir()) == []


WORDS = [
    "git",
    "init",
    "add",
    "commit",
    "-m",
    "conda",
    "create",
    "-n",
    "a",
    ".",
    "install",
    "pip",
    "numpy",
    "numpy=1.24",
    ">",
    ">>",
    "&&",
    ";",
    "'",
    "cd",
    "..",
    "rm",
    "-r",
    "~",
    "/",
    "mv",
    "switch",
    "-c",
    "merge",
    "branch",
    "echo",
    "$HOME",
    "ls",
    "restore",
    "--staged",
    "env",
    "export",
    "remove",
    "--all",
    "\x1b[2J",
    "activate",
    "diff",
    "-f",
    "mkdir",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_whatever_is_typed_is_answered(words: list[str]) -> None:
    shell = SimulatedShell({"a": "1", "b/c": "2"})
    for start in range(0, len(words), 5):
        answer = shell.run(" ".join(words[start : start + 5]))
        assert "\x1b" not in answer
        assert shell.prompt.endswith("$")


def test_environments_are_made_filled_exported_and_made_again() -> None:
    shell = SimulatedShell()
    typed(shell, "conda create -n ee541 python=3.11 numpy -y", "conda activate ee541")
    assert shell.environments.installed["ee541"] == {"python": "3.11", "numpy": "2.1"}
    assert typed(shell, "python --version") == "Python 3.11"
    assert shell.prompt == "(ee541) ~ $"
    typed(shell, "conda install -c conda-forge scipy", "pip install torch==2.5", "conda env export > environment.yml")
    assert "  - scipy=1.14" in shell.read("environment.yml")
    assert "    - torch==2.5" in shell.read("environment.yml")
    assert "is active" in refused(shell, "conda env remove -n ee541")
    typed(shell, "conda deactivate", "conda env remove -n ee541", "conda env create -f environment.yml")
    assert shell.environments.installed["ee541"]["torch"] == "2.5"
    assert "==" not in shell.read("environment.yml").replace("torch==", "")
    typed(shell, "conda create --clone ee541 -n copy", "conda remove -n copy numpy")
    assert "numpy" in shell.environments.installed["ee541"]
    assert "numpy" not in shell.environments.installed["copy"]
    assert "there is no environment no" in refused(shell, "conda activate no")
    assert "3.9 is not available" in refused(shell, "conda create -n x python=3.9")
    typed(shell, "conda install --dry-run pandas")
    assert "pandas" not in shell.environments.installed["base"]


def test_two_packages_that_need_different_versions_are_a_conflict() -> None:
    shell = SimulatedShell()
    own = shell.environments
    own.versions |= {"old-tool": ("1.0",), "new-tool": ("2.0",)}
    own.requires = {("old-tool", "1.0"): {"numpy": "1.24"}, ("new-tool", "2.0"): {"numpy": "2.1"}}
    typed(shell, "conda create -n one old-tool", "conda activate one")
    said = refused(shell, "conda install new-tool")
    assert "old-tool 1.0 needs numpy 1.24, new-tool 2.0 needs numpy 2.1" in said
    assert own.installed["one"] == {"old-tool": "1.0", "numpy": "1.24"}
    assert "2.1 is asked for" in refused(shell, "pip install numpy==2.1")
    typed(shell, "conda create -n two new-tool")


def test_git_tracks_what_is_added_and_ignores_what_it_should() -> None:
    shell = SimulatedShell({"net.py": "a\n", "data/big.bin": "0", "__pycache__/net.pyc": "0", "model.pt": "0"})
    assert "in no repository" in refused(shell, "git status")
    typed(shell, "git init", "echo __pycache__/ > .gitignore", "echo '*.pt' >> .gitignore", "echo data >> .gitignore")
    assert "Not tracked:\n  .gitignore\n  net.py" in typed(shell, "git status")
    assert "is ignored" in refused(shell, "git add model.pt")
    assert "message" in refused(shell, "git commit")
    typed(shell, "git add .", "git commit -m start")
    assert sorted(shell.git.head) == [".gitignore", "net.py"]
    assert "clean" in typed(shell, "git status")
    typed(shell, "echo b >> net.py")
    assert "+b" in typed(shell, "git diff")
    assert "nothing is staged" in refused(shell, "git commit -m again")
    typed(shell, "git restore net.py")
    assert shell.read("net.py") == "a\n"
    typed(shell, "rm net.py", "git add -A", "git commit -m gone")
    assert [one.message for one in shell.git.log()] == ["gone", "start"]
    assert sorted(shell.git.head) == [".gitignore"]


def test_branches_are_switched_and_merged() -> None:
    shell = SimulatedShell({"a": "1\n", "b": "1\n"})
    typed(shell, "git init", "git add .", "git commit -m one", "git switch -c idea", "echo 2 > a")
    assert "not committed" in refused(shell, "git switch main")
    typed(shell, "git commit -am two", "git switch main")
    assert shell.read("a") == "1\n"
    typed(shell, "echo 3 > b", "git commit -am three")
    assert "Merged idea" in typed(shell, "git merge idea")
    assert (shell.read("a"), shell.read("b")) == ("2\n", "3\n")
    assert len(shell.git.log()[0].parents) == 2
    typed(shell, "git switch idea", "echo 4 > b", "git commit -am four", "git switch main")
    assert "conflict: both branches change b" in refused(shell, "git merge idea")
    typed(shell, "git branch -d idea")
    assert typed(shell, "git branch") == "* main"
    assert shell.prompt == "(base) ~ (main) $"


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("a/b/net.pyc", ["*.pyc"], True),
        ("data/x", ["data/"], True),
        ("data", ["data/"], False),
        ("keep.pt", ["*.pt", "!keep.pt"], False),
        ("runs/a/b", ["runs"], True),
        ("src/runs.py", ["runs"], False),
        ("out/a.txt", ["/out/*.txt"], True),
        ("b/out/a.txt", ["/out/*.txt"], False),
        ("a", ["# a", ""], False),
    ],
)
def test_patterns_of_an_ignore_file(name: str, patterns: list[str], expected: bool) -> None:
    assert is_ignored(name, patterns) is expected


def test_an_author_adds_a_command() -> None:
    def curl(shell: SimulatedShell, given: list[str]) -> str:
        if given != ["localhost:8000/health"]:
            raise CommandError("curl: nothing answers there")
        return "ok"

    shell = SimulatedShell()
    shell.commands["curl"] = curl
    assert typed(shell, "curl localhost:8000/health > answer", "cat answer") == "ok"
    assert refused(shell, "curl elsewhere") == "curl: nothing answers there"
    shell.commands["broken"] = lambda shell, given: given[5]
    assert "does not work (IndexError" in refused(shell, "broken")


def test_it_does_not_grow_without_end() -> None:
    shell = SimulatedShell({"a": "x" * 1000})
    for _ in range(20):
        shell.run("cat a a a a > b && mv b a")
    assert sum(map(len, shell.files.values())) <= 200_000
    assert "too long" in refused(shell, "echo " + "x" * 5000)
