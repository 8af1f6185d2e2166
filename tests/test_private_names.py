"""Private names of dependencies are touched in one module a side, are there in the versions installed, and guarded."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import pkgutil
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
import torch
from textual.app import App
from torch import nn

import descend.engine.lab
import descend.engine.train
import descend.tui
from descend.datasets import private_names as of_datasets
from descend.engine.base import private_names as of_python
from descend.engine.base.private_names import PrivateName
from descend.engine.lab import private_names as of_engine
from descend.tui import private_names as of_shell

ROOT = Path(__file__).parents[1]
HOMES = {
    "datasets/private_names.py": of_datasets,
    "engine/base/private_names.py": of_python,
    "engine/lab/private_names.py": of_engine,
    "tui/private_names.py": of_shell,
}
NAMES = [name for home in HOMES.values() for name in home.NAMES]
DOCUMENTED = {"os._exit", "sys._getframe", "_replace"}
"""Public in spite of their underscore; the last is of named tuples."""
REFLECTION = {"getattr", "hasattr", "setattr", "delattr"}
OUR_PACKAGES = (descend.tui, descend.engine.lab, descend.engine.train)
"""Those with classes below a dependency's."""


def is_private(name: str) -> bool:
    return name.startswith("_") and name != "_" and not (name.startswith("__") and name.endswith("__"))


def describe(name: PrivateName) -> str:
    """What to read when a name has gone."""
    found = platform.python_version() if name.package == "python" else version(name.package)
    home = name.subclass or next(file for file, module in HOMES.items() if name in module.NAMES)
    return f"{name.package} {found} has no {name.place} ({name.use}; without it: {name.otherwise}): see {home}."


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.place)
def test_the_installed_versions_have_every_private_name(name: PrivateName) -> None:
    assert name.exists(), describe(name)


@pytest.mark.parametrize(
    "place",
    [
        "textual._no_such_module",
        "textual.app:App._no_such_name",
        "textual.drivers.linux_driver:LinuxDriver._no_such_name",
        "textual.drivers.linux_driver:NoSuchDriver.fileno",
        "torch:_foreach_no_such",
        "torch.nn:Module._no_such_dict",
    ],
)
def test_a_name_that_has_gone_is_told_in_a_sentence(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = PrivateName("textual", place, "something works", "it does not", subclass="tui/driver.py")
    assert not gone.exists()
    said = describe(gone)
    assert said.startswith(f"textual {version('textual')} has no {place} (something works; without it: it does not)")
    assert said.endswith("see tui/driver.py.")


def test_names_that_only_instances_have_are_found_by_annotation_or_assignment() -> None:
    assert "_buffers" not in vars(nn.Module)
    assert PrivateName("torch", "torch.nn:Module._buffers", "", "").exists()
    assert not hasattr(App, "_exit_renderables")
    assert PrivateName("textual", "textual.app:App._exit_renderables", "", "").exists()


# Nobody else touches one


@functools.cache
def parse_sources() -> dict[str, ast.Module]:
    """Our files, from the repository's root."""
    files = (file for folder in ("tui", "engine", "datasets") for file in sorted((ROOT / folder).rglob("*.py")))
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text()) for file in files}


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def list_own_names(tree: ast.AST) -> Iterator[str]:
    """What our code defines itself: functions, classes, attributes of ``self``, variables."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            yield node.attr


def list_foreign_names(tree: ast.AST, own: set[str], declared: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of each private name of others that is used."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            whole = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from ((node.lineno, part) for name in whole for part in name.split(".") if is_private(part))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            known = node.attr in own and (is_self(node.value) or node.attr not in declared)
            if {ast.unparse(node), node.attr} & DOCUMENTED:
                continue
            if not known or ast.unparse(node.value) == "super()":
                yield node.lineno, node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in declared:
            yield node.lineno, node.value  # as getattr takes it
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFLECTION:
            text = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else ""
            if isinstance(text, str) and is_private(text) and text not in own:
                yield node.lineno, text


def test_no_other_module_touches_a_private_name_of_a_dependency() -> None:
    trees = parse_sources()
    own = {name for tree in trees.values() for name in list_own_names(tree)}
    declared = {name.name for name in NAMES if is_private(name.name)}
    allowed = {(name.subclass, name.name) for name in NAMES}
    said = [
        f"{file}, line {line}: {name} is a private name; declare it in one of {', '.join(HOMES)}, or do without."
        for file, tree in trees.items()
        if file not in HOMES
        for line, name in list_foreign_names(tree, own, declared)
        if (file, name) not in allowed
    ]
    assert not said, "\n".join(said)


def test_each_side_declares_what_it_uses_and_uses_what_it_declares() -> None:
    trees = parse_sources()
    for file, home in HOMES.items():
        declared = {part for name in home.NAMES for part in name.place.replace(":", ".").split(".")}
        used = {name for _, name in list_foreign_names(trees[file], set(list_own_names(trees[file])), set())}
        assert used <= declared, f"{file} uses {used - declared} and does not declare it."
        for name in home.NAMES:
            tree = trees[name.subclass or file]
            words = {word for node in ast.walk(tree) for word in list_words(node) if word != name.place}
            assert name.name in words, f"{name.place} is declared and not used any more: take it out of {file}."


def list_words(node: ast.AST) -> Iterator[str]:
    """Names and texts of code."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.alias):
        yield node.name
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (node.value, node.value.rpartition(".")[2])


@pytest.mark.parametrize(
    "code",
    [
        "from textual._xterm_parser import XTermParser",
        "import torch._dynamo",
        "def f(app): return app._animator",
        "def f(t): return torch._foreach_add(t, 1)",
        "def f(m): return getattr(m, '_forward_hooks')",
        "class A(App):\n def f(self): return self._dom_ready",
        "class A(App):\n def _move_page(self): return super()._move_page()",
    ],
)
def test_code_that_touches_one_is_found(code: str) -> None:
    tree = ast.parse(code)
    assert list(list_foreign_names(tree, set(list_own_names(tree)), set()))


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(1)",
        "def f(row): return row._replace(x=1)",
        "class A:\n def f(self): self._x = 1; return self._x",
        "def f(a): return type(a).__name__",
    ],
)
def test_code_that_touches_none_is_let_be(code: str) -> None:
    tree = ast.parse(code)
    assert not list(list_foreign_names(tree, set(list_own_names(tree)), set()))


# Nobody takes one by chance


@functools.cache
def list_private_names(file: str) -> dict[str, set[str]]:
    """Of each class of a file the private names that it defines or asks of ``self``, by the class's qualified name."""
    found: dict[str, set[str]] = {}

    def visit(node: ast.AST, path: str) -> None:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.ClassDef):
                attributes = (
                    each for each in ast.walk(part) if isinstance(each, ast.Attribute) and is_self(each.value)
                )
                names = {each.attr for each in attributes} | set(list_body_names(part))
                found[path + part.name] = {name for name in names if is_private(name)}
                visit(part, f"{path}{part.name}.")

    visit(ast.parse(Path(file).read_text()), "")
    return found


def list_body_names(kind: ast.ClassDef) -> Iterator[str]:
    """Methods and attributes that a class has by its body."""
    for part in kind.body:
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name
        elif isinstance(part, (ast.Assign, ast.AnnAssign)):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))


def list_names_of(kind: type) -> set[str]:
    """Private names of a class by its own source."""
    file = getattr(sys.modules[kind.__module__], "__file__", None)
    return list_private_names(file).get(kind.__qualname__, set()) if file and file.endswith(".py") else set()


def list_inherited_names(kind: type) -> set[str]:
    """Private names that a class of ours gets from a dependency's."""
    above = [each for each in kind.__mro__ if each.__module__.partition(".")[0] in ("textual", "torch", "rich")]
    return {name for each in above for name in (*vars(each), *list_names_of(each)) if is_private(name)}


def load_modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        yield importlib.import_module(found.name)


def test_no_class_of_ours_has_a_name_that_its_dependency_uses_too() -> None:
    allowed = {(name.subclass, name.name) for name in NAMES}
    said, looked = [], 0
    for module in (module for package in OUR_PACKAGES for module in load_modules(package)):
        file = str(Path(str(module.__file__)).resolve().relative_to(ROOT.resolve()))
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                inherited = list_inherited_names(kind)
                looked += bool(inherited)
                both = sorted(name for name in inherited & list_names_of(kind) if (file, name) not in allowed)
                said += [f"{file}: {kind.__name__}.{name} is also a name of what it inherits from." for name in both]
    assert looked > 50
    assert not said, "\n".join(said)


# Each guard


def without(module: ModuleType, monkeypatch: pytest.MonkeyPatch, owner: object, *names: str) -> ModuleType:
    """``module`` as it is in a version whose ``owner`` lacks ``names``."""
    for name in names:
        monkeypatch.delattr(owner, name)
    spec = importlib.util.spec_from_file_location("private_names_anew", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    return anew


def test_without_foreach_norms_changes_and_copies_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = [torch.arange(6.0).reshape(2, 3), torch.tensor(-3.0), torch.empty(0)]
    before = [torch.ones(2, 3), torch.tensor(1.0), torch.empty(0)]
    norms, changes = torch._foreach_norm(weights), torch._foreach_sub(weights, before)
    anew = without(of_engine, monkeypatch, torch, "_foreach_norm", "_foreach_sub", "_foreach_copy_")
    assert anew.compute_norms is not of_engine.compute_norms
    torch.testing.assert_close(list(anew.compute_norms(weights)), list(norms))
    torch.testing.assert_close(list(anew.subtract_each(weights, before)), list(changes))
    anew.copy_each(before, weights)
    torch.testing.assert_close(before, weights)


def test_without_torchs_base_classes_its_own_layers_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.nn.modules import batchnorm, dropout

    monkeypatch.delattr(dropout, "_DropoutNd")
    anew = without(of_engine, monkeypatch, batchnorm, "_BatchNorm", "_NormBase")
    for home in (of_engine, anew):
        assert isinstance(nn.BatchNorm2d(3), home.BatchNorm)
        assert not isinstance(nn.InstanceNorm2d(3), home.BatchNorm)
        assert isinstance(nn.InstanceNorm2d(3), home.RunningNorm)
        assert isinstance(nn.Dropout2d(), home.Dropout)
        assert not isinstance(nn.Linear(2, 2), (home.BatchNorm, home.RunningNorm, home.Dropout))


def test_buffers_hooks_and_versions_are_read_with_and_without_their_private_names() -> None:
    class Bare(nn.Module):
        """As in a version that keeps its buffers elsewhere."""

        def __getattribute__(self, name: str) -> object:
            if name in ("_buffers", "_load_state_dict_pre_hooks") and hidden:
                raise AttributeError(name)
            return super().__getattribute__(name)

        def named_buffers(self, *_: object, **__: object) -> Iterator[tuple[str, torch.Tensor]]:
            yield "here", here

    hidden, here = False, torch.ones(2)
    net = Bare()
    net.register_buffer("here", here)
    net.register_buffer("later", None)
    assert of_engine.get_buffers(net) == {"here": here, "later": None}
    assert not of_engine.makes_room(net)
    net.register_load_state_dict_pre_hook(lambda *_: None)
    assert of_engine.makes_room(net)
    tensor = torch.zeros(2)
    before = of_engine.get_version(tensor)
    tensor.add_(1)
    assert of_engine.get_version(tensor) == before + 1
    hidden = True
    assert of_engine.get_buffers(net) == {"here": here}
    assert of_engine.makes_room(net)
    assert of_engine.get_version(object()) == 0  # type: ignore[arg-type]


def test_the_rates_of_a_schedule_are_those_of_its_step_where_it_can_tell_and_its_last_where_not() -> None:
    optimiser = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.8)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=2, gamma=0.5)
    scheduler.last_epoch = 4
    assert list(of_engine.update_rates(scheduler)) == [0.8 * 0.5**2] == scheduler.get_last_lr()
    plain = torch.optim.lr_scheduler.MultiplicativeLR(optimiser, lambda step: 0.5)
    assert not hasattr(plain, "_get_closed_form_lr")
    assert list(of_engine.update_rates(plain)) == plain.get_last_lr()


def test_a_shell_whose_dependencies_lack_their_private_names_degrades() -> None:
    class Other:
        """Has none of the names."""

    other = Other()
    assert of_shell.count_unwritten(other) == 0  # type: ignore[arg-type]
    assert of_shell.is_writing(other) is True  # type: ignore[arg-type]
    assert of_shell.get_driver(other) is None  # type: ignore[arg-type]
    assert of_shell.is_ending(other) is False  # type: ignore[arg-type]
    of_shell.bind_key(other, "a", "answer('a')", "A")  # type: ignore[arg-type]
    assert not vars(other)


def test_pillow_without_a_block_size_decodes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    asked: list[int] = []
    monkeypatch.setattr(Image.core, "set_block_size", asked.append)  # type: ignore[attr-defined]
    of_datasets.set_block_size(4096)
    assert asked == [4096]
    monkeypatch.delattr(Image.core, "set_block_size")  # type: ignore[attr-defined]
    of_datasets.set_block_size(4096)
    monkeypatch.delattr(Image, "core")
    of_datasets.set_block_size(4096)
    assert asked == [4096]
