"""What a Python file defines and what its classes and functions take, as declared in its text."""

from __future__ import annotations

import ast

from descend.engine.train.model_arguments import Argument


def list_defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
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
                found |= list_defined(node.body)
                found |= list_defined(getattr(node, "orelse", []))
            case ast.Try():
                found |= list_defined([*node.body, *node.orelse, *node.finalbody])
                for handler in node.handlers:
                    found |= list_defined(handler.body)
    return found


def looks_like_a_model(node: ast.stmt) -> bool:
    """Whether a definition is a class with a ``forward``, or derived from something called Module."""
    if not isinstance(node, ast.ClassDef):
        return False
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
    return "forward" in methods or any(base in ("Module", "Sequential", "LightningModule") for base in bases)


def read_signature(node: ast.stmt | None, names: dict[str, ast.stmt]) -> tuple[dict[str, Argument], bool]:
    """The arguments of a function, or of a class's ``__init__``; and whether those are all."""
    if isinstance(node, ast.ClassDef):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return read_parameters(item.args, method=True)
        bases = [names.get(ast.unparse(base)) for base in node.bases]
        if len(bases) == 1 and isinstance(bases[0], ast.ClassDef) and bases[0] is not node and not node.decorator_list:
            return read_signature(bases[0], {name: other for name, other in names.items() if other is not node})
        plain = all(ast.unparse(base) in ("nn.Module", "torch.nn.Module", "Module") for base in node.bases)
        return {}, plain and not node.decorator_list and not node.keywords
    if isinstance(node, ast.FunctionDef):
        arguments, complete = read_parameters(node.args, method=False)
        return arguments, complete and not node.decorator_list
    return {}, False


def read_parameters(given: ast.arguments, *, method: bool) -> tuple[dict[str, Argument], bool]:
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


def find_makers(model: str, names: dict[str, ast.stmt]) -> tuple[str, ...]:
    """Functions that call ``model`` and can be called without arguments."""
    found = []
    for name, node in names.items():
        if not isinstance(node, ast.FunctionDef) or name.startswith(("_", "test")) or name == "main":
            continue
        arguments, _ = read_parameters(node.args, method=False)
        returned = [leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Return) and leaf.value is not None]
        calls = any(
            isinstance(leaf, ast.Call) and ast.unparse(leaf.func) == model
            for value in returned
            for leaf in ast.walk(value)
        )
        if calls and all(argument.stated is not None for argument in arguments.values()):
            found.append(name)
    return tuple(found)
