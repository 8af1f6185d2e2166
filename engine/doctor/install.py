"""Is this Python, and is every package, one that descend was made for?"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from descend.engine.base.platforms import SUPPORTED
from descend.engine.base.units import format_gib
from descend.engine.doctor.check import Check

GPU_PACKAGES = ("nvidia-c", "nvidia-n", "cuda-", "triton")
"""How the names of packages begin that only NVIDIA GPUs need; not nvidia-ml-py, by which descend asks for one."""


def check_install() -> Iterator[Check]:
    """Yield Python, the platform, and each dependency against the bounds in descend's own metadata."""
    try:
        about = metadata.metadata("descend")
    except metadata.PackageNotFoundError:
        found = "not installed, so its bounds on packages are unknown"
        advice = "Install it from its folder with `uv sync` or `pip install -e .`."
        yield Check("Python", "descend", False, found, advice)
        return
    yield Check("Python", "descend", True, about["Version"])
    yield check_python(platform.python_version(), about["Requires-Python"] or "")
    yield Check(
        "Python",
        "platform",
        os.name == "posix",
        f"{platform.platform()}; descend runs on {SUPPORTED}",
        "" if os.name == "posix" else "Run descend inside WSL: it needs POSIX processes and file locks.",
    )
    yield report_size(measure_packages())
    for line in metadata.requires("descend") or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield check_package(requirement)


def measure_packages() -> dict[str, int]:
    """Bytes of the files of each installed package, as its own list of files states them."""
    sizes: dict[str, int] = {}
    for package in metadata.distributions():
        lines = (package.read_text("RECORD") or "").splitlines()
        stated = (line.rpartition(",")[2] for line in lines)
        sizes[package.name] = sum(int(size) for size in stated if size.isdigit())
    return sizes


def report_size(sizes: dict[str, int]) -> Check:
    """Report what installed packages (bytes by name) take, and how to do with less where no GPU is used."""
    gpu = sum(size for name, size in sizes.items() if name.lower().startswith(GPU_PACKAGES))
    found = f"{format_gib(sum(sizes.values()))} GiB of packages"
    if gpu:
        found += (
            f", {format_gib(gpu)} GiB of them only for NVIDIA GPUs; without one, CPU-only builds of torch and "
            "torchvision, always both together, do (README, Set-up)"
        )
    return Check("Python", "size on disk", True, found)


def check_python(version: str, bounds: str) -> Check:
    """Compare the running Python's ``version`` with descend's ``bounds`` (such as ``>=3.11``)."""
    fits = SpecifierSet(bounds).contains(version, prereleases=True)
    advice = "" if fits else f"Install Python {bounds}; `uv python install` leaves the system's alone."
    return Check("Python", "Python", fits, version if fits else f"{version}, outside {bounds}", advice)


def check_package(requirement: Requirement) -> Check:
    """Compare one installed package with the bounds of its ``requirement``."""
    # '>=' sorts after '<', and bounds are read from the lower to the upper.
    bounds = ",".join(sorted(map(str, requirement.specifier), reverse=True))
    advice = f"Run `uv sync`, or `pip install '{requirement.name}{bounds}'`."
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Check("Packages", requirement.name, False, "not installed", advice)
    if not requirement.specifier.contains(version, prereleases=True):
        return Check("Packages", requirement.name, False, f"{version}, outside {bounds}", advice)
    return Check("Packages", requirement.name, True, version)
