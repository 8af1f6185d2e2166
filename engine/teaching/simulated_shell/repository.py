"""A git repository in memory: enough of git to track, ignore, commit, look back, branch and merge."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.teaching.simulated_shell.shell import SimulatedShell

MAIN = "main"
Files = dict[str, str]
"""Text of each file, by its path below the repository's root."""


@dataclass(frozen=True)
class Commit:
    """What was committed; ``parents`` are ids, ``files`` all that is tracked then."""

    id: str
    message: str
    parents: tuple[str, ...]
    files: Mapping[str, str]


class Repository:
    """The repository; without a ``root`` there is none yet.

    Attributes:
        root: the folder it is in.
        commits: by id.
        branches: for each branch the id of its newest commit.
        branch: the one that is checked out, also before its first commit.
        staged: what the next commit will hold.
    """

    def __init__(self) -> None:
        self.root = ""
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        self.branch = MAIN
        self.staged: Files = {}

    def holds(self, path: str) -> bool:
        """Whether a path is in the repository."""
        return bool(self.root) and (path == self.root or path.startswith(self.root + "/"))

    @property
    def head(self) -> Files:
        """What the newest commit of the branch holds."""
        return dict(self.commits[self.branches[self.branch]].files) if self.branch in self.branches else {}

    def log(self) -> list[Commit]:
        """The commits of the branch, newest first, by first parents."""
        found, one = [], self.branches.get(self.branch, "")
        while one:
            found.append(self.commits[one])
            one = next(iter(self.commits[one].parents), "")
        return found

    def commit(self, message: str, *merged: str) -> Commit:
        """Commit what is staged."""
        parents = tuple(one for one in (self.branches.get(self.branch, ""), *merged) if one)
        text = repr((len(self.commits), message, parents, sorted(self.staged.items())))
        made = Commit(hashlib.sha256(text.encode()).hexdigest()[:7], message, parents, dict(self.staged))
        self.commits[made.id] = made
        self.branches[self.branch] = made.id
        return made

    def ancestors(self, id: str) -> set[str]:
        """A commit and all that it was made from."""
        found: set[str] = set()
        left = [id]
        while left:
            one = left.pop()
            if one and one not in found:
                found.add(one)
                left += self.commits[one].parents
        return found


def list_working_files(shell: SimulatedShell) -> Files:
    """The files of the working tree, by their paths below the root."""
    start = shell.git.root.rstrip("/") + "/"
    return {path.removeprefix(start): text for path, text in shell.files.items() if path.startswith(start)}


def is_ignored(name: str, patterns: Iterable[str]) -> bool:
    """Whether patterns of an ignore file match a path or a folder above it; the last match decides, ``!`` undoes."""
    parts = name.split("/")
    above = ["/".join(parts[: index + 1]) for index in range(len(parts))]
    found = False
    for line in patterns:
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        undo, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        folder, pattern = pattern.endswith("/"), pattern.rstrip("/")
        for path in above[:-1] if folder else above:
            rooted = "/" in pattern
            if fnmatch.fnmatchcase(path if rooted else path.rpartition("/")[2], pattern.lstrip("/")):
                found = not undo
    return found


def list_untracked(shell: SimulatedShell) -> list[str]:
    """Files that are neither staged nor ignored."""
    files = list_working_files(shell)
    patterns = files.get(".gitignore", "").splitlines()
    return sorted(name for name in files if name not in shell.git.staged and not is_ignored(name, patterns))


def _make_error(text: str) -> Exception:
    from descend.engine.teaching.simulated_shell.shell import CommandError

    return CommandError(text)


def run_git(shell: SimulatedShell, given: list[str]) -> str:
    """``git …``."""
    own = shell.git
    if not given or given[0] == "--version":
        return "git 2.47 (simulated)"
    verb, words = given[0], given[1:]
    if verb == "init":
        if own.root:
            raise _make_error(f"there is a repository already, in {own.root}")
        own.root = shell.cwd
        return f"Made an empty repository in {own.root}."
    if verb == "config":
        return ""
    if not own.holds(shell.cwd):
        raise _make_error("this folder is in no repository; git init makes one")
    actions = {
        "status": _status, "add": _add, "commit": _commit, "log": _log, "diff": _diff, "branch": _branch,
        "switch": _switch, "checkout": _switch, "restore": _restore, "rm": _remove, "merge": _merge,
    }  # fmt: skip
    if verb not in actions:
        raise _make_error(f"this practice shell does not know git {verb}")
    return actions[verb](shell, words)


def _resolve_paths(shell: SimulatedShell, names: Sequence[str], among: Iterable[str]) -> list[str]:
    """Those ``among`` paths below the root that are, or are in, one of ``names``.

    Raises:
        CommandError: a name matches none of them.
    """
    among, found = sorted(among), dict[str, None]()
    for name in names:
        path = shell.path(name)
        inside = path.removeprefix(shell.git.root).lstrip("/")
        here = [
            one
            for one in among
            if not inside or one == inside or one.startswith(inside + "/") or fnmatch.fnmatchcase(one, inside)
        ]
        if not here and (inside or not shell.git.holds(path)):
            raise _make_error(f"'{name}' matches no file that git can use here")
        found |= dict.fromkeys(here)
    return list(found)


def _status(shell: SimulatedShell, words: list[str]) -> str:
    own, files = shell.git, list_working_files(shell)
    head, lines = own.head, [f"On branch {own.branch}"]
    staged = _list_changes(head, own.staged)
    changed = _list_changes(own.staged, {name: text for name, text in files.items() if name in own.staged})
    for title, found in (
        ("Staged for the next commit:", staged),
        ("Changed and not staged:", changed),
        ("Not tracked:", list_untracked(shell)),
    ):
        if found:
            lines += [title, *(f"  {one}" for one in found)]
    return "\n".join(lines if len(lines) > 1 else [*lines, "Nothing to commit; the working tree is clean."])


def _list_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    names = sorted({*before, *after})
    words = {
        name: "new:" if name not in before else "deleted:" if name not in after else "changed:"
        for name in names
        if before.get(name) != after.get(name)
    }
    return [f"{word} {name}" for name, word in words.items()]


def _add(shell: SimulatedShell, words: list[str]) -> str:
    own, files = shell.git, list_working_files(shell)
    every = bool({"-A", "--all"} & set(words))
    names = ["."] if every else [word for word in words if not word.startswith("-")]
    if not names:
        raise _make_error("which files? git add FILE, or git add . for all of this folder")
    patterns = files.get(".gitignore", "").splitlines()
    force = {"-f", "--force"} & set(words)
    refused = [
        name
        for name in names
        if shell.path(name) in shell.files
        and not force
        and (inside := shell.path(name).removeprefix(own.root + "/")) not in own.staged
        and is_ignored(inside, patterns)
    ]
    if refused:
        raise _make_error(f"{refused[0]} is ignored by .gitignore; -f adds it all the same")
    for name in _resolve_paths(shell, names, {*files, *own.staged}):
        if name not in files:
            own.staged.pop(name, None)
        elif name in own.staged or force or not is_ignored(name, patterns):
            own.staged[name] = files[name]
    return ""


def _commit(shell: SimulatedShell, words: list[str]) -> str:
    own, message = shell.git, ""
    for place, word in enumerate(words):
        if word in ("-m", "-am", "--message"):
            if place + 1 == len(words):
                raise _make_error(f"after {word} the message is missing")
            message = words[place + 1]
    if {"-a", "-am"} & set(words):
        files = list_working_files(shell)
        own.staged = {name: files[name] for name in own.staged if name in files}
    if not message.strip():
        raise _make_error('a commit needs a message: git commit -m "what was done"')
    if own.staged == own.head:
        raise _make_error("nothing is staged; git add chooses what the commit holds")
    made = own.commit(message)
    return f"[{own.branch} {made.id}] {message}"


def _log(shell: SimulatedShell, words: list[str]) -> str:
    found = shell.git.log()
    if not found:
        raise _make_error(f"the branch {shell.git.branch} has no commits yet")
    return "\n".join(f"{one.id} {one.message}" for one in found)


def _diff(shell: SimulatedShell, words: list[str]) -> str:
    own, files = shell.git, list_working_files(shell)
    if {"--staged", "--cached"} & set(words):
        before, after = own.head, own.staged
    else:
        before, after = own.staged, {name: files[name] for name in own.staged if name in files}
    lines: list[str] = []
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            old, new = before.get(name, "").splitlines(), after.get(name, "").splitlines()
            lines += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="", n=1)
    return "\n".join(lines)


def _branch(shell: SimulatedShell, words: list[str]) -> str:
    own = shell.git
    names = [word for word in words if not word.startswith("-")]
    if {"-d", "-D"} & set(words):
        if not names or names[0] not in own.branches or names[0] == own.branch:
            raise _make_error("which branch? It must be there, and not the one that is checked out")
        del own.branches[names[0]]
        return ""
    if names:
        _make_branch(own, names[0])
        return ""
    every = sorted({*own.branches, own.branch})
    return "\n".join(f"{'*' if name == own.branch else ' '} {name}" for name in every)


def _make_branch(own: Repository, name: str) -> None:
    if name in own.branches:
        raise _make_error(f"there is a branch {name} already")
    if own.branch not in own.branches:
        raise _make_error("a branch begins at a commit, and there is none yet")
    own.branches[name] = own.branches[own.branch]


def _switch(shell: SimulatedShell, words: list[str]) -> str:
    own = shell.git
    names = [word for word in words if not word.startswith("-")]
    if len(names) != 1:
        raise _make_error("which branch? git switch NAME, with -c to make it")
    if {"-c", "-b"} & set(words):
        _make_branch(own, names[0])
        own.branch = names[0]
        return f"Switched to the new branch {names[0]}."
    if names[0] not in own.branches:
        raise _make_error(f"there is no branch {names[0]}; -c makes it")
    files, target = list_working_files(shell), dict(own.commits[own.branches[names[0]]].files)
    if own.staged != own.head or any(files.get(name) != text for name, text in own.staged.items()):
        raise _make_error("there are changes that are not committed; commit or restore them first")
    if lost := [name for name in target if name not in own.staged and name in files and files[name] != target[name]]:
        raise _make_error(f"{lost[0]} is not tracked here and would be overwritten")
    own.branch = names[0]
    _check_out(shell, own.staged, target)
    return f"Switched to {names[0]}."


def _check_out(shell: SimulatedShell, before: Mapping[str, str], after: Files) -> None:
    """Make the working tree and what is staged that of a commit; files that are not tracked stay."""
    own = shell.git
    for name in before:
        if name not in after:
            shell.files.pop(f"{own.root}/{name}", None)
    for name, text in after.items():
        path = f"{own.root}/{name}"
        shell.make_folders(path.rpartition("/")[0])
        shell.files[path] = text
    own.staged = dict(after)


def _restore(shell: SimulatedShell, words: list[str]) -> str:
    own = shell.git
    names = [word for word in words if not word.startswith("-")]
    staged = "--staged" in words
    source = own.head if staged else own.staged
    for name in _resolve_paths(shell, names, {*source, *own.staged}):
        if not staged:
            if name in source:
                shell.files[f"{own.root}/{name}"] = source[name]
        elif name in source:
            own.staged[name] = source[name]
        else:
            own.staged.pop(name, None)
    return ""


def _remove(shell: SimulatedShell, words: list[str]) -> str:
    own = shell.git
    names = [word for word in words if not word.startswith("-")]
    for name in _resolve_paths(shell, names, own.staged):
        own.staged.pop(name, None)
        if "--cached" not in words:
            shell.files.pop(f"{own.root}/{name}", None)
    return ""


def _merge(shell: SimulatedShell, words: list[str]) -> str:
    own = shell.git
    if len(words) != 1 or words[0] not in own.branches:
        raise _make_error("which branch? git merge NAME, of one that is there")
    files = list_working_files(shell)
    if own.staged != own.head or any(files.get(name) != text for name, text in own.staged.items()):
        raise _make_error("there are changes that are not committed; commit or restore them first")
    here, there = own.branches.get(own.branch, ""), own.branches[words[0]]
    ours, theirs = own.ancestors(here), own.ancestors(there)
    if there in ours:
        return "Already up to date."
    if here in theirs:
        own.branches[own.branch] = there
        _check_out(shell, own.staged, dict(own.commits[there].files))
        return f"Fast-forward to {there}."
    order = list(own.commits)
    shared = max(ours & theirs, key=order.index, default="")
    base = own.commits[shared].files if shared else {}
    mine, other, merged = own.head, own.commits[there].files, dict[str, str]()
    for name in sorted({*mine, *other}):
        if mine.get(name) != other.get(name) and base.get(name) not in (mine.get(name), other.get(name)):
            raise _make_error(f"conflict: both branches change {name}; only what does not overlap is merged here")
        text = other.get(name) if mine.get(name) == base.get(name) else mine.get(name)
        if text is not None:
            merged[name] = text
    _check_out(shell, own.staged, merged)
    made = own.commit(f"Merge {words[0]}", there)
    return f"Merged {words[0]} as {made.id}."
