"""A model of the user's own, ``path/to/model.py:Net``, as far as its text tells: nothing of it is run here."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from descend.engine.errors import DescendError, UsageError, nearest
from descend.engine.train.arguments import Argument


@dataclass(frozen=True)
class Source:
    """A class or function in a file.

    Attributes:
        file: absolute.
        name: as it is called there.
        arguments: what it takes, by name, as far as its text tells.
        complete: whether those are all; else others may be given too, and are looked up when it is built.
    """

    file: Path
    name: str
    arguments: dict[str, Argument]
    complete: bool

    @property
    def address(self) -> str:
        """What `parse` understands from any folder."""
        return f"{self.file}:{self.name}"


def is_address(name: str) -> bool:
    """Whether ``name`` is meant as a file with a model, not as a name from a catalogue."""
    path = name.rpartition(":")[0] or name
    return path.endswith(".py") or name.endswith(".py")


def parse(address: str) -> Source:
    """Find the model that ``address`` names.

    Raises:
        UsageError: there is no such file, or nothing of that name in it.
        DescendError: the file is not Python.
    """
    path, name = (address, "") if address.endswith(".py") else address.rsplit(":", 1)
    file = Path(path).expanduser().absolute()
    try:
        tree = ast.parse(file.read_bytes(), path)
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" that can be read ({error.strerror})"
        raise UsageError(f"There is no file '{path}'{why}.") from None
    except (SyntaxError, ValueError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        what = error.msg if isinstance(error, SyntaxError) else error
        raise DescendError(f"{path}{where}: this is not Python: {what}.") from None
    names = defined(tree.body)
    models = [found for found, node in names.items() if looks_like_a_model(node)]
    if not name and len(models) == 1:
        name = models[0]
    if not name:
        known = ", ".join(f"{path}:{found}" for found in models[:6])
        how = (
            f"one of {known}" if models else f"{path}:NAME, a class derived from nn.Module or a function that makes one"
        )
        raise UsageError(f"Which model of {file.name}? Say {how}.")
    if name not in names and "*" not in names:
        public = [found for found in names if not found.startswith("_")]
        raise UsageError(f"{path} defines no '{name}'{nearest(name, models or public) or '.'}")
    arguments, complete = signature(names.get(name), names)
    return Source(file, name, arguments, complete)


def defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that statements give to something; ``*`` if they import whatever a module has."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                found[node.name] = node
            case ast.Import() | ast.ImportFrom():
                found |= {(alias.asname or alias.name).partition(".")[0]: node for alias in node.names}
            case ast.Assign():
                names = [leaf.id for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
                found |= dict.fromkeys(names, node)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case ast.If() | ast.With():
                found |= defined(node.body)
                found |= defined(getattr(node, "orelse", []))
            case ast.Try():
                found |= defined([*node.body, *node.orelse, *node.finalbody])
                for handler in node.handlers:
                    found |= defined(handler.body)
    return found


def looks_like_a_model(node: ast.stmt) -> bool:
    """Whether a definition is a class with a ``forward``, or derived from something called Module."""
    if not isinstance(node, ast.ClassDef):
        return False
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
    return "forward" in methods or any(base in ("Module", "Sequential", "LightningModule") for base in bases)


def signature(node: ast.stmt | None, names: dict[str, ast.stmt]) -> tuple[dict[str, Argument], bool]:
    """The arguments of a function, or of a class's ``__init__``; and whether those are all."""
    if isinstance(node, ast.ClassDef):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return parameters(item.args, method=True)
        bases = [names.get(ast.unparse(base)) for base in node.bases]
        if len(bases) == 1 and isinstance(bases[0], ast.ClassDef) and bases[0] is not node and not node.decorator_list:
            return signature(bases[0], {name: other for name, other in names.items() if other is not node})
        plain = all(ast.unparse(base) in ("nn.Module", "torch.nn.Module", "Module") for base in node.bases)
        return {}, plain and not node.decorator_list and not node.keywords
    if isinstance(node, ast.FunctionDef):
        arguments, complete = parameters(node.args, method=False)
        return arguments, complete and not node.decorator_list
    return {}, False


def parameters(given: ast.arguments, *, method: bool) -> tuple[dict[str, Argument], bool]:
    """A signature's arguments; and whether it takes no others."""
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    pairs = list(zip(positional, defaults, strict=True))[1 if method else 0 :]
    pairs += list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    found = {
        arg.arg: Argument.of(
            arg.arg,
            ast.unparse(arg.annotation) if arg.annotation is not None else "",
            ast.unparse(default) if default is not None else None,
        )
        for arg, default in pairs
    }
    return found, given.kwarg is None and given.vararg is None
