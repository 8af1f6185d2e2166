"""Environments in memory: enough of conda, pip and python to create, fill, export, clone and remove them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.teaching.simulated_shell.shell import SimulatedShell

BASE = "base"
VERSIONS = {
    "python": ("3.10", "3.11", "3.12"),
    "numpy": ("1.24", "1.26", "2.1"),
    "scipy": ("1.10", "1.14"),
    "pandas": ("2.0", "2.2"),
    "matplotlib": ("3.7", "3.9"),
    "scikit-learn": ("1.3", "1.5"),
    "jupyter": ("1.0", "1.1"),
    "tensorboard": ("2.13", "2.18"),
    "torch": ("2.0", "2.5"),
    "torchvision": ("0.15", "0.20"),
    "django": ("4.2", "5.1"),
}
"""Versions that this practice shell can install, the newest last: examples, not an offer of what there is today."""


class Environments:
    """What is installed where.

    Attributes:
        installed: for each environment its packages and their versions.
        active: the environment that commands work in.
        versions: what can be installed, the newest version last; an author may add others.
        requires: for a package and its version, the versions of others that it needs: ``{("a", "1.0"): {"numpy":
            "1.24"}}``. An environment in which two packages need different versions is refused.
        added: packages that pip has installed, by environment.
    """

    def __init__(self) -> None:
        self.installed: dict[str, dict[str, str]] = {BASE: {"python": "3.12"}}
        self.active = BASE
        self.versions: dict[str, tuple[str, ...]] = dict(VERSIONS)
        self.requires: dict[tuple[str, str], dict[str, str]] = {}
        self.added: dict[str, set[str]] = {}

    def resolve(self, wanted: Iterable[str], present: dict[str, str]) -> dict[str, str]:
        """The packages ``present`` once those ``wanted`` (``numpy``, ``numpy=1.26``, ``numpy==1.26``) are there too.

        Raises:
            CommandError: there is no such package or version, or two packages need different versions of a third.
        """
        found, pinned = dict(present), dict[str, str]()
        for word in wanted:
            name, _, version = re.sub(r"==?", "=", word).partition("=")
            if name not in self.versions:
                raise _make_error(f"there is no package {name} here; conda search NAME tells what there is")
            if version and version not in self.versions[name]:
                raise _make_error(f"{name} {version} is not available; there is {', '.join(self.versions[name])}")
            if pinned.get(name, version) != version:
                raise _make_error(f"{name} is asked for as {pinned[name]} and as {version}")
            if version:
                pinned[name] = version
            found[name] = version or found.get(name) or self.versions[name][-1]
        needs: dict[str, tuple[str, str]] = {}
        for name, version in list(found.items()):
            for other, needed in self.requires.get((name, version), {}).items():
                by, before = needs.setdefault(other, (f"{name} {version}", needed))
                if before != needed:
                    raise _make_error(f"conflict: {by} needs {other} {before}, {name} {version} needs {other} {needed}")
                if pinned.get(other, needed) != needed:
                    raise _make_error(
                        f"conflict: {name} {version} needs {other} {needed}, {pinned[other]} is asked for"
                    )
                found[other] = needed
        return found

    def export(self, name: str) -> str:
        """An environment as the text of ``environment.yml``."""
        packages = self.installed[name]
        by_pip = self.added.get(name, set()) & set(packages)
        lines = [f"name: {name}", "dependencies:"]
        lines += [f"  - {one}={version}" for one, version in packages.items() if one not in by_pip]
        if by_pip:
            lines += ["  - pip:", *(f"    - {one}=={packages[one]}" for one in sorted(by_pip))]
        return "\n".join(lines)


def _make_error(text: str) -> Exception:
    from descend.engine.teaching.simulated_shell.shell import CommandError

    return CommandError(text)


def _split(given: Sequence[str], valued: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options, those of ``valued`` with the word after them, and the other words."""
    found: dict[str, str] = {}
    rest, words = [], list(given)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            rest.append(word)
            continue
        name = {"--name": "-n", "--file": "-f", "--yes": "-y", "--channel": "-c", "--requirement": "-r"}.get(word, word)
        if name in valued:
            if not words:
                raise _make_error(f"after {word} a word is missing")
            found[name] = words.pop(0)
        elif name in ("-y", "--all", "--dry-run", "--envs", "-q", "--from-history", "-U", "--upgrade"):
            found[name] = ""
        else:
            raise _make_error(f"this practice shell does not know {word}")
    return found, rest


def run_conda(shell: SimulatedShell, given: list[str]) -> str:
    """``conda …``."""
    own = shell.environments
    if not given or given[0] == "--version":
        return "conda 24.9 (simulated)"
    verb, words = given[0], given[1:]
    if verb == "env" and words:
        verb, words = f"env {words[0]}", words[1:]
    chosen, names = _split(words, ("-n", "-f", "-c", "--clone"))
    where = chosen.get("-n", own.active)
    if verb not in ("create", "env create") and where not in own.installed:
        raise _make_error(f"there is no environment {where}; conda env list names those that are there")
    match verb:
        case "activate":
            name = names[0] if names else BASE
            if name not in own.installed:
                raise _make_error(f"there is no environment {name}; conda env list names those that are there")
            own.active = name
            return ""
        case "deactivate":
            own.active = BASE
            return ""
        case "create" | "env create":
            return _create(shell, verb, chosen, names)
        case "env list" | "info":
            return "\n".join(f"{name:<16}{' *' if name == own.active else ''}".rstrip() for name in own.installed)
        case "list":
            return "\n".join(f"{name:<16}{version}" for name, version in sorted(own.installed[where].items()))
        case "install" | "update":
            wanted = names
            if verb == "update":
                wanted = [f"{name}={own.versions[name][-1]}" for name in names or own.installed[where]]
            return _install(own, where, wanted, dry="--dry-run" in chosen)
        case "remove" | "uninstall" | "env remove":
            if verb == "env remove" or "--all" in chosen:
                if "-n" not in chosen:
                    raise _make_error("which environment? -n NAME says it")
                if where in (BASE, own.active):
                    raise _make_error(f"{where} is {'the base' if where == BASE else 'active'} and cannot be removed")
                del own.installed[where]
                return f"Removed {where}."
            return _remove(own, where, names)
        case "env export":
            return own.export(where)
        case "search":
            if not names or names[0] not in own.versions:
                raise _make_error(f"there is no package {names[0] if names else ''}".rstrip())
            return "\n".join(f"{names[0]:<16}{version}" for version in own.versions[names[0]])
        case "clean" | "config":
            return ""
    raise _make_error(f"this practice shell does not know conda {verb}")


def _create(shell: SimulatedShell, verb: str, chosen: dict[str, str], names: list[str]) -> str:
    own = shell.environments
    packages: dict[str, str] = {}
    by_pip: set[str] = set()
    name = chosen.get("-n", "")
    if verb == "env create" or "-f" in chosen:
        named, names, by_pip = _parse_file(shell.read(chosen.get("-f", "environment.yml")))
        name = name or named
    elif "--clone" in chosen:
        if chosen["--clone"] not in own.installed:
            raise _make_error(f"there is no environment {chosen['--clone']} to clone")
        packages = dict(own.installed[chosen["--clone"]])
        by_pip = set(own.added.get(chosen["--clone"], ()))
    if not name:
        raise _make_error("the environment needs a name: -n NAME")
    if name in own.installed:
        raise _make_error(f"there is an environment {name} already")
    found = own.resolve(names, packages)
    if "--dry-run" in chosen:
        return "Would install " + ", ".join(f"{one} {version}" for one, version in found.items())
    own.installed[name], own.added[name] = found, by_pip
    return f"Made {name}; conda activate {name} works in it."


def _parse_file(text: str) -> tuple[str, list[str], set[str]]:
    """Name, packages, and names of those that pip installs, of an ``environment.yml``."""
    name, wanted, by_pip = "", [], set[str]()
    for line in text.splitlines():
        if line.startswith("name:"):
            name = line.partition(":")[2].strip()
        elif (item := line.strip()).startswith("- ") and item != "- pip:":
            wanted.append(item[2:].strip())
            if "==" in item:
                by_pip.add(item[2:].partition("==")[0].strip())
    return name, wanted, by_pip


def _install(own: Environments, where: str, wanted: Sequence[str], dry: bool = False) -> str:
    if not wanted:
        raise _make_error("which packages?")
    before = own.installed[where]
    after = own.resolve(wanted, before)
    changed = [f"{name} {version}" for name, version in after.items() if before.get(name) != version]
    if not dry:
        own.installed[where] = after
    return f"{'Would install' if dry else 'Installed'} {', '.join(changed)} in {where}." if changed else "All there."


def _remove(own: Environments, where: str, names: Sequence[str]) -> str:
    if not names:
        raise _make_error("which packages?")
    for name in names:
        if name not in own.installed[where]:
            raise _make_error(f"{name} is not installed in {where}")
        del own.installed[where][name]
    return f"Removed {', '.join(names)} from {where}."


def run_pip(shell: SimulatedShell, given: list[str]) -> str:
    """``pip …``, in the active environment."""
    own = shell.environments
    verb, words = (given[0], given[1:]) if given else ("", [])
    chosen, names = _split(words, ("-r",))
    packages = own.installed[own.active]
    match verb:
        case "install":
            if "-r" in chosen:
                lines = (line.partition("#")[0].strip() for line in shell.read(chosen["-r"]).splitlines())
                names += [line for line in lines if line]
            told = _install(own, own.active, names)
            own.added.setdefault(own.active, set()).update(re.split("=+", name)[0] for name in names)
            return told
        case "uninstall":
            return _remove(own, own.active, names)
        case "freeze":
            return "\n".join(f"{name}=={version}" for name, version in sorted(packages.items()) if name != "python")
        case "list":
            return "\n".join(f"{name:<16}{version}" for name, version in sorted(packages.items()))
    raise _make_error(f"this practice shell does not know pip {verb}".rstrip())


def run_python(shell: SimulatedShell, given: list[str]) -> str:
    """``python --version``; programs are not run."""
    version = shell.environments.installed[shell.environments.active].get("python")
    if version is None:
        raise _make_error("python: command not found; it is not installed in this environment")
    if given in (["--version"], ["-V"]):
        return f"Python {version}"
    raise _make_error("this practice shell runs no programs; python --version tells which Python is active")
