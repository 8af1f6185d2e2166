"""Paths as people type them: wherever one can be given, nonsense is a sentence."""

from __future__ import annotations

import errno
import io
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from descend.datasets import catalogue
from descend.engine.base import files, paths
from descend.engine.base.errors import UsageError
from descend.engine.base.files import MAX_TEXT, read_user_text, require_replaceable
from descend.engine.base.paths import find_working_folder, parse_path, path_exists
from descend.engine.cli import main
from descend.engine.launch import run_config
from descend.engine.run import export
from descend.engine.run.manifest import Manifest
from descend.engine.run.runs import Run
from descend.tui import shell_settings

NONSENSE = {
    "~nosuchuser/x": "There is no user 'nosuchuser'",
    "x" * 300: "300 bytes, where 255 fit",
    "é" * 150: "300 bytes, where 255 fit",
    "d/" * 3000: "is too long, folders and all",
    "": "The path is empty",
    "  ": "The path is empty",
    "a\0b": "zero byte",
    "file/x": "is a file",
    "file/x/y/z": "is a file",
    "circle/x": "form a loop",
    "\ud800x": "not UTF-8 text",
}


RECORDING = Path(__file__).parents[2] / "recordings" / "digits"
ASKED = Manifest(id="", name="digits", knobs={}, seed=0, device="cpu")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file and a link to itself."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x,y\n1,2\n")
    (tmp_path / "circle").symlink_to("circle")
    return tmp_path


@pytest.mark.parametrize("typed", NONSENSE, ids=range(len(NONSENSE)))
def test_what_can_be_no_path_is_a_sentence(typed: str) -> None:
    with pytest.raises(UsageError) as wrong:
        parse_path(typed)
    assert NONSENSE[typed] in str(wrong.value)
    assert len(str(wrong.value)) < 300
    assert str(wrong.value).endswith(".")
    assert not path_exists(typed)


def test_paths_are_expanded_and_absolute(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert parse_path("~/a b") == here / "a b"
    assert parse_path("file") == here / "file"
    assert parse_path("./~nosuchuser") == here / "~nosuchuser"
    assert parse_path("/") == Path("/")
    assert path_exists("~/file")
    assert not path_exists("~/nothing")


def test_a_name_in_another_encoding_can_be_written_to_but_not_be_kept() -> None:
    typed = os.fsdecode(b"caf\xe9.csv")
    assert parse_path(typed).name == typed
    with pytest.raises(UsageError, match="the byte 0xE9, which is not UTF-8 text"):
        parse_path(typed, kept=True)


def test_a_folder_that_is_gone_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "gone").mkdir()
    monkeypatch.chdir(here / "gone")
    (here / "gone").rmdir()
    with pytest.raises(UsageError, match="The folder you are in is gone"):
        parse_path("x")


def test_without_a_home_the_tilde_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(UsageError, match="home folder is not known"):
        parse_path("~/x")


COMMANDS = [
    ("export", "RUN", "--to", "csv", "PATH"),
    ("export", "RUN", "--to", "json", "PATH"),
    ("export", "RUN", "--to", "tensorboard", "PATH"),
    ("data", "show", "PATH"),
    ("data", "show", "PATH.csv?target=a"),
    ("run", "mlp", "--data", "PATH"),
    ("run", "PATH.py:Net", "--data", "iris"),
    ("run", "PATH.py", "--data", "iris"),
    ("run", "digits", "--config", "PATH"),
    ("run", "digits", "--save", "PATH"),
    ("show", "PATH.py:Net"),
    ("show", "mlp", "--data", "PATH"),
    ("open", "PATH.py:Net"),
    ("open", "mlp", "--data", "PATH"),
    ("progress", "export", "PATH"),
    ("exercise", "floating-point", "1", "--write", "PATH"),
    ("exercise", "floating-point", "1", "--check", "PATH"),
    ("new", "lesson", "mine", "--path", "PATH"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words).replace("/", ""))
def test_every_command_says_so(
    words: tuple[str, ...], folders: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ""
    if "RUN" in words:
        run = "20260101-000000-digits-abcd"
        shutil.copytree(RECORDING, folders / "runs" / run)
    for typed in NONSENSE:
        if "\0" in typed or typed == "\ud800x" or (not typed and "--data" in words):
            continue  # the system hands over no such words; without data goes without saying
        status = main([run if word == "RUN" else word.replace("PATH", typed) for word in words])
        told = capsys.readouterr()
        assert status in (1, 2), typed
        assert told.err.startswith("descend: ")
        assert told.err.count("\n") == 1, told.err
    assert not (folders / "runs").exists() or run


def test_forty_options_behind_a_path_are_no_name_of_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"column_{number:02}" for number in range(40)]
    rows = [",".join([*names, "kind"])] + [
        ",".join([*(str(n * m % 7) for m in range(40)), "ab"[n % 2]]) for n in range(30)
    ]
    (here / "wide.csv").write_text("\n".join(rows) + "\n")
    spec = catalogue.find(f"wide.csv?ignore={','.join(names[:38])}")
    assert spec.sample_shape == (2,)


@pytest.mark.parametrize("variable", ["DESCEND_HOME", "DESCEND_DATA"])
def test_a_folder_in_the_environment_that_can_be_none_is_a_sentence(
    variable: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "~nosuchuser/x")
    for words in ([], ["list", "runs"], ["data", "list"], ["run", "digits"]):
        assert main(words) == 2
        assert f"descend: {variable}: There is no user 'nosuchuser'" in capsys.readouterr().err
    monkeypatch.delenv(variable)
    assert paths.home()


def test_a_home_below_a_file_is_told_with_the_variable_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "file" / "home"))
    assert main(["list", "runs"]) == 1
    assert "cannot be read (Not a directory); make the folder readable, or set DESCEND_HOME" in capsys.readouterr().err
    assert main(["run", "digits"]) == 1
    assert "(Not a directory); set DESCEND_HOME to a folder you can write to." in capsys.readouterr().err


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_before_a_configuration_or_an_exercise_is_fine(
    start: bytes, here: Path, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from descend.engine.launch import run_config

    (here / "mine.toml").write_bytes(start + b'name = "digits"\nseed = 4\n')
    assert run_config.load_config(here / "mine.toml").seed == 4
    assert main(["exercise", "floating-point", "1", "--solution"]) == 0
    solution = capsys.readouterr().out
    (here / "mine.py").write_bytes(start + solution.encode())
    assert main(["exercise", "floating-point", "1", "--check", "mine.py"]) == 0, capsys.readouterr().out


def kinds(folder: Path) -> dict[str, Path]:
    """What is no file, though it can be named like one."""
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("file")
    (folder / "endless").symlink_to("/dev/zero")
    return {"a FIFO": folder / "fifo", "a folder": folder, "a link": folder / "link"}


def test_only_files_are_replaced(here: Path) -> None:
    for what, path in kinds(here).items():
        before = os.lstat(path)
        for replace in (
            partial(export.write_csv, Run(RECORDING), path, force=True),
            partial(run_config.save_config, ASKED, path),
        ):
            with pytest.raises(UsageError, match=f"cannot be replaced: {path.name} is {what}, not a file; name a file"):
                replace()
        assert os.lstat(path).st_ino == before.st_ino
    with pytest.raises(UsageError, match="null is a device"):
        require_replaceable(Path("/dev/null"))
    require_replaceable(here / "file")
    require_replaceable(here / "new")


def test_what_is_read_for_a_user_is_a_file_and_not_endless(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds(here)
    (here / "large").write_bytes(b"x" * (MAX_TEXT + 1))
    (here / "windows").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    assert read_user_text(here / "windows") == "a\nb\n"
    assert read_user_text(here / "link") == "x,y\n1,2\n"
    for name, wrong in {"fifo": "is a FIFO", "endless": "is a device", "large": "is larger than 4 MiB"}.items():
        for words in (["exercise", "floating-point", "1", "--check"], ["run", "--settings"]):
            assert main([*words, name]) == 2
            assert wrong in capsys.readouterr().err


@pytest.mark.parametrize("name", ["logbook.json", "settings.json", "proved.json", "lessons", "lessons/own.py"])
def test_no_file_of_the_home_folder_is_waited_for(
    name: str, here: Path, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folders / name
    file.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(file)
    assert shell_settings.get("theme", "none") == "none"
    assert main(["list", "lessons", "--json"]) == 0
    assert ('"own", "broken": ' in (said := capsys.readouterr().out)) == (name == "lessons/own.py")
    assert '"name": "digits"' in said
    assert main(["progress"]) == 0


def test_a_lesson_that_is_a_link_to_nothing_costs_no_other(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "lessons").mkdir(parents=True)
    (folders / "lessons" / "gone.py").symlink_to("nowhere")
    (folders / "lessons" / "own.py").write_text("")
    assert main(["list", "lessons", "--json"]) == 0
    said = capsys.readouterr().out
    assert '"own", "broken": "it defines no LESSON' in said
    assert '"gone", "broken": ' in said


def test_settings_that_are_nested_too_deeply_are_a_sentence(here: Path) -> None:
    (here / "deep.toml").write_text("x = " + "[" * 50_000)
    with pytest.raises(UsageError, match="nested too deeply"):
        run_config.load_config(here / "deep.toml")


def test_a_folder_that_may_not_be_searched_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        with pytest.raises(UsageError) as told:
            parse_path("secret/x")
    assert str(told.value).startswith("'secret/x' cannot be looked up (Permission denied)")


def test_a_working_folder_that_is_gone_is_a_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "gone").mkdir()
    monkeypatch.chdir(here / "gone")
    assert find_working_folder() is None
    (here / "gone").rmdir()
    assert main(["list", "lessons"]) == 2
    assert capsys.readouterr().err == "descend: The folder you are in is gone; change to another.\n"
    assert find_working_folder() == "/"


FULL = {
    errno.ENOSPC: "(No space left on device); make room on its disk.",
    errno.EDQUOT: "(Disk quota exceeded); make room within the quota.",
    errno.EFBIG: "(File too large); raise the limit on the size of files (`ulimit -f`).",
    errno.EROFS: "(Read-only file system); make its disk writable.",
    errno.EIO: "(Input/output error); choose another name.",
}


@pytest.mark.parametrize("code", FULL)
def test_what_cannot_be_written_leaves_nothing_and_says_what_helps(
    code: int, here: Path, folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.RawIOBase):
        """A file that takes nothing."""

        def __init__(self, file: Path, *_: object, **__: object) -> None:
            Path(file).touch()

        def write(self, text: object) -> int:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "open", Full, raising=False)
    lessons = folders / "lessons" / "my_own.py"
    for file, words in {
        here / "code.py": ["exercise", "floating-point", "1", "--write", "code.py"],
        here / "book.json": ["progress", "export", "book.json"],
        lessons: ["new", "lesson", "my-own"],
    }.items():
        assert main(words) == 1
        assert capsys.readouterr().err == f"descend: Cannot write {file} {FULL[code]}\n"
        assert not file.exists()
