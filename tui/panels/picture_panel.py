"""What panels share that show one picture of a run: its newest record of a kind and name, as it was at a step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from descend.engine.run.records import Picture
from descend.tui.cell_text import plain
from descend.tui.draw.rows import Row
from descend.tui.panels.panel import Panel
from descend.tui.panels.panel_data import Data

P = TypeVar("P", bound=Picture)


class PicturePanel(Panel, Generic[P]):
    """A panel for each picture of a ``kind``; subclasses name the kind, draw it (`content`) and tabulate it."""

    kind: type[P]
    """The record that is shown."""

    @classmethod
    def prefix(cls) -> str:
        """How the keys of the pictures begin: ``curve/``."""
        return f"{cls.kind.__struct_config__.tag}/"

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return [name for name in pictures if name.startswith(cls.prefix())]

    @staticmethod
    @abstractmethod
    def tabulate(picture: P) -> Data:
        """The numbers of ``picture``, for a clipboard or a file."""

    @property
    def label(self) -> str:
        return plain(self.subject.partition("/")[2])

    def newest(self) -> P | None:
        """The newest picture up to the cursor; None while none has anything to draw."""
        picture = self.picture()
        return picture if isinstance(picture, self.kind) and self.drawable(picture) else None

    def drawable(self, picture: P) -> bool:
        """Whether there is something to draw in ``picture``."""
        return True

    def table(self) -> Data | None:
        picture = self.picture()
        return self.tabulate(picture) if isinstance(picture, self.kind) else None

    def notes(self) -> list[Row]:
        newest = self.newest()
        return [self.past()] if newest is None else self.when(newest.step)
