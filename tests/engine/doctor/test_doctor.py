"""The doctor: real probes of real torch, and what it says when something is wrong."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import sys
import termios
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TextIO

import psutil
import pytest
from packaging.requirements import Requirement
from rich.console import Console

from descend.engine import doctor
from descend.engine.doctor import Check, devices, install, storage, terminal
from descend.engine.doctor.facts import DeviceFacts, DeviceList, Fact, NvidiaFacts, TorchFacts, VisionFacts

TORCH = TorchFacts(version="2.15.0", cuda="13.2", threads=2, seconds=1.0)
GIB = 2**30


def by_name(checks: Iterator[Check] | list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def examined(timeout: float = 90.0) -> dict[str, Check]:
    with devices.start_probe() as child:
        return by_name(devices.check_devices(child, timeout))


# --- the whole examination, on this machine


def test_examine_finds_the_real_torch_and_leaves_nothing_behind(folders: Path, tmp_path: Path) -> None:
    had_torch = "torch" in sys.modules

    checks = list(doctor.run_checks())

    found = by_name(checks)
    groups = list(dict.fromkeys(check.group for check in checks))
    assert groups == ["Python", "Packages", "Terminal", "Data", "Folders", "Devices"]
    required = [Requirement(line) for line in metadata.requires("descend") or ()]
    wanted = {requirement.name for requirement in required if "extra" not in str(requirement.marker)}
    assert {check.name for check in checks if check.group == "Packages"} == wanted
    assert found["home"] == Check("Folders", "home", True, str(folders))
    torch = next(check for check in checks if check.group == "Devices" and check.name == "torch")
    assert torch.ok
    assert torch.found.startswith(metadata.version("torch"))
    assert next(check for check in checks if check.group == "Devices" and check.name == "torchvision").ok
    assert str(len(os.sched_getaffinity(0))) in found["cpu"].found
    assert all(check.advice for check in checks if check.ok is not True)
    assert ("torch" in sys.modules) == had_torch
    assert list(tmp_path.iterdir()) == []


def test_an_unforeseen_failure_costs_one_group_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Check]:
        yield Check("Terminal", "streams", True, "fine")
        raise ValueError("a surprise")

    monkeypatch.setattr(terminal, "check_terminal", broken)
    monkeypatch.setattr(devices, "check_devices", lambda child, timeout: [Check("Devices", "last", True, "")])
    checks = list(doctor.run_checks())
    failed = next(check for check in checks if check.name == "terminal")
    assert (failed.ok, failed.found) == (False, "could not be examined: ValueError: a surprise")
    assert checks[-1].name == "last"


# --- the child that imports torch


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a module before the installed ones of the child."""

    def write(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return write


def test_a_torchvision_built_for_another_torch_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The installed torchvision without its compiled half: what importing a build for another torch amounts to.
    real = Path(str(metadata.distribution("torchvision").locate_file("torchvision")))
    (tmp_path / "torchvision").mkdir()
    for entry in real.iterdir():
        if not entry.name.startswith("_C"):
            (tmp_path / "torchvision" / entry.name).symlink_to(entry)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    found = examined()

    assert found["torch"].ok
    assert found["torchvision"].ok is False
    assert "not built for torch" in found["torchvision"].found
    assert "torchvision::nms" in found["torchvision"].found
    assert "uv sync --reinstall" in found["torchvision"].advice
    assert "one package index" in found["torchvision"].advice


def test_a_torch_that_hangs_is_given_up_and_ended(tmp_path: Path, fake: Callable[[str, str], None]) -> None:
    began = tmp_path / "began"
    fake("torch", f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep(600)")
    with devices.start_probe() as child:
        deadline = time.monotonic() + 60
        while not began.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        found = by_name(devices.check_devices(child, 0.2))
    assert found["torch"].ok is False
    assert "no response within 0.2 s while importing torch" in found["torch"].found
    assert found["torch"].advice
    assert not psutil.pid_exists(child.pid)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import os; os.abort()", "ended by SIGABRT while importing torch"),
        ("import os; os._exit(3)", "exit status 3 while importing torch"),
        ("print('noise'); raise ImportError('libtorch\\x1b[31m.so')", r"ImportError: libtorch\x1b[31m.so"),
    ],
)
def test_a_torch_that_crashes_is_one_finding(source: str, told: str, fake: Callable[[str, str], None]) -> None:
    fake("torch", source)
    found = examined()
    assert found["torch"].ok is False
    assert told in found["torch"].found
    assert "pip install" in found["torch"].advice
    assert set(found) == {"cpu", "torch"}


def test_the_last_words_of_a_crash_are_quoted(fake: Callable[[str, str], None]) -> None:
    fake("torch", "import os, sys; print('illegal instruction', file=sys.stderr, flush=True); os.abort()")
    assert "it said: illegal instruction" in examined()["torch"].found


def test_closing_the_iterator_ends_the_child(fake: Callable[[str, str], None]) -> None:
    fake("torch", "import time; time.sleep(600)")
    before = set(psutil.Process().children())
    examination = doctor.run_checks()
    next(examination)
    assert set(psutil.Process().children()) - before
    examination.close()  # type: ignore[attr-defined]
    assert set(psutil.Process().children()) == before


# --- what the child's facts mean


def read(*facts: Fact, **environment: str) -> dict[str, Check]:
    return by_name(devices.report_facts(list(facts), environment))


GPU = NvidiaFacts(driver="570.1", cuda="13.2", devices=["NVIDIA H200"])
CPU_ONLY = DeviceList([DeviceFacts("cpu")])


def test_no_gpu_is_fine() -> None:
    assert read(NvidiaFacts(), TORCH, CPU_ONLY)["GPU"].ok is True


def test_gpus_are_named_with_their_memory() -> None:
    seen = [
        DeviceFacts("cpu"),
        DeviceFacts("cuda:0", "NVIDIA H200", 140 * GIB, 139 * GIB),
        DeviceFacts("cuda:1", "NVIDIA H200", 140 * GIB, GIB // 2),
        DeviceFacts("cuda:2", "NVIDIA K20", 5 * GIB, 5 * GIB, "RuntimeError: no kernel image is available"),
        DeviceFacts("cuda:3", "NVIDIA H200", error="OutOfMemoryError: CUDA out of memory"),
    ]
    found = read(GPU, TORCH, DeviceList(seen))
    assert set(found) == {"torch", "cuda:0", "cuda:1", "cuda:2", "cuda:3"}
    assert found["cuda:0"].ok is True
    assert found["cuda:0"].found == "NVIDIA H200, 139.0 GiB of 140.0 GiB memory free"
    assert found["cuda:1"].ok is None
    assert found["cuda:2"].ok is False
    assert "no kernel image" in found["cuda:2"].found
    assert "torch built for this device" in found["cuda:2"].advice
    assert "Another process" in found["cuda:3"].advice


def test_an_apple_gpu_needs_no_nvidia_driver() -> None:
    found = read(
        NvidiaFacts(), TORCH, DeviceList([DeviceFacts("cpu"), DeviceFacts("mps", "Apple GPU", 12 * GIB, 11 * GIB)])
    )
    assert found["mps"].ok is True
    assert "GPU" not in found


@pytest.mark.parametrize(
    ("nvidia", "torch", "environment", "ok", "advice"),
    [
        (GPU, TorchFacts(version="2.15.0+cpu"), {}, False, "built for CUDA"),
        (NvidiaFacts("535.1", "12.2", ["NVIDIA A100"]), TORCH, {}, False, "supports CUDA 12.2 while torch needs 13.2"),
        (GPU, TORCH, {"CUDA_VISIBLE_DEVICES": ""}, None, "Unset CUDA_VISIBLE_DEVICES"),
        (GPU, TORCH, {"CUDA_VISIBLE_DEVICES": "7"}, False, "CUDA_VISIBLE_DEVICES is '7'"),
        (GPU, TORCH, {}, False, "nvidia-smi"),
        (NvidiaFacts(error="Driver/library version mismatch"), TORCH, {}, None, "restart"),
    ],
)
def test_a_gpu_torch_cannot_use_is_explained(
    nvidia: NvidiaFacts, torch: TorchFacts, environment: dict[str, str], ok: bool | None, advice: str
) -> None:
    found = read(nvidia, torch, CPU_ONLY, **environment)["GPU"]
    assert found.ok is ok
    assert advice in found.advice
    assert all(name in found.found for name in nvidia.devices)


def test_torchs_own_reason_is_passed_on() -> None:
    found = read(GPU, TORCH, DeviceList([DeviceFacts("cpu")], reason="CUDA initialization: unknown error"))["GPU"]
    assert "CUDA initialization: unknown error" in found.found


def test_a_cpu_that_computes_wrongly_is_a_problem() -> None:
    found = read(NvidiaFacts(), TORCH, DeviceList([DeviceFacts("cpu", error="RuntimeError: Numpy is not available")]))
    assert found["cpu"].ok is False


def test_little_memory_is_a_note() -> None:
    assert devices.check_cpu(GIB // 2, 8 * GIB).ok is None
    assert devices.check_cpu(4 * GIB, 8 * GIB).ok is True


def test_a_crash_on_leaving_is_no_problem() -> None:
    facts: list[Fact] = [NvidiaFacts(), TORCH, VisionFacts("0.29"), CPU_ONLY]
    assert devices.report_crash("Python was ended by SIGSEGV", facts, "").ok is None
    assert devices.report_crash("there was no response within 9 s", facts[:3], "").name == "devices"
    assert "nvidia-smi" in devices.report_crash("there was no response within 9 s", [], "").advice


# --- Python and packages


def test_an_old_package_is_a_problem_with_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy-1.26.0.dist-info").mkdir()
    (tmp_path / "numpy-1.26.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = by_name(install.check_install())
    assert found["numpy"].ok is False
    assert found["numpy"].found == "1.26.0, outside >=2,<3"
    assert "pip install 'numpy>=2,<3'" in found["numpy"].advice
    assert found["textual"].ok is True


def test_a_missing_package_is_a_problem() -> None:
    found = install.check_package(Requirement("no-such-package>=1"))
    assert (found.ok, found.found) == (False, "not installed")
    assert "no-such-package>=1" in found.advice


def test_an_old_python_is_a_problem() -> None:
    assert install.check_python("3.10.4", ">=3.11").ok is False
    assert install.check_python("3.14.0rc1", ">=3.11").ok is True


# --- the terminal


@pytest.fixture
def opened() -> Iterator[Callable[..., list[TextIO]]]:
    """Open pseudo-terminals of a size; gives their three streams."""
    streams: list[TextIO] = []

    def at(columns: int, lines: int, encoding: str = "utf-8") -> list[TextIO]:
        main, side = pty.openpty()
        termios.tcsetwinsize(side, (lines, columns))
        streams.append(os.fdopen(main, "rb+", buffering=0))  # type: ignore[arg-type]
        streams.append(os.fdopen(side, "w", encoding=encoding))
        return [streams[-1]] * 3

    yield at
    for stream in streams:
        stream.close()


def test_a_good_terminal(opened: Callable[..., list[TextIO]]) -> None:
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    found = by_name(terminal.check_terminal(environment, opened(120, 40)))
    assert all(check.ok for check in found.values())
    assert found["size"].found == "120 columns × 40 lines"
    assert found["colours"].found == "16 million"
    assert found["session"].found == "local"


@pytest.mark.parametrize(("columns", "lines"), [(79, 24), (80, 23), (0, 0)])
def test_a_small_terminal_is_a_note(columns: int, lines: int, opened: Callable[..., list[TextIO]]) -> None:
    size = by_name(terminal.check_terminal({"TERM": "xterm"}, opened(columns, lines)))["size"]
    assert size.ok is None
    assert size.advice


def test_no_terminal_is_a_note() -> None:
    found = by_name(terminal.check_terminal({}, [io.TextIOWrapper(io.BytesIO(), encoding="utf-8")] * 3))
    assert found["streams"].found == "stdin, stdout, stderr: not a terminal"
    assert {check.ok for check in found.values()} == {True, None}
    assert "size" not in found


def test_a_closed_output_is_no_crash() -> None:
    assert by_name(terminal.check_terminal({}, [None, None, None]))["streams"].ok is None


@pytest.mark.parametrize(
    ("environment", "ok", "told"),
    [
        ({"TERM": "xterm-256color"}, True, "256"),
        ({"TERM": "xterm"}, None, "16"),
        ({"TERM": "dumb"}, None, "none"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, True, "16 million"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, "NO_COLOR"),
    ],
)
def test_colours(environment: dict[str, str], ok: bool | None, told: str, opened: Callable[..., list[TextIO]]) -> None:
    colours = by_name(terminal.check_terminal(environment, opened(80, 24)))["colours"]
    assert (colours.ok, told in colours.found) == (ok, True)


def test_a_dumb_terminal_is_a_problem(opened: Callable[..., list[TextIO]]) -> None:
    assert by_name(terminal.check_terminal({"TERM": "dumb"}, opened(80, 24)))["TERM"].ok is False


def test_an_encoding_without_braille_is_a_problem(opened: Callable[..., list[TextIO]]) -> None:
    encoding = by_name(terminal.check_terminal({"TERM": "xterm"}, opened(80, 24, "latin-1")))["encoding"]
    assert (encoding.ok, encoding.found) == (False, "latin-1")


def test_what_stands_in_between_is_told(opened: Callable[..., list[TextIO]]) -> None:
    environment = {"TERM": "screen-256color", "TMUX": "/tmp/t", "SSH_CONNECTION": "a"}
    found = by_name(terminal.check_terminal(environment, opened(80, 24)))
    assert found["session"].found == "over SSH, inside tmux"
    assert "tmux.conf" in found["colours"].advice
    screen = by_name(terminal.check_terminal({"TERM": "screen", "STY": "1.x"}, opened(80, 24)))["session"]
    assert screen.found == "local, inside screen"


# --- data and folders


def test_every_dataset_is_listed() -> None:
    from descend.datasets import catalogue

    found = by_name(storage.check_datasets())
    assert list(found) == list(catalogue.list_names())
    for name, check in found.items():
        if catalogue.find(name).embedded:
            assert check.ok is True
            assert check.found.endswith("built in")
        else:
            assert check.ok is None
            assert f"descend data fetch {name}" in check.advice
    assert {check.ok for check in found.values()} == {True, None}


def test_a_downloaded_dataset_is_found_where_it_is(folders: Path) -> None:
    raw = folders.parent / "data/MNIST/raw"
    raw.mkdir(parents=True)
    sizes = {"train-images-idx3": 47_040_016, "train-labels-idx1": 60_008, "t10k-images-idx3": 7_840_016}
    for name, size in {**sizes, "t10k-labels-idx1": 10_008}.items():
        with open(raw / f"{name}-ubyte", "wb") as file:
            file.truncate(size)  # as long as it should be, without taking room
    assert by_name(storage.check_datasets())["mnist"] == Check("Data", "mnist", True, f"MNIST, in {raw}")
    os.truncate(raw / "t10k-labels-idx1-ubyte", 10_000)
    cut = by_name(storage.check_datasets())["mnist"]
    assert (cut.ok, cut.found) == (None, f"MNIST, not whole in {raw}")
    assert "descend data fetch mnist" in cut.advice


def test_a_built_in_dataset_that_is_gone_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    from descend.datasets import catalogue

    monkeypatch.setattr(type(catalogue.find("digits")), "where", lambda self: None)
    digits = by_name(storage.check_datasets())["digits"]
    assert digits.ok is False
    assert "reinstall scikit-learn" in digits.advice


def test_a_home_that_cannot_be_written_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "file/home"))
    monkeypatch.setenv("DESCEND_DATA", str(tmp_path / "file/data"))
    checks = list(storage.check_folders())
    found = by_name(checks)
    assert found["home"].ok is found["runs"].ok is False
    assert found["home"].found.endswith(f"{tmp_path / 'file'} is a file")
    assert "DESCEND_HOME" in found["home"].advice
    assert found["data"].ok is None
    assert "DESCEND_DATA" in found["data"].advice
    assert doctor.find_exit_status(checks) == 1


def test_a_home_without_locks_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    found = by_name(storage.check_folders())
    assert found["runs"].ok is False
    assert found["runs"].found.endswith(": no locks available")
    assert found["data"].ok is True


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_folders_without_permission(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    assert storage.report_data_folder(tmp_path / "closed").ok is False
    assert storage.try_write(tmp_path / "closed") == "permission denied"


def test_a_home_that_names_nobody_is_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCEND_HOME", "~nobody-of-that-name/descend")
    checks = list(doctor._guard("Folders", storage.check_folders))
    assert doctor.find_exit_status(checks) == 1


def test_little_room_is_a_note() -> None:
    assert storage.report_free_space("room for home", GIB // 2).ok is None
    assert storage.report_free_space("room for home", GIB).ok is True


# --- the report

FINDINGS = [
    Check("Data", "evil", None, "[bold]markup[/bold] \x1b]0;title\x07 \u202egpj.exe \udc80", "Do [this]."),
    Check("Data", "fine", True, "naïve × UTF-8"),
    Check("Folders", "home", False, "long " * 60, "Put it right."),
]


def printed(encoding: str, **options: object) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=80, _environ={"TERM": "xterm"}, **options)  # type: ignore[arg-type]
    console.print(doctor.render(FINDINGS))
    file.flush()
    return raw.getvalue().decode(encoding)


def test_the_report_escapes_what_it_found() -> None:
    text = printed("utf-8")
    assert r"[bold]markup[/bold] \x1b]0;title\x07 \u202egpj.exe \udc80" in " ".join(text.split())
    assert "→ Do [this]." in text
    assert all(c.isprintable() or c == "\n" for c in text)
    assert max(map(len, text.splitlines())) <= 80


def test_the_report_reads_without_colour_and_without_unicode() -> None:
    text = printed("utf-8")
    assert "! note" in text
    assert "✓ ok" in text
    assert "✗ problem" in text
    assert "1 problem, 1 note. To fix: home." in text
    plain = printed("ascii")
    assert "+ ok" in plain
    assert "x problem" in plain
    assert "-> Put it right." in plain
    assert "na\\xefve" in plain


def test_what_has_several_problems_is_named_once() -> None:
    keys = [Check("Terminal", "keys", False, f"wish {number}") for number in range(3)]
    assert doctor.summarize([*keys, *FINDINGS]) == "4 problems, 1 note. To fix: keys, home."


def test_the_report_uses_colour_only_to_repeat() -> None:
    assert "\x1b[" in printed("utf-8", force_terminal=True)
    assert "\x1b[31" not in printed("utf-8", force_terminal=True, no_color=True)


def test_lines_can_be_printed_one_by_one() -> None:
    console = Console(file=io.StringIO(), width=80)
    for check in FINDINGS:
        console.print(doctor.render_line(check))
    assert console.file.getvalue().count("problem") == 1  # type: ignore[attr-defined]


def test_json() -> None:
    told = json.loads(json.dumps(doctor.to_json(FINDINGS)))
    assert (told["status"], told["problems"], told["notes"]) == ("problems", 1, 1)
    assert [check["word"] for check in told["checks"]] == ["note", "ok", "problem"]
    assert told["checks"][1] == {
        "group": "Data", "name": "fine", "ok": True, "word": "ok", "found": "naïve × UTF-8", "advice": "",
    }  # fmt: skip
    assert doctor.to_json(FINDINGS[:2])["status"] == "ok"
    assert (doctor.find_exit_status(FINDINGS), doctor.find_exit_status(FINDINGS[:2])) == (1, 0)
