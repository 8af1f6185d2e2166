"""Taking lines apart, and the commands that change files."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping, Sequence

from descend.engine.base.sanitize import clean

LARGEST = 200_000
"""Characters that all files together may hold."""
LONGEST = 2_000
"""Characters of a line."""


class CommandError(Exception):
    """A command fails; the text is what it prints."""


Command = Callable[["SimulatedShell", list[str]], str]
"""Gets the shell and the words after the command's name; returns what it prints, or raises `CommandError`."""


class SimulatedShell:
    """A shell, its files, its environments and its git repository, all in memory.

    Args:
        files: text of each file; a path that does not begin with ``/`` is below the home folder.

    Attributes:
        files: text of each file, by its whole path.
        folders: whole paths.
        cwd: the folder that commands start from.
        variables: of the shell.
        environments: what conda and pip have made.
        git: the repository; there is one at most.
        commands: what can be called, by name; an author may add others.
        lines: what was typed.
        failed: whether the last command has failed.
    """

    HOME = "/home/you"

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        from descend.engine.teaching.simulated_shell.environments import Environments, run_conda, run_pip, run_python
        from descend.engine.teaching.simulated_shell.repository import Repository, run_git

        self.files: dict[str, str] = {}
        self.folders = {"/", "/home", self.HOME}
        self.cwd = self.HOME
        self.variables = {"HOME": self.HOME}
        self.environments, self.git = Environments(), Repository()
        self.lines: list[str] = []
        self.failed = False
        self.commands: dict[str, Command] = {
            **FILE_COMMANDS,
            "conda": run_conda,
            "git": run_git,
            "help": print_help,
            "pip": run_pip,
            "python": run_python,
        }
        for path, text in (files or {}).items():
            self.write(path, text)

    @property
    def prompt(self) -> str:
        """What stands before the line: the active environment, the folder and the branch."""
        place = f"~{self.cwd.removeprefix(self.HOME)}" if self.cwd.startswith(self.HOME) else self.cwd
        branch = f" ({self.git.branch})" if self.git.holds(self.cwd) else ""
        return f"({self.environments.active}) {place}{branch} $"

    def run(self, line: str) -> str:
        """Do what ``line`` says and return what it prints, without the last line break; nothing it says raises."""
        self.lines.append(line)
        if len(line) > LONGEST:
            self.failed = True
            return "The line is too long."
        try:
            words = _split_words(clean(line))
        except ValueError as error:
            self.failed = True
            return f"The line cannot be read: {str(error).lower()}."
        printed, proceeds = [], True
        for part, joint in _split_commands(words):
            if proceeds and part:
                printed.append(self._run_command(part))
            proceeds = joint == ";" or (proceeds and not self.failed)
        return "\n".join(text for text in printed if text)

    def _run_command(self, words: list[str]) -> str:
        """Run one command, its output perhaps into a file."""
        self.failed = False
        target, append = "", False
        for sign in (">>", ">"):
            if sign in words:
                place = words.index(sign)
                if place + 2 != len(words) or not place:
                    self.failed = True
                    return f"After {sign} stands one file's name, and nothing after that."
                target, append, words = words[place + 1], sign == ">>", words[:place]
        words = [re.sub(r"\$(\w+)", lambda found: self.variables.get(found[1], ""), word) for word in words]
        name, *given = words
        try:
            if name not in self.commands:
                raise CommandError(f"{name}: command not found; help lists those that this practice shell knows")
            printed = self.commands[name](self, given)
            if target:
                path = self.path(target)
                before = self.files.get(path, "") if append else ""
                self.write(target, before + printed + ("\n" if printed else ""))
                return ""
        except CommandError as error:
            self.failed = True
            return str(error)
        except Exception as error:  # a command that an author has added
            self.failed = True
            return f"{name}: this practice command does not work ({type(error).__name__}: {error})"
        return printed

    def path(self, name: str) -> str:
        """The whole path of ``name``, which may be relative or begin with ``~``."""
        if name == "~" or name.startswith("~/"):
            name = self.HOME + name[1:]
        return posixpath.normpath(posixpath.join(self.cwd, name))

    def read(self, name: str) -> str:
        """The text of a file.

        Raises:
            CommandError: there is none.
        """
        path = self.path(name)
        if path in self.folders:
            raise CommandError(f"{name}: is a folder")
        if path not in self.files:
            raise CommandError(f"{name}: no such file")
        return self.files[path]

    def write(self, name: str, text: str) -> None:
        """Put ``text`` into a file; the folders of a path that is relative to the home folder are made.

        Raises:
            CommandError: its folder is missing, or the files have become too large.
        """
        path = self.path(name)
        if not self.lines:
            self.make_folders(posixpath.dirname(path))
        if path in self.folders:
            raise CommandError(f"{name}: is a folder")
        if posixpath.dirname(path) not in self.folders:
            raise CommandError(f"{name}: there is no such folder")
        if sum(map(len, self.files.values())) + len(text) > LARGEST:
            raise CommandError("the disk of this practice shell is full")
        self.files[path] = text

    def make_folders(self, path: str) -> None:
        """Make a folder and those above it."""
        while path not in self.folders:
            if path in self.files:
                raise CommandError(f"{path}: is a file")
            self.folders.add(path)
            path = posixpath.dirname(path)

    def list_below(self, path: str) -> list[str]:
        """The whole paths of the files and folders below a folder, at any depth."""
        start = path.rstrip("/") + "/"
        return sorted(one for one in (*self.files, *self.folders) if one.startswith(start) and one != path)


def _split_words(line: str) -> list[str]:
    """The words of a line; operators are words of their own, what follows a ``#`` is no part of it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


def _split_commands(words: Sequence[str]) -> list[tuple[list[str], str]]:
    """Commands, and what stands after each: ``&&``, ``;`` or nothing."""
    parts: list[tuple[list[str], str]] = []
    part: list[str] = []
    for word in words:
        if word in ("&&", ";"):
            parts.append((part, word))
            part = []
        else:
            part.append(word)
    return [*parts, (part, "")]


def parse_options(given: Sequence[str], known: str, command: str) -> tuple[set[str], list[str]]:
    """The options, which are letters of ``known``, and the other words.

    Raises:
        CommandError: an option is not known.
    """
    flags: set[str] = set()
    names = []
    for word in given:
        if word.startswith("-") and len(word) > 1:
            if wrong := set(word[1:]) - set(known):
                raise CommandError(f"{command}: this practice shell does not know -{sorted(wrong)[0]}")
            flags |= set(word[1:])
        else:
            names.append(word)
    return flags, names


def _require_words(names: Sequence[str], minimum: int, command: str, usage: str) -> None:
    if len(names) < minimum:
        raise CommandError(f"{command}: too few words; {usage}")


def _pwd(shell: SimulatedShell, given: list[str]) -> str:
    return shell.cwd


def _cd(shell: SimulatedShell, given: list[str]) -> str:
    path = shell.path(given[0] if given else "~")
    if path not in shell.folders:
        raise CommandError(f"cd: {given[0]}: no such folder")
    shell.cwd = path
    return ""


def _ls(shell: SimulatedShell, given: list[str]) -> str:
    flags, names = parse_options(given, "al1", "ls")
    path = shell.path(names[0] if names else ".")
    if path in shell.files:
        return names[0]
    if path not in shell.folders:
        raise CommandError(f"ls: {names[0]}: no such file or folder")
    found = [one for one in shell.list_below(path) if posixpath.dirname(one) == path]
    if shell.git.root == path and "a" in flags:
        found.append(f"{path}/.git")
    shown = [posixpath.basename(one) + "/" * (one in shell.folders) for one in found]
    shown = sorted(one for one in shown if "a" in flags or not one.startswith("."))
    return ("\n" if flags & {"l", "1"} else "  ").join(shown)


def _cat(shell: SimulatedShell, given: list[str]) -> str:
    _require_words(given, 1, "cat", "cat FILE")
    return "".join(shell.read(name) for name in given).rstrip("\n")


def _echo(shell: SimulatedShell, given: list[str]) -> str:
    return " ".join(given)


def _mkdir(shell: SimulatedShell, given: list[str]) -> str:
    flags, names = parse_options(given, "p", "mkdir")
    _require_words(names, 1, "mkdir", "mkdir FOLDER")
    for name in names:
        path = shell.path(name)
        if "p" not in flags and path in {*shell.folders, *shell.files}:
            raise CommandError(f"mkdir: {name}: is there already")
        if "p" not in flags and posixpath.dirname(path) not in shell.folders:
            raise CommandError(f"mkdir: {name}: the folder above it is missing; -p makes it too")
        shell.make_folders(path)
    return ""


def _touch(shell: SimulatedShell, given: list[str]) -> str:
    _require_words(given, 1, "touch", "touch FILE")
    for name in given:
        shell.write(name, shell.files.get(shell.path(name), ""))
    return ""


def _rm(shell: SimulatedShell, given: list[str]) -> str:
    flags, names = parse_options(given, "rf", "rm")
    _require_words(names, 1, "rm", "rm FILE")
    for name in names:
        path = shell.path(name)
        if path in shell.files:
            del shell.files[path]
        elif path in shell.folders:
            if "r" not in flags:
                raise CommandError(f"rm: {name}: is a folder; -r removes it with what is in it")
            if shell.cwd == path or shell.cwd.startswith(path.rstrip("/") + "/"):
                raise CommandError(f"rm: {name}: the shell is in it")
            for one in shell.list_below(path):
                shell.files.pop(one, None)
                shell.folders.discard(one)
            shell.folders.discard(path)
            if shell.git.root == path:
                shell.git.__init__()  # type: ignore[misc]
        elif "f" not in flags:
            raise CommandError(f"rm: {name}: no such file or folder")
    return ""


def _copy(shell: SimulatedShell, given: list[str], command: str) -> list[str]:
    _, names = parse_options(given, "r", command)
    if len(names) != 2:
        raise CommandError(f"{command}: it takes what is there and the new name")
    old, new = names
    text, path = shell.read(old), shell.path(new)
    shell.write(f"{path}/{posixpath.basename(shell.path(old))}" if path in shell.folders else new, text)
    return names


def _cp(shell: SimulatedShell, given: list[str]) -> str:
    _copy(shell, given, "cp")
    return ""


def _mv(shell: SimulatedShell, given: list[str]) -> str:
    old, new = _copy(shell, given, "mv")
    if shell.path(old) != shell.path(new):
        del shell.files[shell.path(old)]
    return ""


def _export(shell: SimulatedShell, given: list[str]) -> str:
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise CommandError("export: write NAME=VALUE")
        shell.variables[name] = value
    return ""


def print_help(shell: SimulatedShell, given: list[str]) -> str:
    """What can be called."""
    return (
        f"This practice shell knows {', '.join(sorted(shell.commands))}; && and ; between commands, > and >> into a "
        "file. Nothing leaves it: no real file is touched."
    )


FILE_COMMANDS: dict[str, Command] = {
    "cat": _cat, "cd": _cd, "cp": _cp, "echo": _echo, "export": _export, "ls": _ls, "mkdir": _mkdir, "mv": _mv,
    "pwd": _pwd, "rm": _rm, "touch": _touch,
}  # fmt: skip
