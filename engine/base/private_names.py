"""How a name that a dependency does not promise is declared.

What descend takes of such names stands in a module ``private_names`` on each side, with what it is for and what takes
its place where an upgrade has removed it: ``tui/`` for Textual and plotext, ``engine/lab/`` for torch, ``datasets/``
for Pillow. No other module touches one, but for what only a subclass can.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class PrivateName:
    """A name that its owner may remove or change without a word.

    Attributes:
        package: the distribution whose name it is, or ``python``.
        place: ``module``, ``module:name`` or ``module:Class.name``.
        use: what descend has it for.
        otherwise: what happens where it is missing.
        subclass: of a name that only a subclass reaches, the module that has it, from the repository's root.
    """

    package: str
    place: str
    use: str
    otherwise: str
    subclass: str = ""

    @property
    def name(self) -> str:
        """The last part of its place."""
        return re.split("[.:]", self.place)[-1]

    def exists(self) -> bool:
        """Whether the version installed has it, be it as an attribute that only instances have."""
        module, _, path = self.place.partition(":")
        if not path:
            return importlib.util.find_spec(module) is not None
        try:
            found: object = importlib.import_module(module)
        except ImportError:
            return False
        for name in path.split("."):
            owner, found = found, getattr(found, name, None)
            if found is None and not _is_attribute(owner, name):
                return False
        return True


NAMES = (
    PrivateName(
        "python",
        "argparse:ArgumentParser._check_value",
        "an unknown command is told in our words, with the nearest known one",
        "argparse lists all choices in its own words",
        subclass="engine/cli/parser.py",
    ),
)


def _is_attribute(owner: object, name: str) -> bool:
    """Whether instances of the class ``owner`` get an attribute ``name``, by its annotations or its code."""
    if not isinstance(owner, type):
        return hasattr(owner, name)
    return any(
        name in vars(kind) or name in vars(kind).get("__annotations__", {}) or _is_assigned(kind, name)
        for kind in owner.__mro__
    )


def _is_assigned(kind: type, name: str) -> bool:
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):  # it is not written in Python
        return False
    return re.search(rf"\bself\.{name}\b[^=\n]*=(?!=)", source) is not None
