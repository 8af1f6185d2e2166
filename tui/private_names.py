"""What the shell takes of Textual and plotext that they do not promise, each with what takes its place where it is
missing. Nothing of them is imported before it is asked for."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from descend.engine.base.private_names import PrivateName

if TYPE_CHECKING:
    from textual._xterm_parser import XTermParser
    from textual.app import App
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.drivers.linux_driver import LinuxDriver

LINUX = "textual.drivers.linux_driver:LinuxDriver."
DRIVER = "tui/driver.py"

NAMES = (
    PrivateName(
        "textual",
        "textual._xterm_parser:XTermParser",
        "keys are read however the bytes of a terminal are cut, and whatever they are",
        "Textual reads them, which bytes that are no text can end",
    ),
    PrivateName("textual", LINUX + "_writer_thread", "nothing is written once it has ended", "it is written anyway"),
    PrivateName(
        "textual",
        "textual.drivers._writer_thread:WriterThread._queue",
        "the shell draws less while the terminal is behind",
        "only the terminal's answers tell that it is",
    ),
    PrivateName(
        "textual",
        LINUX + "_get_terminal_size",
        "the size is the terminal's own",
        "COLUMNS and LINES, where they are set, count for more",
        subclass=DRIVER,
    ),
    PrivateName("textual", LINUX + "fileno", "the terminal's file", "the shell does not start", subclass=DRIVER),
    PrivateName("textual", LINUX + "exit_event", "reading ends with the shell", "it does not start", subclass=DRIVER),
    PrivateName("textual", LINUX + "run_input_thread", "reads keys", "Textual's own reading stays", subclass=DRIVER),
    PrivateName(
        "textual",
        LINUX + "attrs_before",
        "a signal that ends the shell gives the terminal back as it was",
        "the shell does not end in order",
        subclass=DRIVER,
    ),
    PrivateName("textual", "textual.app:App._driver", "is asked how far the terminal is behind", "it counts as not"),
    PrivateName(
        "textual",
        "textual.app:App._handle_exception",
        "ending while a screen is being opened is no error",
        "it can end with a traceback",
        subclass="tui/app.py",
    ),
    PrivateName("textual", "textual.app:App._exit", "keys that come after the end are dropped", "some are taken"),
    PrivateName(
        "textual",
        "textual.dom:DOMNode._bindings",
        "answers of a question have keys of their own, and keys are remapped",
        "they are chosen with the arrows and enter, and keys stay as they are",
    ),
    PrivateName(
        "textual",
        "textual.screen:Screen._binding_chain",
        "keys are what the settings file says",
        "they stay as they are",
        subclass="tui/screens/app_access.py",
    ),
    PrivateName(
        "textual",
        "textual.screen:Screen._screen_resized",
        "a screen is laid out for the newest size only",
        "two sizes that come at once can call forth each other",
        subclass="tui/screens/app_access.py",
    ),
    PrivateName(
        "plotext",
        "plotext:figure",
        "charts of their own, apart from the figure that plotext shares",
        "no chart is drawn",
    ),
    PrivateName("plotext", "plotext:terminal.limit", "charts of any size", "no chart is drawn"),
)


# Textual


def make_key_parser(debug: bool) -> XTermParser:
    """Textual's parser of what a terminal sends; its `feed` and `tick` are used.

    Raises:
        ImportError: there is none.
    """
    from textual._xterm_parser import XTermParser

    return XTermParser(debug)


def count_unwritten(driver: LinuxDriver) -> int:
    """How many updates the thread that writes has still to write; 0 if it cannot be told."""
    try:
        writer = driver._writer_thread
        return 0 if writer is None else writer._queue.qsize()
    except AttributeError:
        return 0


def is_writing(driver: LinuxDriver) -> bool:
    """Whether the thread that writes is there; True if it cannot be told."""
    try:
        writer = driver._writer_thread
    except AttributeError:
        return True
    return writer is not None and writer.is_alive()


def get_driver(app: App[Any]) -> Driver | None:
    """What speaks to the terminal of ``app``; None if it cannot be told."""
    driver: Driver | None = getattr(app, "_driver", None)
    return driver


def is_ending(app: App[Any]) -> bool:
    """Whether ``app`` has been told to end; False if it cannot be told."""
    return bool(getattr(app, "_exit", False))


def list_bindings(node: DOMNode) -> list[Binding]:
    """All bindings of this one node; none if that cannot be told."""
    found = getattr(node, "_bindings", None)
    return [binding for _, binding in found] if found is not None else []


def bind_key(node: DOMNode, key: str, action: str, description: str) -> None:
    """Have ``key`` do ``action`` at this one node, where that can be said."""
    with suppress(AttributeError):
        node._bindings.bind(key, action, description, show=False)


# plotext


def make_figure() -> Any:
    """A figure apart from plotext's own, of any size."""
    return type(_plotext().figure)(find_terminal())


@functools.cache
def find_terminal() -> Any:
    """The parent that a figure of any size needs."""
    return type(_plotext().terminal)().limit(False, False)


def _plotext() -> Any:
    import plotext

    return plotext
