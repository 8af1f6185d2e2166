"""Where descend runs, and what it says where it does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from descend.engine.base.errors import UsageError
from descend.engine.base.platforms import check_platform
from descend.engine.doctor import install

MISSING = "fcntl", "termios", "tty", "pty", "resource", "pwd", "grp"
"""Modules of the standard library that Windows lacks."""


@pytest.mark.parametrize("words", [[], ["doctor"], ["list", "runs"], ["run", "digits"], ["--help"]])
def test_native_windows_is_told_where_descend_runs_in_a_sentence(words: list[str]) -> None:
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({MISSING}))\n"
        f"from descend.engine.cli import main\nsys.platform = 'win32'\nsys.exit(main({words!r}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("descend: descend runs on Linux and macOS, and Windows through WSL")


@pytest.mark.parametrize("platform", ["linux", "darwin", "freebsd14"])
def test_other_systems_are_not_refused(platform: str) -> None:
    check_platform(platform)
    with pytest.raises(UsageError, match="WSL"):
        check_platform("win32")


def test_the_doctor_names_systems_and_what_gpus_alone_need() -> None:
    checks = {check.name: check for check in install.check_install()}
    assert "Windows through WSL" in checks["platform"].found
    assert "GiB of packages" in checks["size on disk"].found
    with_gpu = install.report_size({"torch": 2**30, "nvidia-cublas": 2**31, "triton": 2**30, "nvidia-ml-py": 2**29})
    assert "4.5 GiB of packages, 3.0 GiB of them only for NVIDIA GPUs" in with_gpu.found
    assert with_gpu.ok
    assert "NVIDIA" not in install.report_size({"torch": 2**30, "nvidia-ml-py": 2**29}).found


def test_sizes_are_those_that_packages_state() -> None:
    sizes = install.measure_packages()
    assert sizes["numpy"] > 10_000_000
    assert sum(sizes.values()) > 2 * sizes["numpy"]
