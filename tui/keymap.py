"""Keys as the user wants them: every binding has an id, and ``keys`` in ``settings.json`` gives ids other keys.

An id is ``scope.action``: the scope is the class that declares the binding, in small letters and without *Screen*, the
action is as it stands there, as in ``app.quit``, ``lesson.run`` or ``question-view.move(1)``. A binding may state its
own id. Bindings that share an id share their keys.

What is wrong with a wish is one sentence, and costs that wish only; the settings file is never changed for it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.containers import Container
from textual.dom import DOMNode
from textual.keys import KEY_ALIASES, Keys, key_to_character
from textual.screen import ModalScreen, Screen

from descend.engine.base.errors import UsageError, suggest_nearest
from descend.tui import shell_settings
from descend.tui.cell_text import plain
from descend.tui.private_names import list_bindings

if TYPE_CHECKING:
    from types import ModuleType

Keymap = Mapping[str, tuple[str, ...]]
"""By id: the keys that take the place of the usual ones."""

SETTING = "keys"
"""Its name in the settings file."""
MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}
SCOPES = {"DescendApp": "app", "Replay": "panels", "PanelGrid": "panels"}
"""Classes whose scope is not their name; the panels' keys are one set, which their screen hands on."""
SPELLINGS = {
    "esc": "escape",
    "del": "delete",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "spacebar": "space",
}
"""How else keys are called."""
NAMED = {*(key.value.split("+")[-1] for key in Keys), *KEY_ALIASES} - {"<any>", "<ignore>", "<scroll-up>"}


# Ids


def make_id(scope: str, action: str) -> str:
    """``scope.action``, without a namespace and quotes: ``screen.part('quiz')`` is ``part(quiz)``."""
    name, bracket, rest = action.partition("(")
    return f"{scope}.{name.rpartition('.')[2]}{bracket}{rest}".replace("'", "").replace('"', "")


def find_id(kind: type[DOMNode], binding: Binding) -> str | None:
    """The id of a ``binding`` of nodes of ``kind``; None if no class declares it, as the answers of a question."""
    return binding.id or _derive_id(kind, binding.key, binding.action)


@functools.cache
def _derive_id(kind: type[DOMNode], key: str, action: str) -> str | None:
    """The scope is the first class of ours to declare the action: what those below it redeclare stays the same binding.
    What only Textual declares, such as tab, has its classes as scope."""
    if action.startswith("app.") and action[4:] in _shell_actions():
        return make_id("app", action)
    above = [one for one in reversed(kind.__mro__) if action in _actions(one)]
    ours = [one for one in above if one.__module__.startswith("descend.")]
    if any((key, action) in _keys(one) for one in ours):
        return make_id(name_scope(ours[0]), action)
    if above:
        return make_id(name_scope(above[0]), action)
    return make_id("app", action) if issubclass(kind, App) else None


@functools.cache
def _keys(kind: type) -> frozenset[tuple[str, str]]:
    return frozenset((one.key, one.action) for one in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())))


@functools.cache
def _actions(kind: type) -> frozenset[str]:
    return frozenset(action for _, action in _keys(kind))


def _shell_actions() -> frozenset[str]:
    from descend.tui.app import DescendApp

    return _actions(DescendApp)


def name_scope(kind: type) -> str:
    """``LessonScreen`` is ``lesson``, ``CodeArea`` is ``code-area``."""
    name = SCOPES.get(kind.__name__) or kind.__name__.removesuffix("Screen") or kind.__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


# Keys


def parse_keys(written: object) -> tuple[str, ...]:
    """``"f7, ctrl+x"`` as the names of keys; a list holds one each.

    Raises:
        UsageError: something in it is no key.
    """
    texts = [written] if written == "," else written.split(",") if isinstance(written, str) else written
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError('a key is a text such as "f7", "ctrl+x" or "?"')
    return tuple(dict.fromkeys(_parse_key(text.strip() or text) for text in texts))


def _parse_key(text: str) -> str:
    if len(text) == 1 and text.isprintable():
        return _name_key(text)
    *modifiers, base = text.lower().split("+")
    base = SPELLINGS.get(base, base)
    if not set(modifiers) <= MODIFIERS or not (base in NAMED or (key_to_character(base) or "\0").isprintable()):
        near = suggest_nearest(base, NAMED | set(SPELLINGS)) if len(base) > 1 else ""
        raise UsageError(f"'{plain(text[:40])}' is no key{near or '; write one such as ?, f7 or ctrl+x'}")
    if modifiers == ["shift"] and len(base) == 1:
        return _name_key(base.upper())
    return "+".join([*sorted(modifiers), _name_key(base) if len(base) == 1 else base])


def _name_key(character: str) -> str:
    """Textual's name of the key of a character."""
    known = {",": "comma", " ": "space"}  # which mean something in a list of keys
    return next(iter(Binding.make_bindings([(known.get(character, character), "", "")]))).key


# Wishes


def read_keymap() -> tuple[Keymap, list[str]]:
    """What the settings file wishes, as far as it can be read, and what is wrong with the rest."""
    wished = shell_settings.get(SETTING, None)
    if not wished:
        return {}, []
    if not isinstance(wished, dict):
        return {}, [_complain('"keys" has to be an object such as {"app.quit": "ctrl+x"}')]
    keymap, wrong = {}, []
    for name, written in wished.items():
        try:
            keymap[name] = parse_keys(written)
        except UsageError as error:
            wrong.append(_complain(f"{plain(name)}: {error}"))
    return keymap, wrong


def check_keymap(keymap: Keymap) -> tuple[Keymap, list[str]]:
    """What of ``keymap`` can hold together, and a sentence for each wish that cannot. Imports all screens."""
    known = list_ids()
    unknown = [name for name in keymap if name not in known]
    advice = "; i in the help shows those of a screen"
    wrong = [_complain(f"no key has the id '{plain(one)}'{suggest_nearest(one, known) or advice}") for one in unknown]
    kept = {name: keys for name, keys in keymap.items() if name in known}
    while clash := next(_find_clashes(kept), None):
        name, key, other = clash
        wrong.append(_complain(f"{name} cannot be '{key}', which is {other}; choose another key"))
        del kept[name]
    return kept, wrong


def read_checked_keymap() -> tuple[Keymap, list[str]]:
    """`read_keymap`, checked."""
    keymap, wrong = read_keymap()
    if not keymap:
        return keymap, wrong
    kept, clashing = check_keymap(keymap)
    return kept, wrong + clashing


def _complain(what: str) -> str:
    return f"settings.json: {what}" + ("" if what.endswith("?") else ".")


# All of them


def list_ids() -> dict[str, list[tuple[type[DOMNode], Binding]]]:
    """All bindings of the shell by id, each with the classes that have it."""
    found: dict[str, list[tuple[type[DOMNode], Binding]]] = {}
    for kind in list_kinds():
        for binding in usual_bindings(kind):
            if (name := find_id(kind, binding)) is not None:
                found.setdefault(name, []).append((kind, binding))
    return found


def list_kinds() -> list[type[DOMNode]]:
    """The app, and every screen and widget of the shell. Imports them."""
    from descend.tui import panels, screens, system
    from descend.tui.app import DescendApp

    kinds: dict[type[DOMNode], None] = {DescendApp: None}
    for package in (screens, panels, system):
        for module in _walk(package):
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__.startswith("descend."):
                    kinds[kind] = None
    return list(kinds)


def _walk(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


@functools.cache
def usual_bindings(kind: type[DOMNode]) -> tuple[Binding, ...]:
    """Those that a node of ``kind`` has, by Textual's rule: a class takes over a key whole, whatever it did before."""
    keys: dict[str, list[Binding]] = {}
    for above in reversed(kind.__mro__):
        own: dict[str, list[Binding]] = {}
        for binding in Binding.make_bindings(above.__dict__.get("BINDINGS", ())):
            own.setdefault(binding.key, []).append(binding)
        keys |= own
    return tuple(binding for bindings in keys.values() for binding in bindings)


def remap(kind: type[DOMNode], bindings: Iterable[Binding], keymap: Keymap) -> dict[str, list[Binding]]:
    """``bindings`` of a node by key, those that are wished for elsewhere there; their order stays."""
    found: dict[str, list[Binding]] = {}
    moved: set[str] = set()
    for binding in bindings:
        name = find_id(kind, binding)
        if name is None or name not in keymap:
            found.setdefault(binding.key, []).append(binding)
        elif name not in moved:
            moved.add(name)
            for key in keymap[name]:
                found.setdefault(key, []).append(replace(binding.with_key(key), id=name))
    return found


def remap_chain(nodes: Sequence[DOMNode], keymap: Keymap) -> list[tuple[DOMNode, BindingsMap]]:
    """What each of ``nodes``, from the focused one outwards, does on which key; without what those before it take as
    text."""
    chain = []
    for place, node in enumerate(nodes):
        keys = remap(type(node), list_bindings(node), keymap)
        typed = [key for key in keys if any(one.check_consume_key(key, key_to_character(key)) for one in nodes[:place])]
        chain.append((node, BindingsMap.from_keys({key: keys[key] for key in keys if key not in typed})))
    return chain


def show_key(screen: Screen[Any], usual: str) -> str:
    """The key that ``screen`` has now for what is on the key ``usual``, as it is shown; ``usual`` if it has none."""
    wished: Keymap = getattr(screen.app, "keymap", {})
    for binding in list_bindings(screen) if wished else ():
        if binding.key == SPELLINGS.get(usual, usual) and (keys := wished.get(find_id(type(screen), binding) or "")):
            return screen.app.get_key_display(binding.with_key(keys[0]))
    return usual


def tell_keys(screen: Screen[Any], text: str) -> str:
    """A sentence of ours that names usual keys of ``screen`` in braces, with those that the user has instead."""
    return re.sub(r"\{(\w+)\}", lambda match: show_key(screen, match[1]), text)


class Holder(NamedTuple):
    """A binding of one kind of node, whatever its key is now, and the keys that its id has there by default."""

    kind: type[DOMNode]
    id: str | None
    usual: frozenset[str]


def _find_clashes(keymap: Keymap) -> Iterator[tuple[str, str, str]]:
    """Each wish, with its key and what has that key where both can be meant; the last wishes first."""
    holders: dict[str, list[Holder]] = {}
    for kind in list_kinds() if keymap else ():
        usual: dict[str | None, set[str]] = {}
        for binding in usual_bindings(kind):
            usual.setdefault(find_id(kind, binding), set()).add(binding.key)
        for key, bindings in remap(kind, usual_bindings(kind), keymap).items():
            for name in {find_id(kind, binding) for binding in bindings}:
                holders.setdefault(key, []).append(Holder(kind, name, frozenset(usual[name])))
    for name in reversed(list(keymap)):
        for key in keymap[name]:
            mine = [holder for holder in holders.get(key, ()) if holder.id == name]
            for one, other in product(mine, holders.get(key, ())):
                if other.id not in (None, name) and meet(one.kind, other.kind) and not one.usual & other.usual:
                    yield name, key, str(other.id)  # those that share a key by default take turns at it


def meet(one: type[DOMNode], other: type[DOMNode]) -> bool:
    """Whether one key can be meant for nodes of both kinds: of a screen and what is on it, of the app and either."""
    if one is other:
        return True
    from textual.widgets import Input, TextArea  # here, as the first screen has neither

    for inner, outer in ((one, other), (other, one)):
        if issubclass(inner, ModalScreen | App | Input | TextArea):  # a field has its keys for itself
            continue
        if issubclass(outer, App):
            return not inner.__module__.startswith("descend.tui.panels.dialogs")
        if issubclass(outer, Screen) and not issubclass(outer, ModalScreen) and not issubclass(inner, Screen):
            home = outer.__module__.rpartition(".")[0]
            return inner.__module__.startswith(home) or (_is_panel(inner) and outer.__name__ == "LessonScreen")
        if _is_panel(inner) and issubclass(outer, Container) and name_scope(outer) == "panels":
            return True
    return False


def _is_panel(kind: type[DOMNode]) -> bool:
    return kind.__module__.startswith("descend.tui.panels.") and not issubclass(kind, Screen)
